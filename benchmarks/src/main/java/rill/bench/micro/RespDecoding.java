package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.redis.RedisArrayAggregator;
import io.netty.handler.codec.redis.RedisBulkStringAggregator;
import io.netty.handler.codec.redis.RedisDecoder;
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

/** GETs as a server receives them: arrays of two bulk strings. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Messages.COUNT)
public class RespDecoding {
    private final ByteBuf input = Messages.repeated("*2\r\n$3\r\nGET\r\n$10\r\nkey:000001\r\n");
    private int count;
    private final RillSide<Command, Reply> rill =
            new RillSide<>(Resp.server(), connection -> connection.onMessage(message -> count++));
    private final Messages.Counter counter = new Messages.Counter();
    private final NettySide netty = new NettySide(
            new RedisDecoder(), new RedisBulkStringAggregator(), new RedisArrayAggregator(1 << 20, 32), counter);

    /** Rill. */
    @Benchmark
    public int rill() {
        int before = count;
        rill.read(input, 1);
        return Messages.checked(before, count);
    }

    /** Netty. */
    @Benchmark
    public int netty() {
        int before = counter.count;
        netty.read(input, 1);
        return Messages.checked(before, counter.count);
    }
}
