package rill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;

/**
 * The loops of one test, with all that they need: a {@link MemoryTransport}, a clock, a {@link RecordingReporter}. Closing it closes the loops and
 * fails if there is a report that the test did not take.
 */
public final class Loops implements AutoCloseable {
    /** More ticks than any test needs that makes progress. */
    private static final int ENOUGH_TICKS = 1_000_000;

    /** The time allowed for other threads, which may wait long for their turn. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final ManualClock clock;
    private final MemoryTransport transport;
    private final RecordingReporter reporter = new RecordingReporter();
    private final List<Loop> opened = new ArrayList<>();

    private Loops(ManualClock clock, MemoryTransport transport) {
        this.clock = clock;
        this.transport = transport;
    }

    /** Loops on a clock that stands still until the test moves it. */
    public static Loops manual() {
        return on(new ManualClock());
    }

    /** Loops on this clock. */
    public static Loops on(ManualClock clock) {
        return new Loops(clock, new MemoryTransport().clock(clock));
    }

    /** Loops on a clock that stands still, over a transport whose random choices are seeded with this. */
    public static Loops seeded(long seed) {
        var clock = new ManualClock();
        return new Loops(clock, new MemoryTransport(seed).clock(clock));
    }

    /** Loops in real time. */
    public static Loops realTime() {
        return new Loops(new ManualClock(), new MemoryTransport());
    }

    /** Opens a loop without a watch for slow Handles. */
    public Loop open() {
        return open(options -> options);
    }

    /** Opens a loop with changed options. */
    public Loop open(UnaryOperator<LoopOptions> change) {
        LoopOptions options =
                LoopOptions.defaults().transport(transport).reporter(reporter).slowHandle(Duration.ZERO);
        try {
            Loop loop = Loop.open(change.apply(options));
            opened.add(loop);
            return loop;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the clock; not available in real time. */
    public ManualClock clock() {
        return clock;
    }

    /** Returns the transport of all loops. */
    public MemoryTransport transport() {
        return transport;
    }

    /** Returns the selector of the loop that was opened last. */
    public MemorySelector selector() {
        return transport.selectors().getLast();
    }

    /** Returns the reporter of all loops. */
    public RecordingReporter reporter() {
        return reporter;
    }

    /** Ticks all loops in turn, a few times, so that whatever passes from one to another and back has arrived. */
    public void settle() {
        int[] left = {5};
        tickUntil(() -> left[0]-- == 0);
    }

    /** Ticks all loops in turn until the condition holds. */
    public void tickUntil(BooleanSupplier condition) {
        long start = System.nanoTime();
        for (int n = 0; !condition.getAsBoolean(); n++) {
            if (n >= ENOUGH_TICKS) {
                if (System.nanoTime() - start > PATIENCE_NANOS) {
                    throw new AssertionError("still not so after " + n + " ticks");
                }
                Thread.yield();
            }
            for (int i = 0; i < opened.size(); i++) { // allocates nothing: some tests measure that
                if (!opened.get(i).isClosed()) {
                    opened.get(i).tick();
                }
            }
        }
    }

    /** Ticks all loops until the Future is done, and returns its result. */
    public <T> T settle(Future<T> future) {
        tickUntil(future::isDone);
        return future.result();
    }

    /** Ticks all loops until the Future has failed, and returns the failure. */
    public Throwable failureOf(Future<?> future) {
        tickUntil(future::isDone);
        Throwable failure = future.failure();
        if (failure == null) {
            throw new AssertionError("should have failed: " + future);
        }
        return failure;
    }

    @Override
    public void close() {
        opened.forEach(loop -> loop.close(Duration.ZERO));
        // Where a test has enabled the watchdog, closing is watched as well, and may take long.
        reporter.take(Report.Slow.class);
        reporter.assertNone();
    }
}
