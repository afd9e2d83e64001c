package rill.spi;

import java.util.List;

/**
 * A Task that waits, as the {@link Driver} of its loop sees it: for whoever looks whether one waits in vain. What a Task waits for is followed to
 * where it comes from, through Futures that are derived from others, and through other Tasks.
 *
 * @param task the Task, to be told apart from others
 * @param name what it was started under
 * @param situation what it awaits, in words
 * @param toEnd whether it has to come to an end, as {@link Driver#expectsEnd} has said when it was started
 * @param rightly whether it has reason to wait, for as long as it takes: for a time, for a message that somebody else may send, for something to be closed
 * @param circle whether it waits for itself, through other Tasks, which nothing but cancelling ends
 * @param sources what has to settle before it can go on: while these are the same objects, it has not
 */
public record WaitingTask(
        Object task,
        String name,
        String situation,
        boolean toEnd,
        boolean rightly,
        boolean circle,
        List<Object> sources) {
    /** Keeps a copy of the list. */
    public WaitingTask {
        sources = List.copyOf(sources);
    }
}
