package rill;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import rill.spi.Clock;

/**
 * Reports Handles that hold their loop too long, and loops with work that nobody drives. One daemon thread watches all loops. While a loop is busy,
 * it checks at half the shortest threshold. While all are idle and one has no driver, it checks once a second. While all are idle and driven, it
 * sleeps. It ends with the last loop.
 */
final class Watchdog {
    /** How long work may wait for a driver of its loop. */
    static final long UNDRIVEN_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Loading classes counts as holding the loop only after this many thresholds. */
    private static final int LOADING_PATIENCE = 20;

    private static final Set<Activity> WATCHED = ConcurrentHashMap.newKeySet();
    private static final long SHORTEST_PERIOD = TimeUnit.MILLISECONDS.toNanos(1);
    private static final Clock CLOCK = Clock.system(); // it watches real threads, whatever clock the loop uses

    private static @Nullable Thread thread; // guarded by the class
    private static volatile boolean dozing = true; // until a Handle rouses it
    private static volatile boolean asleep; // … or until a driver leaves

    private Watchdog() {}

    static synchronized void watch(Activity activity) {
        if (activity.thresholdNanos > 0) {
            WATCHED.add(activity);
            rouse();
        }
    }

    static synchronized void unwatch(Activity activity) {
        if (WATCHED.remove(activity) && WATCHED.isEmpty()) {
            Thread last = thread;
            thread = null;
            LockSupport.unpark(last);
        }
    }

    /** Whether it sleeps until a Handle rouses it. */
    static boolean dozing() {
        return dozing;
    }

    /** A loop has lost its driver, which must be watched as well. */
    static void driverLeft() {
        if (asleep) {
            rouse();
        }
    }

    /** Makes it check. Never throws: if there is no memory for a thread, the next Handle tries again. */
    static synchronized void rouse() {
        dozing = false;
        asleep = false;
        if (thread == null && !WATCHED.isEmpty()) {
            try {
                thread = Threads.shared().name("rill-watchdog").start(Watchdog::watchAll);
            } catch (Throwable t) {
                dozing = true;
                return;
            }
        }
        LockSupport.unpark(thread);
    }

    private static synchronized boolean current() {
        return thread == Thread.currentThread();
    }

    /** The thread no longer watches, for whatever reason; the next Handle causes a new one to be started. */
    static synchronized void ended(@Nullable Thread who) {
        if (thread == who) {
            thread = null;
            dozing = true;
        }
    }

    /** The thread, or null if it is not running. */
    static synchronized @Nullable Thread thread() {
        return thread;
    }

    private static void watchAll() {
        try {
            while (current()) {
                watchOnce();
            }
        } finally {
            ended(Thread.currentThread());
        }
    }

    private static void watchOnce() {
        // Loops publish their activity without a fence, so it may take a moment to become visible. What counts is to
        // have seen twice, a period apart, that all are idle, without having been roused in between.
        boolean undisturbed = dozing;
        dozing = true;
        boolean idle = true;
        long shortest = Long.MAX_VALUE;
        for (Activity activity : WATCHED) {
            shortest = Math.min(shortest, activity.thresholdNanos);
            if (activity.what() != null) {
                dozing = false;
                idle = false;
            }
            look(activity, CLOCK.nanoTime());
        }
        if (idle && undisturbed) {
            sleep();
        } else {
            LockSupport.parkNanos(Watchdog.class, Math.max(shortest / 2, SHORTEST_PERIOD));
        }
    }

    private static void sleep() {
        asleep = true;
        if (WATCHED.stream()
                .anyMatch(each -> each.loop.mayBeNeglected())) { // asked last: a driver that leaves then checks asleep
            asleep = false;
            LockSupport.parkNanos(Watchdog.class, UNDRIVEN_NANOS);
        } else {
            LockSupport.park(Watchdog.class);
        }
    }

    /** A failure with one loop must not affect the watch on others. */
    static void look(Activity activity, long now) {
        try {
            if (activity.changed(now)) {
                return;
            }
            Node what = activity.what();
            if (what == null) {
                lookForNeglect(activity, now);
            } else if (!activity.told && now - activity.seenSince >= activity.thresholdNanos / 2) {
                lookForSlowness(activity, what, now);
            }
        } catch (Throwable t) {
            activity.told = true; // once is enough
            activity.loop.threw("the watchdog", null, t);
        }
    }

    /** Time in which the JVM loads and initializes classes is not counted as slow, within reason: the measurement starts anew. */
    private static void lookForSlowness(Activity activity, Node what, long now) {
        var stack = activity.stack(what);
        if (StackTraces.loadsClasses(stack, Tick.class)
                && now - activity.changedAt < LOADING_PATIENCE * activity.thresholdNanos) {
            activity.seenSince = now;
            return;
        }
        long held = now - activity.seenSince;
        if (held >= activity.thresholdNanos && activity.unchanged()) {
            activity.told = true;
            String name = what.label();
            FlightEvents.slowHandle(activity.loop, name, Duration.ofNanos(held), stack);
            activity.loop.report(new Report.Slow(activity.loop.name(), name, Duration.ofNanos(held), stack));
        }
    }

    private static void lookForNeglect(Activity activity, long now) {
        String waiting = activity.loop.neglected();
        if (waiting == null || !activity.waits) {
            activity.waits = waiting != null;
            activity.seenSince = now;
        } else if (!activity.told && now - activity.seenSince >= UNDRIVEN_NANOS && activity.unchanged()) {
            activity.told = true;
            activity.loop.report(
                    new Report.Undriven(activity.loop.name(), waiting, Duration.ofNanos(now - activity.seenSince)));
        }
    }
}
