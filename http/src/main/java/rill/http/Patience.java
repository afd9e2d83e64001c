package rill.http;

/**
 * How long a server waits for the client of a connection: to ask for something, to take what is written, and to send a body. The time is that of the
 * {@link LoopSide}, in looks. On the loop.
 */
final class Patience {
    private final LoopSide side;
    private final int progressBytes;
    private int activeAt; // when there was something to do last
    private int leftBefore; // to be taken by the client, when that was looked at last
    private int windowAt; // when the progress of the body was looked at last
    private long windowReceived;

    Patience(LoopSide side, int progressBytes) {
        this.side = side;
        this.progressBytes = progressBytes;
        activeAt = side.look();
    }

    /** Something was to be done just now. */
    void active() {
        activeAt = side.look();
    }

    void bodyBegins() {
        windowAt = side.look();
        windowReceived = 0;
    }

    /** From now on the client can send the body. */
    void bodyMayCome() {
        windowAt = side.look();
    }

    /** Whether nothing has been done for too long. Who takes some of what is left is not idle. */
    boolean isIdleTooLong(int left) {
        if (left != leftBefore) {
            leftBefore = left;
            active();
            return false;
        }
        return side.isIdleSince(activeAt);
    }

    /**
     * Whether too little of a body has come.
     *
     * @param waits whether the client alone holds it up
     */
    boolean isBodyTooSlow(long received, boolean waits) {
        if (waits && !side.isProgressDue(windowAt)) {
            return false;
        }
        boolean tooSlow = waits && received - windowReceived < progressBytes;
        windowAt = side.look();
        windowReceived = received;
        return tooSlow;
    }
}
