package rill.examples.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/** A server with many clients that ask for much and read slowly: a client that reads at once is served as if it were alone. */
final class SlowReaders implements Scenario {
    private static final int PORT = 7000;
    private static final int SLOW = 10;
    private static final int ANSWER = 16 * 1024;
    private static final int REQUESTS = 20;
    private static final Duration PROMPT = Duration.ofMillis(100);

    /** For the catalogue. */
    SlowReaders() {}

    @Override
    public void run(Simulation simulation) throws Exception {
        var findings = new Findings(simulation);
        Host host = simulation.host("server");
        Loop server = findings.loop(host);
        server.serve(host.address(PORT), Pipeline.bytes(), request -> {
                    request.release();
                    return Future.of(Unpooled.directBuffer(ANSWER).writeZero(ANSWER));
                })
                .await();
        int requests = simulation.atMost(REQUESTS, "requests of each");
        int slow = simulation.atMost(SLOW, "slow readers");
        for (int i = 0; i < slow; i++) {
            Host reader = simulation.host("slow" + i);
            Loop loop = findings.loop(reader);
            loop.task("read slowly", () -> readSlowly(loop, host, requests));
        }
        Loop loop = findings.loop(simulation.host("prompt"));
        simulation.run(Duration.ofSeconds(2));
        loop.run(() -> {
            Connection<ByteBuf, ByteBuf> connection =
                    loop.connect(host.address(PORT), Pipeline.bytes()).await();
            for (int n = 0; n < requests; n++) {
                Duration before = simulation.elapsed();
                ask(connection);
                read(connection, ANSWER);
                Duration took = simulation.elapsed().minus(before);
                findings.require(took.compareTo(PROMPT) <= 0, "answer " + n + " took " + took);
            }
            connection.close();
            return null;
        });
        findings.throwIfAny();
    }

    private static Object readSlowly(Loop loop, Host server, int requests) throws IOException {
        Connection<ByteBuf, ByteBuf> connection =
                loop.connect(server.address(PORT), Pipeline.bytes()).await();
        for (int n = 0; n < requests; n++) {
            ask(connection);
        }
        while (true) {
            ByteBuf part = connection.receive().await();
            if (part == null) {
                return "ended";
            }
            part.release();
            loop.delay(Duration.ofMillis(loop.random().nextInt(500))).await();
        }
    }

    private static void ask(Connection<ByteBuf, ByteBuf> connection) throws IOException {
        connection.write(Unpooled.directBuffer(1).writeByte('?')).await();
    }

    private static void read(Connection<ByteBuf, ByteBuf> connection, int size) throws IOException {
        for (int left = size; left > 0; ) {
            ByteBuf part = connection.receive().await();
            if (part == null) {
                throw new IOException("the server has ended with " + left + " bytes to come");
            }
            left -= part.readableBytes();
            part.release();
        }
    }
}
