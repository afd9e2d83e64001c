package rill;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a loop is doing right now, published so cheaply (no clock, no fence) that it can be told for each Handle, and read by
 * the {@link Watchdog}.
 */
final class Activity {
    private static final VarHandle WHAT;
    private static final VarHandle STEP;

    static {
        try {
            var lookup = MethodHandles.lookup();
            WHAT = lookup.findVarHandle(Activity.class, "what", Node.class);
            STEP = lookup.findVarHandle(Activity.class, "step", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Loop loop;
    final long thresholdNanos;

    private @Nullable Node what;
    private long step;

    // The watchdog's notes; touched by its thread only.
    long seenStep;
    long seenSince;
    boolean told;

    Activity(Loop loop, long thresholdNanos) {
        this.loop = loop;
        this.thresholdNanos = thresholdNanos;
    }

    /** The loop begins with {@code node} (or ends what it did, if null); returns what it was doing. */
    @Nullable
    Node enter(@Nullable Node node) {
        Node before = what;
        STEP.setOpaque(this, step + 1);
        WHAT.setOpaque(this, node);
        if (node != null && thresholdNanos > 0 && Watchdog.dozing()) {
            Watchdog.rouse();
        }
        return before;
    }

    @Nullable
    Node what() {
        return (Node) WHAT.getOpaque(this);
    }

    long step() {
        return (long) STEP.getOpaque(this);
    }

    /** The stack of whoever holds the loop: a Task's own, not that of the thread which carries it. */
    List<StackTraceElement> stack(Node held) {
        Thread thread =
                held instanceof Task<?> task ? task.thread() : loop.driving().driver();
        return thread == null ? List.of() : Arrays.asList(thread.getStackTrace());
    }
}
