package rill;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a loop is doing right now, for the {@link Watchdog} to read. The loop publishes it for each Handle, so publishing has to be cheap: it
 * takes neither a clock reading nor a fence.
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

    final BareLoop loop;
    final long thresholdNanos;

    private @Nullable Node what;
    private long step;

    // The watchdog's notes; accessed by its thread only.
    private long seenStep = -1;
    long changedAt; // when it first saw the present step
    long seenSince; // since when the loop is held, or its work waits
    boolean waits; // its work was seen waiting for a driver
    boolean told; // has reported the present step

    Activity(BareLoop loop, long thresholdNanos) {
        this.loop = loop;
        this.thresholdNanos = thresholdNanos;
    }

    /** The loop begins {@code node} (or, if null, ends what it was doing); returns what it was doing before. */
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

    private long step() {
        return (long) STEP.getOpaque(this);
    }

    /** For the watchdog: whether the loop is doing something other than at the last look. Records the change. */
    boolean changed(long now) {
        long present = step();
        if (present == seenStep) {
            return false;
        }
        seenStep = present;
        changedAt = now;
        seenSince = now;
        waits = false;
        told = false;
        return true;
    }

    /** For the watchdog: whether the loop is still at the recorded step. */
    boolean unchanged() {
        return step() == seenStep;
    }

    /** The stack of what holds the loop: a Task's own, not that of its carrier thread. */
    List<StackTraceElement> stack(Node held) {
        Thread thread =
                held instanceof Task<?> task ? task.thread() : loop.driving().driver();
        return thread == null ? List.of() : Arrays.asList(thread.getStackTrace());
    }
}
