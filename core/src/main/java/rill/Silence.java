package rill;

/**
 * How long a peer that owes answers has sent nothing. A check now and then compares the count of received bytes, so that no read has to read
 * the clock. Confined to the loop.
 */
final class Silence {
    private final Link link;
    private final long longest;
    private long since;
    private long heard; // bytes, by then

    Silence(Link link, long longest) {
        this.link = link;
        this.longest = longest;
    }

    /** From now on the peer owes an answer, or something has come. */
    void begins(long now) {
        since = now;
        heard = link.inbound().heard();
    }

    /** Whether it has lasted for too long, as far as it is the peer's. */
    boolean tooLong(long now) {
        if (link.inbound().heard() != heard || link.inbound().heldUp()) {
            begins(now);
        }
        return now - since >= longest;
    }

    long lasted(long now) {
        return now - since;
    }

    /** When it has lasted for too long. */
    long end() {
        return since + longest;
    }
}
