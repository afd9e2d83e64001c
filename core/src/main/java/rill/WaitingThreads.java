package rill;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The threads outside that wait for something of a loop, the one that has waited longest first. Each comes and goes in constant time, in whatever
 * order the waits end: thousands of virtual threads may await answers of one loop.
 *
 * <p><b>Threading:</b> any thread.
 */
final class WaitingThreads {
    private @Nullable Waiter first;
    private @Nullable Waiter last;

    /** A thread that waits. */
    static final class Waiter implements Dependent {
        private final Thread thread;
        private boolean interrupted;
        private @Nullable Waiter before; // guarded by the list
        private @Nullable Waiter after;

        Waiter(Thread thread) {
            this.thread = thread;
        }

        /** Whether the thread is interrupted; clears the interrupt. On the thread itself. */
        boolean noticesInterrupt() {
            interrupted |= Thread.interrupted();
            return interrupted;
        }

        /** Interrupts the thread again if the wait was not ended by the interrupt that it has noticed. On the thread itself. */
        void restoreInterrupt() {
            if (interrupted) {
                thread.interrupt();
            }
        }

        @Override
        public void settled(Future<?> source) {
            source.hold(); // the thread is on its way to the value
            LockSupport.unpark(thread);
        }

        @Override
        public @Nullable BareLoop home() {
            return null;
        }
    }

    synchronized void add(Waiter waiter) {
        waiter.before = last;
        if (last == null) {
            first = waiter;
        } else {
            last.after = waiter;
        }
        last = waiter;
    }

    /** Removes one that was added. */
    synchronized void remove(Waiter waiter) {
        Waiter before = waiter.before;
        Waiter after = waiter.after;
        if (before == null) {
            first = after;
        } else {
            before.after = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.before = before;
        }
        waiter.before = null;
        waiter.after = null;
    }

    /** Returns the one that has waited longest, or null. */
    synchronized @Nullable Thread longest() {
        return first == null ? null : first.thread;
    }

    synchronized void wakeAll() {
        for (Waiter each = first; each != null; each = each.after) {
            LockSupport.unpark(each.thread);
        }
    }
}
