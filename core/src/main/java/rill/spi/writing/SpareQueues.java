package rill.spi.writing;

import org.jspecify.annotations.Nullable;

/**
 * Empty queues for the Wires of a Selector that have something to write. Most are empty again after one flush, or once the kernel has answered. An
 * idle Wire has none. As many are kept as busy Wires of one Selector may need at a time, at 72 bytes each.
 */
public final class SpareQueues {
    private static final int MOST = 1024;

    private @Nullable WriteQueue first;
    private int count;

    /** Creates the spare queues of one Selector. */
    public SpareQueues() {}

    /** Returns an empty queue. */
    public WriteQueue take() {
        WriteQueue queue = first;
        if (queue == null) {
            return new WriteQueue();
        }
        first = queue.nextSpare;
        queue.nextSpare = null;
        count--;
        return queue;
    }

    /** Takes back a queue that is empty and has nothing to report. One that has grown large is dropped. */
    public void giveBack(WriteQueue queue) {
        if (count < MOST && !queue.isLarge()) {
            queue.nextSpare = first;
            first = queue;
            count++;
        }
    }
}
