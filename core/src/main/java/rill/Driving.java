package rill;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import rill.WaitingThreads.Waiter;
import rill.spi.Driver;
import rill.spi.Transport;

/**
 * Decides who drives a loop: at most one thread at a time. If nobody drives, a thread outside that awaits does. When a driver stops driving, one of
 * the threads that still wait takes over, unless the transport {@link Transport#keepsDriver keeps the driver}: then the first driver is the only one
 * for good.
 */
final class Driving {
    private final BareLoop loop;
    private final AtomicReference<@Nullable Thread> driver = new AtomicReference<>();
    private final WaitingThreads waiters = new WaitingThreads();
    private volatile boolean stopWanted;
    private volatile @Nullable Thread keeper; // the only thread that may ever drive, if there is one

    Driving(BareLoop loop) {
        this.loop = loop;
    }

    // ---- explicit driving

    /** {@link BareLoop#run}. */
    <T extends @Nullable Object> T run(Callable<? extends T> body) throws IOException {
        if (Thread.currentThread().isVirtual()) {
            return runOnPlatformThread(body);
        }
        loop.requireOpen("run");
        acquire("run");
        Driver external = loop.driver();
        Task<T> root;
        try {
            stopWanted = false;
            root = loop.task("main", body);
            if (external == null) {
                Compensated.run(() -> drive(() -> root.isDone() || stopWanted, false));
            }
        } finally {
            release();
        }
        if (external != null) {
            external.drive(loop, () -> root.isDone() || stopWanted || loop.isClosed());
        }
        if (!root.isDone()) {
            throw new IllegalStateException(loop.name() + " was " + (loop.isClosed() ? "closed" : "stopped")
                    + " before the body of run was done");
        }
        return root.outcomeOrThrow();
    }

    /** {@link #run} for a virtual thread, which can't carry Tasks. */
    private <T extends @Nullable Object> T runOnPlatformThread(Callable<? extends T> body) throws IOException {
        if (OnLoop.current() != null) {
            throw new IllegalStateException("run of " + loop.name() + " inside a Task; await instead");
        }
        requireNoKeeper("run");
        var result = new java.util.concurrent.FutureTask<T>(() -> run(body));
        Threads.driver(loop.contextClassLoader(), loop.name() + "-driver", true, result)
                .start();
        try {
            return result.get();
        } catch (InterruptedException e) {
            stop();
            throw new java.io.InterruptedIOException("interrupted while " + loop.name() + " was running");
        } catch (java.util.concurrent.ExecutionException e) {
            throw Failures.asThrown(Objects.requireNonNull(e.getCause()));
        }
    }

    /** {@link Loop#start}. */
    void start() {
        loop.requireOpen("start");
        if (loop.driver() != null) {
            throw new IllegalStateException("start: " + loop.name() + " is driven by " + loop.driver()
                    + ", not by a thread of its own; await, or let that run");
        }
        Thread thread = Threads.driver(loop.contextClassLoader(), loop.name(), false, () -> {
            try {
                driveUnattended(() -> stopWanted);
            } finally {
                release();
            }
        });
        acquireFor(thread, "start");
        stopWanted = false;
        try {
            thread.start();
        } catch (Throwable t) {
            release();
            throw t;
        }
    }

    /** {@link BareLoop#stop}. */
    void stop() {
        stopWanted = true;
        loop.wakeup();
    }

    /** {@link BareLoop#tick}. */
    boolean tick() {
        loop.requireOpen("tick");
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(
                    "tick of " + loop.name() + " on a virtual thread, which can't carry Tasks; use a platform thread");
        }
        acquire("tick");
        try {
            loop.enter();
            loop.step(() -> true);
            return loop.ticking().hasWork();
        } finally {
            loop.exit();
            release();
        }
    }

    /** Drives on a thread that has acquired the driving. */
    void drive(BooleanSupplier done, boolean interruptible) {
        loop.enter();
        try {
            while (!loop.isClosed() && !done.getAsBoolean()) {
                if (Thread.currentThread().isInterrupted()) {
                    if (interruptible) {
                        return;
                    }
                    Thread.interrupted(); // it would make every select return at once
                    loop.report(new Report.Interrupted(loop.name()));
                }
                loop.step(done);
            }
        } finally {
            loop.exit();
        }
    }

    /** Like {@link #drive}, on a thread whose exceptions nobody would see. */
    private void driveUnattended(BooleanSupplier done) {
        try {
            drive(done, false);
        } catch (Throwable t) {
            loop.threw("the selector", null, t);
        }
    }

    // ---- one at a time

    /** Becomes the driver unless there is one. */
    boolean tryAcquire() {
        return tryAcquireFor(Thread.currentThread(), "await");
    }

    private boolean tryAcquireFor(Thread thread, String what) {
        if (!driver.compareAndSet(null, thread)) {
            return false;
        }
        if (keeper != thread && loop.keepsDriver()) {
            try {
                requireKeeper(thread, what);
            } catch (Kept e) {
                driver.set(null);
                throw e;
            }
            keeper = thread;
        }
        return true;
    }

    /** The loop is reserved for another thread. */
    private static final class Kept extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        Kept(String message) {
            super(message);
        }
    }

    /** Checks that a platform thread may drive for a while, in place of a virtual one. */
    private void requireNoKeeper(String what) {
        if (!loop.keepsDriver()) {
            return;
        }
        requireKeeper(null, what);
        throw new Kept(what + ": " + loop + " belongs to the first thread that drives it, which can't be a virtual one;"
                + " begin with start(), which gives it a thread of its own, or open it on another transport");
    }

    private void requireKeeper(@Nullable Thread thread, String what) {
        Thread first = keeper;
        if (first != null && first != thread) {
            throw new Kept(what + ": " + loop + " belongs to the first thread that drove it, " + Threads.describe(first)
                    + ", and to no other; begin with start(), which gives it a thread of its own,"
                    + " or open it on another transport");
        }
    }

    /** Makes a thread that is about to start the driver. */
    void acquireFor(Thread thread, String what) {
        if (!tryAcquireFor(thread, what)) {
            throw beingDriven(what);
        }
    }

    /** Makes the current thread the driver. */
    void acquire(String what) {
        if (OnLoop.current() != null) {
            throw new IllegalStateException(
                    what + " of " + loop.name() + " inside a callback or a Task; await instead");
        }
        if (!tryAcquireFor(Thread.currentThread(), what)) {
            throw beingDriven(what);
        }
    }

    private IllegalStateException beingDriven(String what) {
        return new IllegalStateException(
                what + ": " + loop.name() + " is being driven by " + describe() + "; from outside use task(…).await()");
    }

    /** Describes the driver. */
    String describe() {
        Thread present = driver.get();
        return present == null ? "another thread" : Threads.describe(present);
    }

    /** Stops driving; a waiting thread takes over. */
    void release() {
        driver.set(null);
        passOn();
        Watchdog.driverLeft();
    }

    boolean driven() {
        return driver.get() != null;
    }

    /** Returns null if nobody drives. */
    @Nullable
    Thread driver() {
        return driver.get();
    }

    /** Wakes all waiting threads, because the loop is closed. */
    void wakeAll() {
        waiters.wakeAll();
    }

    // ---- driving while awaiting

    /** Returns once the Future is done, having driven the loop meanwhile if nobody else did. On a thread outside. */
    void await(Future<?> future) throws InterruptedIOException {
        if (future.isDone()) {
            return;
        }
        var waiter = new Waiter(Thread.currentThread());
        future.addDependent(waiter);
        boolean done;
        try {
            done = waitUntil(waiter, future::isDone);
        } catch (RuntimeException | Error e) {
            future.removeDependent(waiter); // the loop can't be driven any more
            throw e;
        }
        if (!done) {
            giveUp(future, waiter);
        }
    }

    /** The wait is over without a result: interrupted, or the loop is closed. */
    private void giveUp(Future<?> future, Waiter waiter) throws InterruptedIOException {
        if (loop.isClosed()) {
            future.removeDependent(waiter);
            waiter.restoreInterrupt(); // what is thrown does not answer it
            loop.requireNotClosed(future);
        } else if (future.abandon(waiter)) {
            throw new InterruptedIOException("interrupted while awaiting " + future.describe());
        } else {
            Thread.currentThread().interrupt(); // it was notified at the last moment
        }
    }

    /** Returns once the loop is closed and has released its resources. On a thread outside. */
    void awaitClosed() {
        boolean interrupted = false;
        try {
            while (!waitUntil(new Waiter(Thread.currentThread()), loop::ended)) {
                interrupted = true;
            }
        } catch (Kept e) {
            closeForKeeper(e);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns once the loop is closed. On a thread outside. */
    void awaitEnd() throws InterruptedIOException {
        if (OnLoop.current() != null) {
            throw new IllegalStateException("join of " + loop.name() + " inside a callback or a Task");
        }
        if (!waitUntil(new Waiter(Thread.currentThread()), loop::ended)) {
            throw new InterruptedIOException("interrupted while waiting for the end of " + loop.name());
        }
    }

    /** The only thread that may drive does not, and is perhaps gone: an orderly end is not possible. */
    private void closeForKeeper(Kept why) {
        if (Thread.currentThread().isVirtual()) {
            Thread platform =
                    Threads.driver(loop.contextClassLoader(), loop.name() + "-driver", true, () -> closeForKeeper(why));
            platform.start();
            Threads.join(List.of(platform));
        } else if (driver.compareAndSet(null, Thread.currentThread())) {
            try {
                loop.enter();
                loop.closing().broken(why);
            } finally {
                loop.exit();
                release();
            }
        } else {
            awaitClosed();
        }
    }

    /** Waits and, if nobody else does, drives. Returns false if it was interrupted, or the loop ended, before it was done. */
    private boolean waitUntil(Waiter waiter, BooleanSupplier done) {
        waiters.add(waiter);
        try {
            Compensated.run(() -> {
                while (!done.getAsBoolean() && !loop.ended() && !waiter.noticesInterrupt()) {
                    driveOrPark(done);
                }
            });
            boolean isDone = done.getAsBoolean();
            if (isDone) {
                waiter.restoreInterrupt(); // it came too late to apply to this wait
            }
            return isDone;
        } finally {
            waiters.remove(waiter);
            passOn();
        }
    }

    private void driveOrPark(BooleanSupplier done) {
        Driver external = loop.driver();
        if (driven()) {
            LockSupport.park(loop);
        } else if (external != null) {
            external.drive(loop, done);
        } else if (Thread.currentThread().isVirtual()) {
            lendToPlatformThread(done);
        } else if (tryAcquire()) {
            try {
                drive(done, true);
            } finally {
                release();
            }
        }
    }

    /** If nobody drives although a thread waits (we may have been woken to take over), wakes the next one. */
    private void passOn() {
        if (driver.get() == null) {
            LockSupport.unpark(waiters.longest());
        }
    }

    /** Lets a platform thread drive for a virtual one, which can't carry Tasks and should not block in a selector. */
    private void lendToPlatformThread(BooleanSupplier done) {
        if (loop.closing().hasBegun()) { // nobody drives it after that
            requireKeeper(null, "await");
        } else {
            requireNoKeeper("await");
        }
        Thread lender = Thread.currentThread();
        var withdrawn = new AtomicBoolean();
        var ended = new AtomicBoolean();
        Runnable drive = () -> {
            if (tryAcquire()) {
                try {
                    driveUnattended(() -> done.getAsBoolean() || withdrawn.get());
                } finally {
                    release();
                }
            }
            ended.set(true);
            LockSupport.unpark(lender);
        };
        Threads.driver(loop.contextClassLoader(), loop.name() + "-driver", true, drive)
                .start();
        while (!ended.get()) {
            LockSupport.park(loop);
            if (lender.isInterrupted()) {
                withdrawn.set(true);
                loop.wakeup();
                return;
            }
        }
    }
}
