package rill.transport.sim;

/**
 * How many bytes may be in flight, as far as the network is concerned: slow start, then one more segment each round trip; half of that after a loss
 * detected by duplicates, one segment after a timeout. The bytes in flight are also bounded by the buffers, which do not grow by themselves here:
 * {@link Outgoing#BUFFER}.
 *
 * <p><b>Source:</b> RFC 5681, with an initial window of ten segments (RFC 6928).
 */
final class Congestion {
    private static final int MSS = Outgoing.MSS;

    private long window = 10 * MSS;
    private long threshold = Long.MAX_VALUE;
    private long flying; // and not considered lost
    private long credit; // acknowledged, towards one more segment
    private boolean timedOut; // the loss was found by a timeout, not by duplicates

    /** Returns whether this many more bytes may leave; each duplicate acknowledgement means that a segment has arrived. */
    boolean allows(int bytes, int duplicates) {
        long present = flying - (long) duplicates * MSS;
        return present <= 0 || present + bytes <= window;
    }

    void sent(int bytes) {
        flying += bytes;
    }

    /** Notes that these bytes are no longer in flight. */
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

    /** Handles a loss detected by duplicates. */
    void lostOne() {
        threshold = Math.max(Math.min(flying, window) / 2, 2 * MSS);
        window = threshold;
        credit = 0;
    }

    /** Handles a loss detected by a timeout. */
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
