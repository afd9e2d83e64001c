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
    private final Chain<Waiter> waiters = new Chain<>();

    /** A thread that waits. */
    static final class Waiter extends Chain.Item<Waiter> implements Dependent {
        private final Thread thread;
        private boolean interrupted;

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
        waiters.append(waiter);
    }

    /** Removes one that was added. */
    synchronized void remove(Waiter waiter) {
        waiters.remove(waiter);
    }

    /** Returns the one that has waited longest, or null. */
    synchronized @Nullable Thread longest() {
        Waiter first = waiters.first();
        return first == null ? null : first.thread;
    }

    synchronized void wakeAll() {
        for (Waiter each = waiters.first(); each != null; each = each.after) {
            LockSupport.unpark(each.thread);
        }
    }
}
