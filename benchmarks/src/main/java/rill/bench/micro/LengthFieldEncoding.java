package rill.bench.micro;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.MessageToByteEncoder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import rill.Pipeline;
import rill.codec.LengthField;

/** Messages of 32 bytes, written as frames after a length of 4 bytes, and flushed a hundred at a time. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Messages.COUNT)
public class LengthFieldEncoding {
    private static final Integer LENGTH = 32;

    private final RillSide<Integer, Integer> rill =
            new RillSide<>(Pipeline.of(LengthField.ofBytes(4).with(Skipping.CODEC)), connection -> {});
    private final Runnable writeAll = () -> {
        for (int i = 0; i < Messages.COUNT; i++) {
            rill.connection.write(LENGTH);
        }
    };
    private final NettySide netty = new NettySide(new LengthFieldPrepender(4), new ContentEncoder());

    /** Rill. */
    @Benchmark
    public long rill() {
        rill.loop.schedule("write", writeAll);
        rill.loop.tick();
        return Written.checked(rill.written(), Messages.COUNT * (4 + 32));
    }

    /** Netty. */
    @Benchmark
    public long netty() {
        for (int i = 0; i < Messages.COUNT; i++) {
            var _ = netty.channel.write(LENGTH, netty.channel.voidPromise());
        }
        netty.channel.flush();
        return Written.checked(netty.written(), Messages.COUNT * (4 + 32));
    }

    /** Writes the same content as Rill's codec. */
    private static final class ContentEncoder extends MessageToByteEncoder<Integer> {
        private static final byte[] CONTENT = "abcdefghijklmnopqrstuvwxyz012345".getBytes(US_ASCII);

        @Override
        protected ByteBuf allocateBuffer(ChannelHandlerContext context, Integer length, boolean preferDirect) {
            return PooledByteBufAllocator.DEFAULT.directBuffer(length);
        }

        @Override
        protected void encode(ChannelHandlerContext context, Integer length, ByteBuf out) {
            out.writeBytes(CONTENT, 0, length);
        }
    }
}
