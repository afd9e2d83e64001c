package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import rill.Connection;
import rill.Loop;
import rill.Pipeline;
import rill.transport.sim.Host;
import rill.transport.sim.Simulation;

/**
 * Sixteen megabytes are sent from one simulated host to another: the cost of a segment, including all loops, connections and buffers that it passes
 * through, and the creation of the network. Measured per segment.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Segments.COUNT)
public class Segments {
    /** The number of segments, which the same seed always gives. */
    static final int COUNT = 19_286;

    private static final int PORT = 7000;
    private static final int PIECE = 64 * 1024;
    private static final int PIECES = 256;

    private long received;

    /** Rill. */
    @Benchmark
    public long rill() {
        received = 0;
        try (var simulation = Simulation.seed(1)) {
            Host reader = simulation.host("reader", this::read);
            simulation.host("writer", host -> write(host, reader));
            simulation.runUntil(() -> received == (long) PIECES * PIECE);
            if (simulation.segments() != COUNT) {
                throw new IllegalStateException(COUNT + " segments expected, " + simulation.segments() + " were sent");
            }
            return received;
        }
    }

    private void read(Host host) {
        host.loop("reader")
                .listen(
                        host.address(PORT),
                        Pipeline.bytes(),
                        connection -> connection.onMessage(bytes -> {
                            received += bytes.readableBytes();
                            bytes.release();
                        }));
    }

    private static void write(Host host, Host reader) {
        Loop loop = host.loop("writer");
        loop.task("write", () -> {
            Connection<ByteBuf, ByteBuf> connection =
                    loop.connect(reader.address(PORT), Pipeline.bytes()).await();
            for (int i = 0; i < PIECES; i++) {
                connection
                        .write(Unpooled.directBuffer(PIECE).writerIndex(PIECE))
                        .await();
            }
            return connection.finish();
        });
    }
}
