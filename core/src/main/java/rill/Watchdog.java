package rill;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import rill.spi.Clock;

/**
 * Finds Handles that hold their loop too long: one daemon thread for all loops, which looks in at half the shortest threshold
 * while any loop is busy, sleeps while all are idle, and ends with the last of them.
 */
final class Watchdog {
    private static final Set<Activity> WATCHED = ConcurrentHashMap.newKeySet();
    private static final long SHORTEST_PERIOD = TimeUnit.MILLISECONDS.toNanos(1);
    private static final Clock CLOCK = Clock.system(); // it watches real threads, whatever time the loop lives in

    private static @Nullable Thread thread; // guarded by the class
    private static volatile boolean dozing;

    private Watchdog() {}

    static synchronized void watch(Activity activity) {
        if (activity.thresholdNanos <= 0) {
            return;
        }
        WATCHED.add(activity);
        if (thread == null) {
            thread = Thread.ofPlatform().name("rill-watchdog").daemon().start(Watchdog::watchAll);
        }
        LockSupport.unpark(thread);
    }

    static synchronized void unwatch(Activity activity) {
        if (WATCHED.remove(activity) && WATCHED.isEmpty()) {
            LockSupport.unpark(thread);
            thread = null;
        }
    }

    /** Whether it sleeps until a loop rouses it. */
    static boolean dozing() {
        return dozing;
    }

    static synchronized void rouse() {
        dozing = false;
        LockSupport.unpark(thread);
    }

    private static synchronized boolean current() {
        return thread == Thread.currentThread();
    }

    private static void watchAll() {
        while (current()) {
            // Loops publish without a fence what they do, so it may take a moment until we see it: what counts is to
            // have seen twice, a period apart, that all are idle, with nobody having roused us in between.
            boolean undisturbed = dozing;
            dozing = true;
            boolean idle = true;
            long shortest = Long.MAX_VALUE;
            for (Activity activity : WATCHED) {
                shortest = Math.min(shortest, activity.thresholdNanos);
                if (activity.what() != null) {
                    dozing = false;
                    idle = false;
                    look(activity);
                }
            }
            if (idle && undisturbed) {
                LockSupport.park(Watchdog.class);
            } else {
                LockSupport.parkNanos(Watchdog.class, Math.max(shortest / 2, SHORTEST_PERIOD));
            }
        }
    }

    private static void look(Activity activity) {
        long step = activity.step();
        long now = CLOCK.nanoTime();
        if (step != activity.seenStep) {
            activity.seenStep = step;
            activity.seenSince = now;
            activity.told = false;
            return;
        }
        long held = now - activity.seenSince;
        Node what = activity.what();
        if (held < activity.thresholdNanos || activity.told || what == null) {
            return;
        }
        var stack = activity.stack(what);
        if (activity.step() == step) {
            activity.told = true;
            activity.loop.report(new Report.Slow(activity.loop.name(), what.label(), Duration.ofNanos(held), stack));
        }
    }
}
