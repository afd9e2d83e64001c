package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.LineBasedFrameDecoder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import rill.Pipeline;
import rill.codec.Lines;

/** Lines of 32 bytes: found, passed on, and not examined further. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Messages.COUNT)
public class LineDecoding {
    private final ByteBuf input = Messages.repeated("abcdefghijklmnopqrstuvwxyz0123\r\n");
    private int count;
    private final RillSide<Integer, Integer> rill = new RillSide<>(
            Pipeline.of(Lines.of().with(Skipping.CODEC)), connection -> connection.onMessage(message -> count++));
    private final Messages.Counter counter = new Messages.Counter();
    private final NettySide netty = new NettySide(new LineBasedFrameDecoder(8192), counter);

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
