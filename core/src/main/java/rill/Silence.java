package rill;

/**
 * Measures how long a peer that owes answers has sent nothing. A periodic check compares the count of received bytes, so that no read has to read the
 * clock. Confined to the loop.
 */
final class Silence {
    private final Link link;
    private final long longest;
    private long since;
    private long heard; // bytes received at that time

    Silence(Link link, long longest) {
        this.link = link;
        this.longest = longest;
    }

    /** From now on the peer owes an answer, or bytes have arrived. */
    void begins(long now) {
        since = now;
        heard = link.inbound().heard();
    }

    /** Whether the silence has lasted too long, not counting time in which this side held up reading. */
    boolean tooLong(long now) {
        if (link.inbound().heard() != heard || link.inbound().heldUp()) {
            begins(now);
        }
        return now - since >= longest;
    }

    long lasted(long now) {
        return now - since;
    }

    /** The time at which the silence has lasted too long. */
    long end() {
        return since + longest;
    }
}
