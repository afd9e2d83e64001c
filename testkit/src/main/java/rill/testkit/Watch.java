package rill.testkit;

import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes a call that does not return visible. An overdue call is reported on {@code System.err}, with the test and the stacks of all threads. Then its
 * thread is interrupted, so that the test fails if it can and the others get their turn. It uses the real clock, whatever the transport's clock is.
 *
 * <p><b>Threading:</b> calls are made by one thread at a time; a single thread watches over all instances.
 */
final class Watch {
    private static final long LOOK_NANOS = 20_000_000;
    private static final long MOST_NANOS = 15_000_000_000L;
    private static final Set<Watch> WATCHED = ConcurrentHashMap.newKeySet();
    private static boolean started; // guarded by the class

    private int depth; // a nested call, made by a listener, is part of the outer one

    private final String test;
    private final long patienceNanos;

    private volatile @Nullable Call call;
    private volatile @Nullable String overdue;

    private record Call(String what, long withinNanos, Thread by, long since) {
        @Override
        public String toString() {
            return what.equals("flush") ? "flush()" : what + (withinNanos < 0 ? "(FOREVER)" : "(" + withinNanos + ")");
        }
    }

    Watch(String test, Duration patience) {
        this.test = test;
        this.patienceNanos = Math.min(MOST_NANOS, patience.toNanos()); // the patience may be virtual
    }

    private static synchronized void start() {
        if (!started) {
            started = true;
            Thread.ofPlatform().daemon().name("rill-watchdog of the suite").start(Watch::look);
        }
    }

    /** The current thread begins a call. It must return within this time (negative for no limit), plus some patience. */
    void begins(String what, long withinNanos) {
        if (depth++ > 0) {
            return;
        }
        start();
        call = new Call(what, withinNanos, Thread.currentThread(), System.nanoTime());
        WATCHED.add(this);
    }

    /** The call has returned or thrown. */
    void ends() {
        if (--depth > 0) {
            return;
        }
        WATCHED.remove(this);
        call = null;
        String late = overdue;
        if (late != null) {
            overdue = null;
            Thread.interrupted(); // our own interrupt
            throw new Rule.Broken(Rule.SELECT_RETURNS, late);
        }
    }

    private static void look() {
        while (true) {
            LockSupport.parkNanos(LOOK_NANOS);
            WATCHED.forEach(Watch::lookAt);
        }
    }

    private void lookAt() {
        Call under = call;
        if (under == null || overdue != null) {
            return;
        }
        long within = under.withinNanos < 0 ? patienceNanos : Math.min(under.withinNanos, patienceNanos);
        long most = within + 2 * patienceNanos; // no call here may take longer
        if (System.nanoTime() - under.since < most) {
            return;
        }
        String message =
                under + " did not return within " + Duration.ofNanos(most).toMillis() + " ms in " + test;
        System.err.println(message + "; the stacks of all threads:");
        Thread.getAllStackTraces()
                .forEach((thread, stack) -> System.err.println(thread + stack(stack, Integer.MAX_VALUE)));
        overdue = message + "; it was at" + stack(under.by.getStackTrace(), 12);
        under.by.interrupt();
    }

    private static String stack(StackTraceElement[] frames, int most) {
        return Arrays.stream(frames).limit(most).map(frame -> "\n    " + frame).collect(Collectors.joining());
    }
}
