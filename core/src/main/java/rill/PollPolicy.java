package rill;

/**
 * Decides whether a loop that has nothing to do polls for a moment before it sleeps. If many answers are due, or many Nodes have arrived from other
 * threads since it last slept, more often arrives within a few microseconds. Falling asleep and being woken would cost more than that, on both sides.
 *
 * <p>Polling continues while it finds something. While it does not, it pauses for longer and longer, so that it costs next to nothing where it does
 * not pay: with slow answers, or with a peer on the same processor. A burst of Nodes is still given a moment to continue. Confined to the loop.
 */
final class PollPolicy {
    /** Fewer calls in flight are a dialogue, whose answers take a round trip each; fewer Nodes are no burst. */
    private static final int MANY = 16;

    /** About as long as falling asleep and being woken takes on a virtual machine, including the peer's part. */
    static final long MOMENT_NANOS = 50_000;

    /**
     * How long senders are left alone after the loop has taken some Nodes of a burst. Each further look would take away the cache line that they
     * write to, which costs them several times what a Node costs.
     */
    static final long LULL_NANOS = 3_000;

    static final int LONGEST_PAUSE = 63;

    private int due;
    private int arrived; // since the last sleep
    private int pause; // how many sleeps without polling follow a miss
    private int skip;

    /** Adds to the number of answers that are due; negative if fewer are. */
    void more(int answers) {
        due += answers;
    }

    /** This many Nodes have arrived from other threads. */
    void arrived(int nodes) {
        arrived = Math.min(MANY, arrived + nodes);
    }

    /** Whether Nodes have arrived from other threads since the last sleep. */
    boolean othersSend() {
        return arrived > 0;
    }

    /** The loop is falling asleep. */
    void sleeping() {
        arrived = 0;
    }

    /** How long to poll before this sleep; 0 for not at all. */
    long nanosToPoll() {
        if (due < MANY && arrived < MANY) {
            return 0;
        }
        if (skip > 0) {
            skip--;
            return arrived < MANY ? 0 : LULL_NANOS;
        }
        return MOMENT_NANOS;
    }

    /**
     * Notes the result of polling. In a burst, a find so early that the short look would have made it too is ignored, and so is a miss of the short
     * look.
     */
    void polled(boolean found, long spentNanos) {
        if (arrived == MANY && spentNanos < (found ? LULL_NANOS : MOMENT_NANOS)) {
            return;
        }
        pause = found ? 0 : Math.min(LONGEST_PAUSE, 2 * pause + 1);
        skip = pause;
    }
}
