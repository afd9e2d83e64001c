package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
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

/** Frames of 32 bytes after a length of 4 bytes: found, passed on, and not examined further. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Messages.COUNT)
public class LengthFieldDecoding {
    private final ByteBuf input = Messages.repeated("\0\0\0\40abcdefghijklmnopqrstuvwxyz012345");
    private int count;
    private final RillSide<Integer, Integer> rill = new RillSide<>(
            Pipeline.of(LengthField.ofBytes(4).with(Skipping.CODEC)),
            connection -> connection.onMessage(message -> count++));
    private final Messages.Counter counter = new Messages.Counter();
    private final NettySide netty = new NettySide(new LengthFieldBasedFrameDecoder(1 << 20, 0, 4, 0, 4), counter);

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
