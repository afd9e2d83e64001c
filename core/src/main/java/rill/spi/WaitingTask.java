package rill.spi;

import java.util.List;

/**
 * A Task that waits, as the {@link Driver} of its loop sees it, for detecting Tasks that wait in vain. What a Task waits for is followed to its
 * source, through derived Futures and through other Tasks.
 *
 * <p><b>Not guaranteed:</b> the set of components: later versions may add some. Read them by name, and leave it to Rill to make such a record.
 *
 * @param task the Task, for identity
 * @param name the name it was started under
 * @param situation a description of what it awaits
 * @param toEnd whether it must end by itself, as {@link Driver#expectsEnd} said when it was started
 * @param rightly whether it has reason to wait, however long: for a time, for a message that another party may send, for something to be closed
 * @param circle whether it waits for itself, through other Tasks, which only cancelling ends
 * @param sources what must settle before it can continue: while these are the same objects, it has not continued
 */
public record WaitingTask(
        Object task,
        String name,
        String situation,
        boolean toEnd,
        boolean rightly,
        boolean circle,
        List<Object> sources) {
    /** Copies the list. */
    public WaitingTask {
        sources = List.copyOf(sources);
    }
}
