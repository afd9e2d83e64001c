package rill.bench.program;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Client;
import rill.ClientProtocol;
import rill.ConnectOptions;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.codec.Text;
import rill.transport.sim.Faults;
import rill.transport.sim.Freedom;
import rill.transport.sim.Host;
import rill.transport.sim.Simulation;

/** The simulations that are measured. */
final class Simulations {
    private static final int PORT = 7000;
    private static final Duration DEADLINE = Duration.ofSeconds(1);

    private Simulations() {}

    /**
     * The result of a simulation.
     *
     * @param count the number of calls, messages, connections or steps
     */
    record Run(Simulation simulation, long count) {}

    private static Loop loop(Host host) {
        return host.loop(LoopOptions.defaults().name(host.name()).reporter(report -> {}));
    }

    // ---- calls with hedging, under the swarm

    /**
     * A client calls one of two servers a hundred times a second, for this many seconds, and also the other one if there is no answer within 20 ms;
     * faults come and go.
     */
    static Run hedgedCalls(int seconds) {
        // With some seeds the swarm is so dense that next to nothing is answered.
        Simulation simulation = Simulation.seed(2).limits(Long.MAX_VALUE, Duration.ofDays(30));
        List<String> servers = List.of("server1", "server2");
        for (String each : servers) {
            simulation.host(each, host -> loop(host).serve(host.address(PORT), Text.lines(), Future::of));
        }
        var hedging = new Hedging(loop(simulation.host("client")), servers);
        hedging.begin();
        simulation.inject(Faults.swarm());
        simulation.run(Duration.ofSeconds(seconds));
        if (hedging.answered < seconds * 50L) {
            throw new IllegalStateException("only " + hedging.answered + " calls in " + seconds + " s were answered");
        }
        return new Run(simulation, hedging.answered);
    }

    private static final class Hedging {
        private static final Duration BETWEEN = Duration.ofMillis(10);
        private static final Duration HEDGE = Duration.ofMillis(20);

        private final Loop loop;
        private final List<String> servers;
        private final List<@Nullable Client<String, String>> clients = new ArrayList<>();
        private long made;
        private long answered;

        Hedging(Loop loop, List<String> servers) {
            this.loop = loop;
            this.servers = servers;
        }

        void begin() {
            for (int i = 0; i < servers.size(); i++) {
                clients.add(null);
                connect(i);
            }
            loop.schedule(BETWEEN, "call", this::call);
        }

        private void connect(int server) {
            clients.set(server, null);
            loop.connect(
                            servers.get(server),
                            PORT,
                            ClientProtocol.inOrder(Text.lines()).deadline(DEADLINE),
                            ConnectOptions.defaults().timeout(DEADLINE))
                    .onDone((client, failure) -> {
                        if (client == null) {
                            loop.schedule(Duration.ofMillis(100), "connect again", () -> connect(server));
                        } else {
                            clients.set(server, client);
                            client.closed().onDone((nothing, none) -> connect(server));
                        }
                    });
        }

        private void call() {
            loop.schedule(BETWEEN, "call", this::call);
            String request = "request " + ++made;
            int first = (int) (made % servers.size());
            Future<String> answer = call(first, request);
            loop.schedule(HEDGE, "hedge", () -> {
                if (!answer.isDone()) {
                    Future.any(List.of(answer, call((first + 1) % servers.size(), request)))
                            .onDone(this::done);
                } else {
                    answer.onDone(this::done);
                }
            });
        }

        private Future<String> call(int server, String request) {
            Client<String, String> client = clients.get(server);
            return client == null ? Future.failed(new IOException("no connection")) : client.call(request);
        }

        private void done(@Nullable String answer, @Nullable Throwable failure) {
            if (failure == null) {
                answered++;
            }
        }
    }

    // ---- messages by callbacks

    /** Sends this many messages to and fro between two hosts, 16 at a time. */
    static Run messages(int count) {
        Simulation simulation = Simulation.seed(1).fix(Freedom.values()).limits(Long.MAX_VALUE, Duration.ofDays(30));
        Host server = simulation.host("server");
        loop(server).listen(server.address(PORT), Text.lines(), connection -> connection.onMessage(connection::write));
        Loop loop = loop(simulation.host("client"));
        var received = new long[1];
        loop.connect(server.address(PORT), Text.lines()).onDone((connection, failure) -> {
            if (connection == null) {
                throw new IllegalStateException(failure);
            }
            connection.onMessage(message -> {
                received[0]++;
                connection.write(message);
            });
            for (int i = 0; i < 16; i++) {
                connection.write("message " + i);
            }
        });
        simulation.runUntil(() -> received[0] * 2 >= count);
        return new Run(simulation, received[0] * 2);
    }

    // ---- connections

    /** Opens this many connections between a hundred hosts, each of which has echoed a message. */
    static Run connections(int count) {
        Simulation simulation = Simulation.seed(1).fix(Freedom.values());
        List<Host> hosts = new ArrayList<>();
        List<Loop> loops = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Host host = simulation.host("host" + i);
            hosts.add(host);
            loops.add(loop(host));
            loops.getLast()
                    .listen(
                            host.address(PORT),
                            Pipeline.bytes(),
                            connection -> connection.onMessage(connection::write));
        }
        var echoed = new int[1];
        for (int i = 0; i < count; i++) {
            Host target = hosts.get((i * 7 + 1) % hosts.size());
            loops.get(i % loops.size())
                    .connect(target.address(PORT), Pipeline.bytes())
                    .onDone((connection, failure) -> {
                        if (connection == null) {
                            throw new IllegalStateException(failure);
                        }
                        echo(connection, echoed);
                    });
        }
        simulation.runUntil(() -> echoed[0] == count);
        return new Run(simulation, count);
    }

    private static void echo(Connection<ByteBuf, ByteBuf> connection, int[] echoed) {
        connection.onMessage(bytes -> {
            bytes.release();
            echoed[0]++;
        });
        connection.write(Unpooled.directBuffer(1).writeByte('?'));
    }

    // ---- steps

    /** Runs two hosts that talk until this many steps were taken. */
    static Simulation steps(int steps) {
        Simulation simulation = messages(2).simulation();
        goOn(simulation, steps);
        return simulation;
    }

    /** Takes this many further steps. */
    static long goOn(Simulation simulation, int steps) {
        long done = 0;
        while (done < steps && simulation.step()) {
            done++;
        }
        return done;
    }
}
