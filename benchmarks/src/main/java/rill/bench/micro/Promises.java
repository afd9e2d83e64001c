package rill.bench.micro;

import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.FutureListener;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import rill.Pipeline;
import rill.Promise;

/**
 * Promises are created, given a callback, and completed, on one thread that is the loop's, a thousand at a time. Rill's callbacks run in separate
 * Handles, those of the others within the call that completes.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Promises.COUNT)
public class Promises {
    static final int COUNT = 1_000;

    private final RillSide<?, ?> rill = new RillSide<>(Pipeline.bytes(), connection -> {});
    private int called;

    private final Runnable rillBatch = () -> {
        for (int i = 0; i < COUNT; i++) {
            Promise<Integer> promise = rill.loop.promise();
            promise.onDone((value, failure) -> called++);
            promise.complete(1);
        }
    };

    private int checked(int before) {
        if (called - before != COUNT) {
            throw new IllegalStateException(COUNT + " callbacks expected, " + (called - before) + " came");
        }
        return called;
    }

    /** Rill. */
    @Benchmark
    public int rill() {
        int before = called;
        rill.loop.schedule("batch", rillBatch);
        while (called - before < COUNT) {
            rill.loop.tick();
        }
        return checked(before);
    }

    /** Netty. */
    @Benchmark
    public int netty() {
        int before = called;
        for (int i = 0; i < COUNT; i++) {
            var promise = new DefaultPromise<Integer>(ImmediateEventExecutor.INSTANCE);
            promise.addListener((FutureListener<Integer>) done -> called++);
            promise.setSuccess(1);
        }
        return checked(before);
    }

    /** The JDK's CompletableFuture, for comparison. */
    @Benchmark
    public int jdk() {
        int before = called;
        for (int i = 0; i < COUNT; i++) {
            var future = new CompletableFuture<Integer>();
            var _ = future.whenComplete((value, failure) -> called++);
            future.complete(1);
        }
        return checked(before);
    }

    /** Ends the loop. */
    @TearDown
    public void tearDown() {
        rill.loop.close();
    }
}
