package rill;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits for the work of another thread, and fails instead of waiting for ever. */
final class Await {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private Await() {}

    static void until(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError("waited in vain until: " + what);
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }

    static void latch(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(PATIENCE_NANOS, TimeUnit.NANOSECONDS)) {
            throw new AssertionError("waited in vain for a latch");
        }
    }

    /** The same where no checked exception may be thrown. */
    static void latchUninterruptibly(CountDownLatch latch) {
        try {
            latch(latch);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while waiting for a latch", e);
        }
    }
}
