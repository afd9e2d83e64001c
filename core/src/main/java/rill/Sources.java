package rill;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import rill.spi.WaitingTask;

/** The sources of what a Task awaits: the pending Futures that are not derived from others. For a Driver, which has all loops on one thread. */
final class Sources {
    private static final int MOST = 10_000; // Futures that are examined

    private final Task<?> task;
    private final Queue<Future<?>> toLookAt = new ArrayDeque<>();
    private final Set<Future<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Object> found = new ArrayList<>();
    private boolean choice; // the Task waits for the first of several
    private boolean rightly;
    private boolean circle;

    private Sources(Task<?> task, Future<?> awaited) {
        this.task = task;
        add(awaited);
    }

    /** Describes a Task that awaits this Future, with everything that the Future depends on. */
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

    /** The Task waits for one of several Futures. */
    void choice() {
        choice = true;
    }

    /** What the Task waits for ends by itself, or depends on others. */
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
