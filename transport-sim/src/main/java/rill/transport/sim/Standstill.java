package rill.transport.sim;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Notices a callback that sleeps or waits: real time passes then, and virtual time can't. One daemon thread looks at all simulations of this JVM
 * every few milliseconds, while there are any. A Task that blocks is noticed by its loop.
 */
final class Standstill {
    private static final long PERIOD = 5_000_000;
    /** The number of looks at a thread that waits without a limit, which may be for a lock that the JDK holds for a moment. */
    private static final int PATIENCE = 100;

    /** The innermost methods of a thread that sleeps, waits for a monitor's notification, or is parked. */
    private static final Set<String> WAITING = Set.of("sleep0", "sleepNanos0", "wait0", "park");

    private static final Set<Standstill> WATCHED = ConcurrentHashMap.newKeySet();
    private static @Nullable Thread thread; // guarded by the class

    private final WeakReference<Simulation> simulation;
    private final Thread owner;
    private volatile @Nullable String ticking; // the loop that is in a tick
    private volatile boolean striking; // the owner is being interrupted, or was in this tick
    private @Nullable String seen;
    private int looks;

    Standstill(Simulation simulation, Thread owner) {
        this.simulation = new WeakReference<>(simulation);
        this.owner = owner;
        WATCHED.add(this);
        start();
    }

    private static synchronized void start() {
        if (thread == null) {
            thread = Thread.ofPlatform().daemon().name("rill-simulation-watch").start(Standstill::watch);
        }
    }

    /** Notes that a tick of this loop begins. */
    void begins(String loop) {
        ticking = loop;
    }

    /** Notes that the tick is over. */
    void ends() {
        ticking = null;
        if (striking) {
            takeBack();
        }
    }

    /** Clears the interrupt, which was meant for this tick alone; the code that it woke may have left it set. */
    private synchronized void takeBack() {
        striking = false;
        Thread.interrupted();
    }

    /** Interrupts the owner, which might wait forever, unless the tick is over meanwhile. */
    private synchronized void strike(String loop) {
        striking = true; // first: the end of the tick then waits for this, to clear the interrupt
        if (loop.equals(ticking)) {
            owner.interrupt();
        } else {
            striking = false;
        }
    }

    void end() {
        WATCHED.remove(this);
    }

    private static void watch() {
        while (true) {
            LockSupport.parkNanos(PERIOD);
            WATCHED.forEach(Standstill::look);
            synchronized (Standstill.class) {
                WATCHED.removeIf(each -> each.simulation.refersTo(null));
                if (WATCHED.isEmpty()) {
                    thread = null;
                    return;
                }
            }
        }
    }

    private void look() {
        String loop = ticking;
        boolean same = loop != null && loop.equals(seen);
        seen = loop;
        looks = same ? looks + 1 : 0;
        if (loop == null || !standsStill()) {
            return;
        }
        StackTraceElement[] stack = owner.getStackTrace();
        Simulation watched = simulation.get();
        if (watched == null || loop != ticking || !waitsItself(stack)) {
            return;
        }
        String text = Arrays.stream(stack).map(frame -> "\n\tat " + frame).collect(Collectors.joining());
        watched.violated("a callback of " + loop
                + " sleeps or waits, and virtual time can't pass meanwhile; use a timer or delay, or await in a Task:"
                + text);
        strike(loop);
        looks = 0;
    }

    private boolean standsStill() {
        return switch (owner.getState()) {
            case TIMED_WAITING -> true;
            case WAITING, BLOCKED -> looks > PATIENCE;
            default -> false;
        };
    }

    /** Returns whether, at the moment of the stack, the thread itself waits, and not for the body of a Task that runs meanwhile. */
    private static boolean waitsItself(StackTraceElement[] stack) {
        return stack.length > 0
                && WAITING.contains(stack[0].getMethodName())
                && Arrays.stream(stack).noneMatch(frame -> frame.getClassName().endsWith("Coroutine"))
                && Arrays.stream(stack).anyMatch(frame -> frame.getClassName().equals("rill.Tick"));
    }
}
