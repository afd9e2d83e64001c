package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The deadlines of calls that all have the same limit, and so expire in the order in which they were made: a ring and one timer,
 * instead of a timer each. Confined to the loop.
 */
final class CallDeadlines {
    private static final int SMALLEST = 16;

    private final Loop loop;
    private final Duration limit;
    private final String what;
    private @Nullable Promise<?>[] calls = ring(SMALLEST);
    private long[] deadlines = new long[SMALLEST];
    private int head;
    private int size;
    private @Nullable Handle timer;

    CallDeadlines(Loop loop, Duration limit, String what) {
        this.loop = loop;
        this.limit = limit;
        this.what = what;
    }

    // In a field's initializer this annotated array would crash javac 25.
    private static @Nullable Promise<?>[] ring(int length) {
        return new @Nullable Promise<?>[length];
    }

    /** From now on the call has so long. */
    void add(Promise<?> call) {
        dropDone();
        if (size == calls.length) {
            grow();
        }
        int at = (head + size++) & (calls.length - 1);
        calls[at] = call;
        deadlines[at] = loop.ticking().time() + Loop.nanos(limit);
        if (timer == null) {
            timer = loop.schedule(limit, "deadline of calls to " + what, this::expire);
        }
    }

    private void dropDone() {
        while (size > 0 && isDone(calls[head])) {
            dropFirst();
        }
    }

    private static boolean isDone(@Nullable Promise<?> call) {
        return call == null || call.isDone();
    }

    private void dropFirst() {
        calls[head] = null;
        head = (head + 1) & (calls.length - 1);
        size--;
    }

    private void expire() {
        timer = null;
        long now = loop.nanoTime();
        while (size > 0 && (isDone(calls[head]) || deadlines[head] - now <= 0)) {
            Promise<?> late = calls[head];
            dropFirst();
            if (late != null && !late.isDone()) {
                late.fail(new DeadlineException("call to " + what + ": no answer within " + limit.toMillis() + " ms"));
            }
        }
        if (size > 0) {
            timer = loop.schedule(
                    Duration.ofNanos(deadlines[head] - now), "deadline of calls to " + what, this::expire);
        }
    }

    private void grow() {
        int length = calls.length;
        @Nullable Promise<?>[] moreCalls = ring(length * 2);
        var moreDeadlines = new long[length * 2];
        for (int i = 0; i < size; i++) {
            int from = (head + i) & (length - 1);
            moreCalls[i] = calls[from];
            moreDeadlines[i] = deadlines[from];
        }
        calls = moreCalls;
        deadlines = moreDeadlines;
        head = 0;
    }

    void close() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        while (size > 0) {
            dropFirst();
        }
    }
}
