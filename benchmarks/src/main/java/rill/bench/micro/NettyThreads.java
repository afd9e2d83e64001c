package rill.bench.micro;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * JMH's workers for the methods that measure Netty: threads of Netty's own kind, on which its caches for buffers and recycled objects work as they do
 * on an event loop. JMH instantiates it by name, from the option {@code jmh.executor.class}.
 */
public final class NettyThreads extends ThreadPoolExecutor {
    /** Creates this many threads, with this prefix to their names. */
    public NettyThreads(int threads, String prefix) {
        super(
                threads,
                threads,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory(prefix, true));
    }
}
