package rill.testing;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import rill.spi.Clock;

/**
 * A clock that stands still until a test moves it.
 *
 * <p><b>Threading:</b> any thread.
 */
public final class ManualClock implements Clock {
    private final AtomicLong now;
    private final List<Runnable> onMove = new CopyOnWriteArrayList<>();

    /** Starts at 1,000,000 seconds, so that forgotten initial values show. */
    public ManualClock() {
        this(1_000_000_000_000_000L);
    }

    /** Starts at this reading; one close to {@link Long#MAX_VALUE} overflows soon. */
    public ManualClock(long start) {
        now = new AtomicLong(start);
    }

    @Override
    public long nanoTime() {
        return now.get();
    }

    /** Moves the clock forward, and wakes whatever waits for it. */
    public void advance(Duration by) {
        advanceNanos(by.toNanos());
    }

    /** {@link #advance} in nanoseconds. */
    public void advanceNanos(long by) {
        if (by < 0) {
            throw new IllegalArgumentException("a monotonic clock never goes back: " + by);
        }
        now.addAndGet(by);
        onMove.forEach(Runnable::run);
    }

    /** Calls {@code listener} after each move, on the thread that moves it. */
    public void onMove(Runnable listener) {
        onMove.add(listener);
    }

    /** Undoes {@link #onMove}. */
    public void forget(Runnable listener) {
        onMove.remove(listener);
    }
}
