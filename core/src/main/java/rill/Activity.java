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

    // The watchdog's notes; touched by its thread only.
    private long seenStep = -1;
    long changedAt; // when it saw the present step for the first time
    long seenSince; // from when the time counts that the loop is held, or that its work waits
    boolean waits; // its work was seen to wait for a driver
    boolean told; // about the present step

    Activity(BareLoop loop, long thresholdNanos) {
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

    private long step() {
        return (long) STEP.getOpaque(this);
    }

    /** For the watchdog: whether the loop does something else than when it last looked, which it then takes down. */
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

    /** For the watchdog: whether what it has taken down is still so. */
    boolean unchanged() {
        return step() == seenStep;
    }

    /** The stack of whoever holds the loop: a Task's own, not that of the thread which carries it. */
    List<StackTraceElement> stack(Node held) {
        Thread thread =
                held instanceof Task<?> task ? task.thread() : loop.driving().driver();
        return thread == null ? List.of() : Arrays.asList(thread.getStackTrace());
    }
}
