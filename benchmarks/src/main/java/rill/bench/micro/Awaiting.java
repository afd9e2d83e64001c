package rill.bench.micro;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;
import rill.Loop;
import rill.LoopOptions;
import rill.Promise;
import rill.TaskEngine;

/**
 * A thousand Tasks each await a Promise, over and over. One round completes all Promises and runs each Task to its next await. Measured per await.
 * For comparison: virtual threads of the JDK that wait for CompletableFutures.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Awaiting.TASKS)
@SuppressWarnings("NullAway.Init") // JMH calls setUp first
public class Awaiting {
    static final int TASKS = 1_000;

    private Loop loop;
    private final List<Promise<Integer>> promises = new ArrayList<>(TASKS);
    private final List<CompletableFuture<Integer>> futures = new ArrayList<>(TASKS);
    private final AtomicInteger resumed = new AtomicInteger();
    private final CountDownLatch waiting = new CountDownLatch(TASKS); // the JDK's threads that have begun
    private volatile boolean over;

    /** Starts the Tasks of the benchmarked method. */
    @Setup
    public void setUp(BenchmarkParams parameters) throws IOException, InterruptedException {
        String name = parameters.getBenchmark();
        if (name.endsWith(".jdk")) {
            for (int i = 0; i < TASKS; i++) {
                futures.add(new CompletableFuture<>());
            }
            for (int i = 0; i < TASKS; i++) {
                int self = i;
                Thread.ofVirtual().start(() -> waitAgainAndAgain(self));
            }
            waiting.await();
            return;
        }
        TaskEngine engine = name.endsWith("rillMounted") ? TaskEngine.MOUNTED : TaskEngine.HANDED_OVER;
        loop = Loop.open(LoopOptions.defaults().taskEngine(engine));
        for (int i = 0; i < TASKS; i++) {
            promises.add(loop.promise());
            int self = i;
            loop.task("awaiting", () -> awaitAgainAndAgain(self));
        }
        loop.tick();
        loop.tick();
    }

    private @Nullable Void awaitAgainAndAgain(int self) throws IOException {
        while (!over) {
            promises.get(self).await();
            resumed.lazySet(resumed.getPlain() + 1);
        }
        return null;
    }

    private void waitAgainAndAgain(int self) {
        CompletableFuture<Integer> future = next(self);
        waiting.countDown();
        while (!over) {
            future.join();
            future = next(self); // was set before the last one was completed
            resumed.incrementAndGet();
        }
    }

    private CompletableFuture<Integer> next(int self) {
        synchronized (futures) {
            return futures.get(self);
        }
    }

    private void completeAll() {
        for (int i = 0; i < TASKS; i++) {
            Promise<Integer> promise = promises.get(i);
            promises.set(i, loop.promise());
            promise.complete(1);
        }
    }

    private int round() {
        int all = resumed.get() + TASKS;
        loop.schedule("round", this::completeAll);
        while (resumed.get() != all) {
            loop.tick();
        }
        return all;
    }

    /** Rill, with Tasks mounted on the loop's thread. */
    @Benchmark
    public int rillMounted() {
        return round();
    }

    /** Rill, with Tasks handed over to virtual threads. */
    @Benchmark
    public int rillHandedOver() {
        return round();
    }

    /** The JDK alone. */
    @Benchmark
    public int jdk() {
        int all = resumed.get() + TASKS;
        List<CompletableFuture<Integer>> old;
        synchronized (futures) {
            old = List.copyOf(futures);
            for (int i = 0; i < TASKS; i++) {
                futures.set(i, new CompletableFuture<>());
            }
        }
        old.forEach(each -> each.complete(1));
        while (resumed.get() != all) {
            Thread.onSpinWait();
        }
        return all;
    }

    /** Ends all Tasks. */
    @TearDown
    public void tearDown() {
        over = true;
        if (loop != null) {
            round();
            loop.close();
        } else {
            futures.forEach(each -> each.complete(1));
        }
    }
}
