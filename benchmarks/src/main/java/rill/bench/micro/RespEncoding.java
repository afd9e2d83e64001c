package rill.bench.micro;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.redis.FullBulkStringRedisMessage;
import io.netty.handler.codec.redis.RedisEncoder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;

/** Bulk replies of 32 bytes, written as a server writes them, and flushed a hundred at a time. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Messages.COUNT)
public class RespEncoding {
    private static final String TEXT = "abcdefghijklmnopqrstuvwxyz012345";
    private static final int BYTES = Messages.COUNT * (5 + 32 + 2);

    private final Reply reply = Reply.bulk(TEXT);
    private final RillSide<Command, Reply> rill = new RillSide<>(Resp.server(), connection -> {});
    private final Runnable writeAll = () -> {
        for (int i = 0; i < Messages.COUNT; i++) {
            rill.connection.write(reply);
        }
    };
    private final ByteBuf content =
            Unpooled.unreleasableBuffer(Unpooled.directBuffer().writeBytes(TEXT.getBytes(US_ASCII)));
    private final FullBulkStringRedisMessage message = new FullBulkStringRedisMessage(content);
    private final NettySide netty = new NettySide(new RedisEncoder());

    /** Rill. */
    @Benchmark
    public long rill() {
        rill.loop.schedule("write", writeAll);
        rill.loop.tick();
        return Written.checked(rill.written(), BYTES);
    }

    /** Netty. */
    @Benchmark
    public long netty() {
        for (int i = 0; i < Messages.COUNT; i++) {
            var _ = netty.channel.write(message, netty.channel.voidPromise());
        }
        netty.channel.flush();
        return Written.checked(netty.written(), BYTES);
    }
}
