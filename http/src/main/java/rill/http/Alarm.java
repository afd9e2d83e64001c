package rill.http;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.Handle;
import rill.Loop;

/** A timer that is postponed by each request, and costs a Handle only when one becomes due. On the loop. */
final class Alarm {
    private static final long FOREVER = Long.MAX_VALUE;

    private final Loop loop;
    private final String name;
    private final Runnable due;
    private @Nullable Handle handle;
    private long handleDue;
    private long deadline;
    private boolean set;

    Alarm(Loop loop, String name, Runnable due) {
        this.loop = loop;
        this.name = name;
        this.due = due;
    }

    /** Rings after this time, instead of any earlier setting. */
    void set(Duration after) {
        set = true;
        deadline = loop.nanoTime() + Math.min(nanos(after), FOREVER >> 2);
        Handle running = handle;
        if (running != null && deadline - handleDue < 0) {
            running.cancel();
            handle = null;
        }
        if (handle == null) {
            schedule(after);
        }
    }

    private static long nanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException tooLong) {
            return FOREVER;
        }
    }

    private void schedule(Duration after) {
        handleDue = deadline;
        handle = loop.schedule(after, name, this::rings);
    }

    private void rings() {
        handle = null;
        if (!set) {
            return;
        }
        long left = deadline - loop.nanoTime();
        if (left > 0) {
            schedule(Duration.ofNanos(left));
        } else {
            set = false;
            due.run();
        }
    }

    /** Does not ring until it is set again. */
    void clear() {
        set = false;
    }

    /** Cancels it for good. */
    void close() {
        set = false;
        if (handle != null) {
            handle.cancel();
            handle = null;
        }
    }
}
