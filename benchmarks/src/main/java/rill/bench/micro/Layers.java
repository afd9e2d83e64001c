package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import rill.ByteLayer;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.Pipeline;
import rill.Session;

/**
 * A read of 32 bytes that passes up through layers which change nothing. Rill's byte layers have their own sessions; mappings are functions on
 * messages. Netty's handlers pass the message on.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Messages.COUNT)
@SuppressWarnings("NullAway.Init") // JMH calls setUp first
public class Layers {
    /** The number of layers. */
    @Param({"1", "5", "10"})
    public int layers;

    private final ByteBuf input = Messages.repeated("x").writerIndex(32);
    private final ByteBuf nettyInput = Unpooled.unreleasableBuffer(input); // avoids reference counting, as Rill does
    private int count;
    private RillSide<Integer, Integer> rill;
    private RillSide<Integer, Integer> mapping;
    private Messages.Counter counter;
    private NettySide netty;

    /** Builds the pipelines. */
    @Setup
    public void setUp() {
        Pipeline<Integer, Integer> layered = Pipeline.of(Codec.of(Layers::take, (message, out) -> {}));
        Pipeline<Integer, Integer> mapped = layered;
        for (int i = 1; i < layers; i++) {
            layered = layered.over(new Transparent());
            mapped = mapped.map(message -> message, message -> message);
        }
        rill = new RillSide<>(layered, connection -> connection.onMessage(message -> count++));
        mapping = new RillSide<>(mapped, connection -> connection.onMessage(message -> count++));
        counter = new Messages.Counter();
        var handlers = new ChannelHandler[layers];
        for (int i = 0; i < layers - 1; i++) {
            handlers[i] = new PassingOn();
        }
        handlers[layers - 1] = counter;
        netty = new NettySide(handlers);
    }

    private static @org.jspecify.annotations.Nullable Integer take(ByteBuf in, Context context) {
        int length = in.readableBytes();
        in.skipBytes(length);
        return length == 0 ? null : length;
    }

    /** Rill, with byte layers. */
    @Benchmark
    public int rill() {
        int before = count;
        rill.read(input, Messages.COUNT);
        return Messages.checked(before, count);
    }

    /** Rill, with mappings. */
    @Benchmark
    public int rillMapping() {
        int before = count;
        mapping.read(input, Messages.COUNT);
        return Messages.checked(before, count);
    }

    /** Netty. */
    @Benchmark
    public int netty() {
        int before = counter.count;
        netty.read(nettyInput, Messages.COUNT);
        return Messages.checked(before, counter.count);
    }

    private static final class PassingOn extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.fireChannelRead(message);
        }
    }

    private record Transparent() implements ByteLayer, Session<ByteBuf, ByteBuf> {
        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            return this;
        }

        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) {
            if (in.isReadable()) {
                return in;
            }
            return null;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.buffer(message.readableBytes()).writeBytes(message);
        }
    }
}
