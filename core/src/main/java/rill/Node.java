package rill;

import org.jspecify.annotations.Nullable;

/** An entry in the Handle queue of a loop. It is its own link, so queueing allocates nothing. It may be in one queue at a time. */
abstract class Node {
    /** The next in the queue that this node is in. Used by the loop only. */
    @Nullable
    Node next;

    /** Runs on the loop. An exception is reported under its {@link #label()}. */
    abstract void execute() throws Exception;

    /** Called instead of {@link #execute}, on any thread, if the loop is closed: releases what the node holds. */
    void discard() {}

    /** Its name in traces and reports. */
    abstract String label();
}
