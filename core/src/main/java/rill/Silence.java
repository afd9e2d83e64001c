package rill;

/**
 * How long nothing has come from a peer that owes answers. It is looked at now and then whether more bytes have come, so that no read
 * has to look at the clock. Confined to the loop.
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
