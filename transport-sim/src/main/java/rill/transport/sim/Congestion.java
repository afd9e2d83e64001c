package rill.transport.sim;

/**
 * How many bytes may be on their way, as far as the network is concerned: slow start, then one segment more each round trip; half of it
 * after a loss that duplicates have told of, one segment after a timeout. What is used is bounded by the buffers as well, which do not
 * grow by themselves here: {@link Outgoing#BUFFER}.
 *
 * <p><b>Source:</b> RFC 5681, with an initial window of ten segments (RFC 6928).
 */
final class Congestion {
    private static final int MSS = Outgoing.MSS;

    private long window = 10 * MSS;
    private long threshold = Long.MAX_VALUE;
    private long flying; // and not taken for lost
    private long credit; // acknowledged, towards one more segment
    private boolean timedOut; // rather than told of by duplicates

    /** Whether so many bytes more may leave; each duplicate acknowledgement says that a segment has arrived. */
    boolean allows(int bytes, int duplicates) {
        long present = flying - (long) duplicates * MSS;
        return present <= 0 || present + bytes <= window;
    }

    void sent(int bytes) {
        flying += bytes;
    }

    /** They are not on their way any more. */
    void left(int bytes) {
        flying -= bytes;
    }

    void acknowledged(long bytes, boolean recovering) {
        if (recovering && !timedOut) {
            return;
        }
        if (window < threshold) {
            window += Math.min(bytes, 2 * MSS);
        } else {
            credit += bytes;
            if (credit >= window) {
                credit -= window;
                window += MSS;
            }
        }
        if (!recovering) {
            timedOut = false;
        }
    }

    /** Duplicates tell of a loss. */
    void lostOne() {
        threshold = Math.max(Math.min(flying, window) / 2, 2 * MSS);
        window = threshold;
        credit = 0;
    }

    /** A timeout does. */
    void lostAll() {
        if (!timedOut) {
            threshold = Math.max(Math.min(flying, window) / 2, 2 * MSS);
        }
        window = MSS;
        credit = 0;
        timedOut = true;
    }

    boolean timedOut() {
        return timedOut;
    }
}
