package rill;

/**
 * Whether a loop that has nothing to do should poll for a moment before it sleeps: where many answers are due, the first of them is
 * often there within a few microseconds, and falling asleep and being woken would cost more than that, on both sides.
 *
 * <p>It goes on while polling finds something, and pauses for longer and longer while it does not, so that it costs next to nothing
 * where it does not pay: answers that take their time, or a peer that shares our processor. Confined to the loop.
 */
final class Expectation {
    /** Fewer calls on their way are a conversation, whose answers take a round trip each. */
    private static final int MANY = 16;

    /** About as long as falling asleep and being woken takes on a virtual machine, the peer's part included. */
    static final long MOMENT_NANOS = 50_000;

    static final int LONGEST_PAUSE = 63;

    private int due;
    private int pause; // how many sleeps without polling follow a miss
    private int skip;

    /** So many more answers are due, or fewer. */
    void more(int answers) {
        due += answers;
    }

    /** How long to poll before this sleep; 0 for not at all. */
    long nanosToPoll() {
        if (due < MANY) {
            return 0;
        }
        if (skip > 0) {
            skip--;
            return 0;
        }
        return MOMENT_NANOS;
    }

    /** What came of it. */
    void polled(boolean found) {
        pause = found ? 0 : Math.min(LONGEST_PAUSE, 2 * pause + 1);
        skip = pause;
    }
}
