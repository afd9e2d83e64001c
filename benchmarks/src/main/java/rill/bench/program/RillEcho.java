package rill.bench.program;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import rill.Loop;
import rill.LoopOptions;
import rill.Observer;
import rill.Pipeline;

/**
 * Rill in its default configuration, on the transport in {@code -Drill.transport=NAME}. With the option {@code metrics}, another thread reads the
 * loop's counters once a second, and an observer is notified of its connections.
 */
public final class RillEcho implements Server {
    /** Created by {@link ServerMain}. */
    public RillEcho() {}

    @Override
    public int listen(List<String> options) throws Exception {
        var any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
        boolean metrics = options.contains("metrics");
        Loop loop = metrics ? RillLoop.open(LoopOptions.defaults().observer(new Observer() {})) : RillLoop.open();
        if (metrics) {
            Thread.ofPlatform().daemon().name("metrics").start(() -> read(loop));
        }
        loop.start(); // before anyone else drives it: uring keeps its first driver
        var listening = loop.listen(any, Pipeline.bytes(), connection -> connection.onMessage(connection::write))
                .await();
        return listening.port();
    }

    private static void read(Loop loop) {
        while (loop.metrics().work().ticks() >= 0) {
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
        }
    }
}
