package rill.bench.micro;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
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
 * For comparison: virtual threads of the JDK that wait for CompletableFutures, on as many carriers as there are processors, or on one, as Rill's Tasks
 * have one. Their rounds are made by a virtual thread, as Rill's are made on its loop, so that no other thread has to be woken up in between.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Awaiting.TASKS * Awaiting.ROUNDS)
@SuppressWarnings("NullAway.Init") // JMH calls setUp first
public class Awaiting {
    static final int TASKS = 1_000;
    static final int ROUNDS = 10;

    private Loop loop;
    private final List<Promise<Integer>> promises = new ArrayList<>(TASKS);
    private final AtomicInteger resumed = new AtomicInteger();

    /** Then nothing else runs at the same time, and counting needs no atomic operation: as on Rill's loop. */
    private final boolean oneCarrier = "1".equals(System.getProperty("jdk.virtualThreadScheduler.maxPoolSize"));

    private final AtomicReferenceArray<CompletableFuture<Integer>> futures = new AtomicReferenceArray<>(TASKS);
    private final AtomicInteger arrived = new AtomicInteger(); // threads of the JDK at their next wait
    private volatile CompletableFuture<@Nullable Void> allArrived = new CompletableFuture<>();
    private volatile boolean over;

    /** Starts the Tasks of the benchmarked method. */
    @Setup
    public void setUp(BenchmarkParams parameters) throws IOException {
        String name = parameters.getBenchmark();
        begin(name.substring(name.lastIndexOf('.') + 1));
    }

    /** Starts the Tasks of a method. */
    public void begin(String method) throws IOException {
        if (method.startsWith("jdk")) {
            for (int i = 0; i < TASKS; i++) {
                futures.set(i, new CompletableFuture<>());
            }
            for (int i = 0; i < TASKS; i++) {
                int self = i;
                Thread.ofVirtual().start(() -> waitAgainAndAgain(self));
            }
            allArrived.join();
            return;
        }
        TaskEngine engine = method.equals("rillMounted") ? TaskEngine.MOUNTED : TaskEngine.HANDED_OVER;
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
        CompletableFuture<Integer> future = futures.getAcquire(self);
        arrive();
        while (!over) {
            future.join();
            future = futures.getAcquire(self); // was set before the last one was completed
            arrive();
        }
    }

    private void arrive() {
        int count = oneCarrier ? arrived.getPlain() + 1 : arrived.incrementAndGet();
        if (oneCarrier) {
            arrived.setPlain(count);
        }
        if (count == TASKS) {
            allArrived.complete(null);
        }
    }

    /** Runs on a virtual thread. */
    private void completeAllAgainAndAgain() {
        for (int round = 0; round < ROUNDS; round++) {
            var all = new CompletableFuture<@Nullable Void>();
            arrived.set(0);
            allArrived = all;
            for (int i = 0; i < TASKS; i++) {
                CompletableFuture<Integer> old = futures.getPlain(i);
                futures.setRelease(i, new CompletableFuture<>());
                old.complete(1);
            }
            all.join();
        }
    }

    private void completeAll() {
        for (int i = 0; i < TASKS; i++) {
            Promise<Integer> promise = promises.get(i);
            promises.set(i, loop.promise());
            promise.complete(1);
        }
    }

    private int rounds() {
        int all = 0;
        for (int round = 0; round < ROUNDS; round++) {
            all = round();
        }
        return all;
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
        return rounds();
    }

    /** Rill, with Tasks handed over to virtual threads. */
    @Benchmark
    public int rillHandedOver() {
        return rounds();
    }

    /** The JDK alone, on as many carriers as there are processors. */
    @Benchmark
    public int jdk() throws InterruptedException {
        Thread.ofVirtual().start(this::completeAllAgainAndAgain).join();
        if (arrived.get() != TASKS) {
            throw new IllegalStateException(arrived.get() + " threads wait");
        }
        return TASKS * ROUNDS;
    }

    /** The JDK alone, in a JVM whose virtual threads have one carrier. */
    @Benchmark
    public int jdkOneCarrier() throws InterruptedException {
        return jdk();
    }

    /** Ends all Tasks. */
    @TearDown
    public void tearDown() {
        over = true;
        if (loop != null) {
            round(); // with which all of them end
            loop.close();
        } else {
            for (int i = 0; i < TASKS; i++) {
                futures.get(i).complete(1);
            }
        }
    }
}
