package rill.examples.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import rill.Connection;
import rill.ConnectionLimits;
import rill.Loop;
import rill.Pipeline;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/**
 * A writer that respects the water marks and a reader that often pauses, over a network that loses, delays and holds segments: the stream arrives
 * whole, and no more is in flight than marks and socket buffers allow.
 */
final class BackPressure implements Scenario {
    private static final int PORT = 7000;
    private static final int TOTAL = 1_000_000;
    private static final int MOST_PER_WRITE = 40_000;
    /** The high-water mark, one more write, and the buffers of both kernels. */
    private static final int MOST_UNDER_WAY =
            ConnectionLimits.defaults().highWaterMark() + MOST_PER_WRITE + 2 * 128 * 1024 + 64 * 1024;

    /** For the catalogue. */
    BackPressure() {}

    @Override
    public void run(Simulation simulation) {
        var run = new Run(simulation);
        Host reader = simulation.host("reader", run::read);
        simulation.run(Duration.ofMillis(50)); // by then the server listens
        simulation.host("writer", host -> run.write(host, reader));
        var loss = simulation.inject(Faults.loss("writer", "reader", 0.02));
        simulation.schedule(Duration.ofMillis(50), Duration.ofSeconds(2), Faults.hold("reader", "writer"));
        simulation.schedule(Duration.ofSeconds(4), Duration.ofSeconds(1), Faults.cut("reader", "writer"));
        simulation.schedule(Duration.ofSeconds(6), Duration.ofSeconds(3), Faults.pause("reader"));
        simulation.runUntil(
                () -> run.received == run.total || simulation.elapsed().compareTo(Duration.ofHours(1)) > 0);
        loss.close();
        run.findings.require(
                run.received == run.total, "only " + run.received + " of " + run.total + " bytes have come");
        run.findings.throwIfAny();
    }

    private static final class Run {
        final Findings findings;
        private int written;
        private int received;
        private final int total;

        Run(Simulation simulation) {
            findings = new Findings(simulation);
            total = simulation.atMost(TOTAL, "bytes");
        }

        void read(Host host) {
            Loop loop = findings.loop(host);
            loop.listen(
                    host.address(PORT),
                    Pipeline.bytes(),
                    connection -> connection.onMessage(bytes -> {
                        take(bytes);
                        if (loop.random().nextInt(8) == 0) {
                            connection.pause();
                            loop.schedule(Duration.ofMillis(loop.random().nextInt(300)), "go on", connection::resume);
                        }
                    }));
        }

        private void take(ByteBuf bytes) {
            for (int i = bytes.readerIndex(); i < bytes.writerIndex(); i++) {
                if (bytes.getByte(i) != (byte) (received * 31)) {
                    findings.require(false, "byte " + received + " is not the one that was sent");
                }
                received++;
            }
            bytes.release();
        }

        void write(Host host, Host reader) {
            Loop loop = findings.loop(host);
            loop.task("write", () -> {
                Connection<ByteBuf, ByteBuf> connection =
                        loop.connect(reader.address(PORT), Pipeline.bytes()).await();
                while (written < total) {
                    int size = Math.min(total - written, 1 + loop.random().nextInt(MOST_PER_WRITE));
                    ByteBuf bytes = Unpooled.directBuffer(size);
                    for (int i = 0; i < size; i++) {
                        bytes.writeByte(written++ * 31);
                    }
                    connection.write(bytes).await();
                    findings.require(
                            written - received <= MOST_UNDER_WAY,
                            written - received + " bytes are under way, more than " + MOST_UNDER_WAY);
                }
                return connection.flush().await();
            });
        }
    }
}
