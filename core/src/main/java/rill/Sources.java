package rill;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import rill.spi.WaitingTask;

/**
 * Where what a Task awaits has to come from: the pending Futures that are derived from no others. For a Driver, which has all loops on one
 * thread.
 */
final class Sources {
    private static final int MOST = 10_000; // Futures that are looked at

    private final Task<?> task;
    private final Queue<Future<?>> toLookAt = new ArrayDeque<>();
    private final Set<Future<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Object> found = new ArrayList<>();
    private boolean choice; // it waits for the first of several
    private boolean rightly;
    private boolean circle;

    private Sources(Task<?> task, Future<?> awaited) {
        this.task = task;
        add(awaited);
    }

    /** A Task that awaits this Future, with all that this depends on. */
    static WaitingTask of(Task<?> task, Future<?> awaited) {
        return new Sources(task, awaited).waiting();
    }

    void add(Future<?> source) {
        if (source == task) {
            circle = true;
        } else if (seen.size() < MOST && seen.add(source)) {
            toLookAt.add(source);
        }
    }

    /** What it waits for is one of several. */
    void choice() {
        choice = true;
    }

    /** It comes to an end by itself, or depends on others. */
    void rightly() {
        rightly = true;
    }

    private WaitingTask waiting() {
        for (Future<?> each = toLookAt.poll(); each != null; each = toLookAt.poll()) {
            if (each.isDone() || !each.addSources(this)) {
                found.add(each);
                rightly |= each.hasReasonToWait();
            }
        }
        return new WaitingTask(
                task, task.name(), task.situation(), task.toEnd(), rightly, circle && !choice, List.copyOf(found));
    }
}
