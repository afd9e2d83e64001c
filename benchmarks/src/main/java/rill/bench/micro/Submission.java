package rill.bench.micro;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
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

/**
 * Tasks submitted to a loop on its own thread, by one thread or several. Each waits until a thousand of its Tasks have run before it submits more.
 * Measured per Task and producer.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Submission.COUNT)
@SuppressWarnings("NullAway.Init") // JMH calls setUp first
public class Submission {
    static final int COUNT = 1_000;

    private Loop loop;
    private MultiThreadIoEventLoopGroup netty;

    /** Starts only the loop of the benchmarked method. */
    @Setup
    public void setUp(BenchmarkParams parameters) throws IOException {
        String name = parameters.getBenchmark();
        if (name.endsWith(".rill")) {
            loop = Loop.open().start();
        } else {
            IoHandlerFactory factory = name.endsWith("Epoll") ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
            netty = new MultiThreadIoEventLoopGroup(1, factory);
        }
    }

    /** The state of one producer. */
    @State(Scope.Thread)
    public static class Producer {
        private final Semaphore done = new Semaphore(0);
        private int left; // on the loop
        private final Runnable task = () -> {
            if (--left == 0) {
                done.release();
            }
        };

        private void produce(Executor executor) {
            left = COUNT;
            for (int i = 0; i < COUNT; i++) {
                executor.execute(task);
            }
            done.acquireUninterruptibly();
        }
    }

    /** Rill, on the transport that {@code -Drill.transport} names. */
    @Benchmark
    public void rill(Producer producer) {
        producer.produce(loop);
    }

    /** Netty on NIO. */
    @Benchmark
    public void nettyNio(Producer producer) {
        producer.produce(netty.next());
    }

    /** Netty on epoll. */
    @Benchmark
    public void nettyEpoll(Producer producer) {
        producer.produce(netty.next());
    }

    /** Ends the loop. */
    @TearDown
    public void tearDown() {
        if (loop != null) {
            loop.close();
        } else {
            netty.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }
}
