package rill;

/**
 * Measures how long a peer that owes answers has sent nothing, or one that reads nothing has taken nothing either. A periodic check compares the counts
 * of bytes, so that no read or write has to read the clock. Confined to the loop.
 */
final class Silence {
    private final Link link;
    private final long longest;
    private long since;
    private long heard; // bytes received at that time
    private long sent; // likewise

    Silence(Link link, long longest) {
        this.link = link;
        this.longest = longest;
    }

    /** From now on the peer owes an answer or has to take bytes, or some have arrived or left. */
    void begins(long now) {
        since = now;
        heard = link.inbound().heard();
        sent = link.outbound().sent();
    }

    /**
     * Whether the silence has lasted too long, not counting time in which this side held up reading.
     *
     * @param owes whether the peer owes an answer: then that bytes leave is not enough
     */
    boolean tooLong(long now, boolean owes) {
        if (link.inbound().heard() != heard
                || link.inbound().heldUp()
                || (!owes && link.outbound().sent() != sent)) {
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
