package rill.http;

/**
 * How long a server waits for the client of a connection: to send a request, to take an answer, and to send a body. The time is measured in checks of
 * the {@link LoopSide}. On the loop.
 */
final class Patience {
    private final LoopSide side;
    private final int progressBytes;
    private int activeAt; // the last check at which there was something to do
    private int leftBefore; // bytes for the client to take, at the last check
    private int windowAt; // the check at which the current period of the body's progress began
    private long windowReceived;

    Patience(LoopSide side, int progressBytes) {
        this.side = side;
        this.progressBytes = progressBytes;
        activeAt = side.look();
    }

    /** Something was done just now. */
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

    /** Whether nothing has been done for too long. A client that takes some of the remaining bytes is not idle. */
    boolean isIdleTooLong(int left) {
        if (left != leftBefore) {
            leftBefore = left;
            active();
            return false;
        }
        return side.isIdleSince(activeAt);
    }

    /**
     * Whether too little of a body has arrived.
     *
     * @param waits whether only the client holds it up
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
