package rill;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The Tasks of a loop that have begun and are not done, linked through themselves. Confined to the loop. */
final class Tasks {
    private final Closing closing;
    private final Counters counters;
    private @Nullable Task<?> first;

    Tasks(Closing closing, Counters counters) {
        this.closing = closing;
        this.counters = counters;
    }

    void begins(Task<?> task) {
        counters.tasksBegun++;
        task.nextTask = first;
        if (first != null) {
            first.previousTask = task;
        }
        first = task;
        closing.taskBegins(task);
    }

    void ends(Task<?> task) {
        counters.tasksOver++;
        Task<?> before = task.previousTask;
        Task<?> after = task.nextTask;
        if (before != null) {
            before.nextTask = after;
        } else if (first == task) {
            first = after;
        }
        if (after != null) {
            after.previousTask = before;
        }
        task.previousTask = null;
        task.nextTask = null;
        closing.check();
    }

    boolean isEmpty() {
        return first == null;
    }

    void forEach(Consumer<Task<?>> action) {
        for (Task<?> task = first; task != null; task = task.nextTask) {
            action.accept(task);
        }
    }
}
