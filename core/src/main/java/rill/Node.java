package rill;

import org.jspecify.annotations.Nullable;

/**
 * Something that waits in the Handle queue of a loop. It is its own link, so queueing allocates nothing. It may be in one queue at a time.
 */
abstract class Node {
    /** The next in the queue that this node is in. Touched by the loop only. */
    @Nullable
    Node next;

    /** Runs on the loop. What it throws is reported under its {@link #label()}. */
    abstract void execute() throws Exception;

    /** Called instead of {@link #execute}, on any thread, if the loop is closed: lets go of what it holds. */
    void discard() {}

    /** What traces and reports call it. */
    abstract String label();
}
