package rill.bench.micro;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;
import rill.Loop;

/** A timer is set and cancelled on the loop, a thousand times in a row, while others are pending that will not expire for an hour. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Timers.COUNT)
@SuppressWarnings("NullAway.Init") // JMH calls setUp first
public class Timers {
    static final int COUNT = 1_000;
    private static final int HOUR_MILLIS = 3_600_000;

    /** The number of other timers. */
    @Param({"1", "1000", "1000000"})
    public int pending;

    private final Duration[] delays = new Duration[COUNT];
    private Loop loop;
    private MultiThreadIoEventLoopGroup group;
    private EventLoop netty;

    /** Starts one loop, and sets the timers that remain pending. */
    @Setup
    public void setUp(BenchmarkParams parameters) throws IOException, InterruptedException {
        for (int i = 0; i < COUNT; i++) {
            delays[i] = Duration.ofMillis(HOUR_MILLIS + spread(i));
        }
        if (parameters.getBenchmark().endsWith(".rill")) {
            loop = Loop.open().start();
            loop.submit(() -> {
                        for (int i = 0; i < pending; i++) {
                            loop.schedule(Duration.ofMillis(HOUR_MILLIS + spread(i)), "pending", () -> {});
                        }
                        return pending;
                    })
                    .await();
        } else {
            group = new MultiThreadIoEventLoopGroup(
                    1, Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
            netty = group.next();
            netty.submit(() -> {
                        for (int i = 0; i < pending; i++) {
                            var _ = netty.schedule(() -> {}, HOUR_MILLIS + spread(i), TimeUnit.MILLISECONDS);
                        }
                    })
                    .sync();
        }
    }

    /** Returns a time within another hour, in no order. */
    private static int spread(int i) {
        return (int) ((i * 2_654_435_761L & Integer.MAX_VALUE) % HOUR_MILLIS);
    }

    /** Rill. */
    @Benchmark
    public int rill() throws IOException {
        return loop.submit(() -> {
                    int cancelled = 0;
                    for (Duration delay : delays) {
                        cancelled += loop.schedule(delay, "timer", () -> {}).cancel() ? 1 : 0;
                    }
                    return cancelled;
                })
                .await();
    }

    /** Netty. */
    @Benchmark
    public int netty() throws Exception {
        return netty.submit(() -> {
                    int cancelled = 0;
                    for (Duration delay : delays) {
                        cancelled += netty.schedule(() -> {}, delay.toMillis(), TimeUnit.MILLISECONDS)
                                        .cancel(false)
                                ? 1
                                : 0;
                    }
                    return cancelled;
                })
                .get();
    }

    /** Ends the loop. */
    @TearDown
    public void tearDown() {
        if (loop != null) {
            loop.close();
        } else {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }
}
