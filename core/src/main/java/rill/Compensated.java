package rill;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.RejectedExecutionException;

/**
 * Runs an action that makes a thread outside wait or drive. If that thread is a worker of a ForkJoinPool, the pool gets another worker meanwhile,
 * since the result may depend on work that is queued in the same pool.
 */
final class Compensated implements ForkJoinPool.ManagedBlocker {
    private final Runnable blocking;
    private boolean begun;

    private Compensated(Runnable blocking) {
        this.blocking = blocking;
    }

    static void run(Runnable blocking) {
        if (!(Thread.currentThread() instanceof ForkJoinWorkerThread)) {
            blocking.run();
            return;
        }
        var once = new Compensated(blocking);
        try {
            ForkJoinPool.managedBlock(once);
        } catch (RejectedExecutionException | InterruptedException e) {
            if (once.begun) {
                throw new AssertionError("the pool has no reason to interfere", e);
            }
            blocking.run(); // the pool already has its maximum of threads
        }
    }

    @Override
    public boolean block() {
        begun = true;
        blocking.run();
        return true;
    }

    @Override
    public boolean isReleasable() {
        return begun;
    }
}
