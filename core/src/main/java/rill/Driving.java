package rill;

import java.io.InterruptedIOException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import rill.spi.Driver;

/**
 * Who drives a loop: at most one thread at a time. A thread that awaits from outside drives if nobody else does; when it is
 * done, or any other driver lets go, one of those that still wait takes over.
 */
final class Driving {
    private final Loop loop;
    private final AtomicReference<@Nullable Thread> driver = new AtomicReference<>();
    private final ConcurrentLinkedQueue<Waiter> waiters = new ConcurrentLinkedQueue<>();

    Driving(Loop loop) {
        this.loop = loop;
    }

    /** Becomes the driver unless somebody is. */
    boolean tryAcquire() {
        return driver.compareAndSet(null, Thread.currentThread());
    }

    /** Becomes the driver. */
    void acquire(String what) {
        if (Context.current() != null) {
            throw new IllegalStateException(
                    what + " of " + loop.name() + " inside a callback or a Task; await instead");
        }
        if (!tryAcquire()) {
            throw new IllegalStateException(what + ": " + loop.name() + " is being driven by " + describe(driver.get())
                    + "; from outside use task(…).await()");
        }
    }

    private static String describe(@Nullable Thread thread) {
        return thread == null ? "another thread" : "thread " + thread.getName();
    }

    /** Lets go; somebody who waits takes over. */
    void release() {
        driver.set(null);
        passOn();
    }

    boolean driven() {
        return driver.get() != null;
    }

    /** Null if nobody drives. */
    @Nullable
    Thread driver() {
        return driver.get();
    }

    /** Wakes everybody who waits, because the loop is closed. */
    void wakeAll() {
        for (Waiter waiter : waiters) {
            LockSupport.unpark(waiter.thread);
        }
    }

    /** On a thread outside: returns once the Future is done, having driven the loop meanwhile if nobody else did. */
    void await(Future<?> future) throws InterruptedIOException {
        var waiter = new Waiter(Thread.currentThread());
        future.addDependent(waiter);
        if (!waitUntil(waiter, future::isDone)) {
            future.removeDependent(waiter);
            loop.requireNotClosed(future);
            throw new InterruptedIOException("interrupted while awaiting " + future.describe());
        }
    }

    /** On a thread outside: returns once the loop is closed. */
    void awaitClosed() {
        boolean interrupted = false;
        while (!waitUntil(new Waiter(Thread.currentThread()), loop::closed)) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits and, if nobody else does, drives. False if it was interrupted, or the loop closed, before it was done. */
    private boolean waitUntil(Waiter waiter, BooleanSupplier done) {
        waiters.add(waiter);
        try {
            while (!done.getAsBoolean()) {
                if (loop.closed() || Thread.interrupted()) {
                    return done.getAsBoolean();
                }
                driveOrPark(done);
            }
            return true;
        } finally {
            waiters.remove(waiter);
            passOn();
        }
    }

    private void driveOrPark(BooleanSupplier done) {
        Driver external = loop.environment().driver();
        if (driven()) {
            LockSupport.park(loop);
        } else if (external != null) {
            external.drive(loop, done);
        } else if (Thread.currentThread().isVirtual()) {
            lendToPlatformThread(done);
        } else if (tryAcquire()) {
            try {
                loop.drive(done, true);
            } finally {
                release();
            }
        }
    }

    /** If nobody drives although somebody waits (we may have been woken to take over), wakes the next one. */
    private void passOn() {
        if (driver.get() == null) {
            Waiter next = waiters.peek();
            if (next != null) {
                LockSupport.unpark(next.thread);
            }
        }
    }

    /** A virtual thread can't carry Tasks, nor should it block in a selector: it lets a platform thread drive. */
    private void lendToPlatformThread(BooleanSupplier done) {
        Thread lender = Thread.currentThread();
        var withdrawn = new AtomicBoolean();
        var ended = new AtomicBoolean();
        Thread.ofPlatform().name(loop.name() + "-driver").daemon().start(() -> {
            if (tryAcquire()) {
                try {
                    loop.driveUnattended(() -> done.getAsBoolean() || withdrawn.get());
                } finally {
                    release();
                }
            }
            ended.set(true);
            LockSupport.unpark(lender);
        });
        while (!ended.get()) {
            LockSupport.park(loop);
            if (lender.isInterrupted()) {
                withdrawn.set(true);
                loop.wakeup();
                return;
            }
        }
    }

    /** A parked thread. */
    record Waiter(Thread thread) implements Dependent {
        @Override
        public void settled(Future<?> source) {
            LockSupport.unpark(thread);
        }

        @Override
        public @Nullable Loop home() {
            return null;
        }
    }
}
