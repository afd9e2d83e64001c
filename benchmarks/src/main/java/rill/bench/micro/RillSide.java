package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import rill.Connection;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;

/** A Rill connection over memory, whose loop the benchmark ticks. */
final class RillSide<R, W> {
    private final MemoryTransport transport = new MemoryTransport();
    final Loop loop;
    final Connection<R, W> connection;

    RillSide(Pipeline<R, W> pipeline, Consumer<Connection<R, W>> setUp) {
        try {
            loop = Loop.open(LoopOptions.defaults().transport(transport));
            var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
            connection = loop.connect(address, pipeline).await();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        loop.schedule(() -> setUp.accept(connection));
        loop.tick();
    }

    /** Reads {@code bytes} this many times, handles the messages, and flushes. */
    void read(ByteBuf bytes, int times) {
        transport.wire().feed(bytes, times);
        loop.tick();
    }

    /** Likewise, with each read's copy into the loop's receive buffer. */
    void receive(ByteBuf bytes, int times) {
        transport.wire().arrive(bytes, times);
        loop.tick();
    }

    /** Returns the bytes flushed since the last call. */
    long written() {
        long written = transport.wire().written;
        transport.wire().written = 0;
        return written;
    }
}
