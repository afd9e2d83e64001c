package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import rill.Pipeline;

/**
 * The whole path of an echo without the kernel: reads of 64 bytes, written back, flushed at the end of the batch. Measured per batch.
 *
 * <p>What the kernel would copy is copied on both sides: into a buffer that Netty's channel allocates for each read, as one with a socket does, and
 * into the receive buffer of Rill's loop, out of which Rill copies the message. Rill's batch is a whole tick, with two readings of the clock.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EchoPath {
    private static final int SIZE = 64;

    /** The number of reads in a batch. */
    @Param({"1", "16"})
    public int reads;

    private final ByteBuf input = Messages.repeated("x").writerIndex(SIZE);
    private final RillSide<ByteBuf, ByteBuf> rill =
            new RillSide<>(Pipeline.bytes(), connection -> connection.onMessage(connection::write));
    private final NettySide netty = new NettySide(new Echo());

    /** Rill. */
    @Benchmark
    public long rill() {
        rill.receive(input, reads);
        return Written.checked(rill.written(), (long) SIZE * reads);
    }

    /** Netty. */
    @Benchmark
    public long netty() {
        netty.receive(input, reads);
        return Written.checked(netty.written(), (long) SIZE * reads);
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            var _ = context.write(message, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }
}
