package rill.examples.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.codec.Text;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/**
 * Connections whose ends do anything at any time, under the swarm: write, flush, pause, resume, receive, give up, close, abort. What arrives is a
 * prefix of what was sent, every Future settles in the end, and no connection is left.
 */
final class AtRandom implements Scenario {
    private static final int PORT = 7000;
    private static final int CLIENTS = 3;
    private static final int ROWDY = 20_000; // milliseconds
    private static final Duration QUIET = Duration.ofHours(1);

    /** For the catalogue. */
    AtRandom() {}

    @Override
    public void run(Simulation simulation) {
        var run = new Run(simulation);
        simulation.host("server", run::listen);
        int clients = simulation.atMost(CLIENTS, "clients");
        for (int i = 0; i < clients; i++) {
            simulation.host("client" + i, run::connect);
        }
        try (var _ = simulation.inject(Faults.swarm())) {
            simulation.run(Duration.ofMillis(simulation.atMost(ROWDY, "milliseconds of it")));
        }
        run.stopping = true;
        run.ends.forEach(End::finish);
        simulation.run(QUIET);
        run.check();
    }

    private static final class Run {
        private final Simulation simulation;
        private final Findings findings;
        private final List<End> ends = new ArrayList<>();
        private final List<Loop> loops = new ArrayList<>();
        private final Map<String, Integer> counts = new HashMap<>(); // lines sent and received, by stream name
        private boolean stopping;
        private int names;

        Run(Simulation simulation) {
            this.simulation = simulation;
            this.findings = new Findings(simulation);
        }

        Loop open(Host host) {
            Loop loop = findings.loop(host);
            loops.add(loop);
            return loop;
        }

        void listen(Host host) {
            Loop loop = open(host);
            loop.listen(host.address(PORT), Text.lines(), connection -> begin(loop, connection));
        }

        void connect(Host host) {
            connect(open(host));
        }

        private void connect(Loop loop) {
            if (stopping) {
                return;
            }
            loop.connect("server", PORT, Text.lines()).onDone((connection, failure) -> {
                if (connection != null) {
                    begin(loop, connection);
                }
            });
            loop.schedule(Duration.ofMillis(loop.random().nextInt(2_000)), "connect", () -> connect(loop));
        }

        private void begin(Loop loop, Connection<String, String> connection) {
            var end = new End(this, loop, connection, "s" + ++names);
            ends.add(end);
            end.start();
            if (stopping) {
                end.finish();
            }
        }

        void received(String line) {
            int dash = line.indexOf('-');
            String stream = line.substring(0, dash);
            int number = Integer.parseInt(line.substring(dash + 1, line.indexOf(' ')));
            int expected = counts.merge(stream + " received", 1, Integer::sum);
            findings.require(number == expected, stream + " gave line " + number + " where " + expected + " was due");
            findings.require(
                    number <= counts.getOrDefault(stream + " sent", 0),
                    stream + " gave a line that was not sent: " + line);
        }

        void check() {
            for (End end : ends) {
                findings.require(
                        end.connection.closed().isDone(),
                        end.name + " is not closed: " + end.connection + " at " + end.did);
                findings.require(
                        end.futures.stream().allMatch(Future::isDone),
                        end.name + " has Futures that are not done: " + end.unfinished() + " after " + end.did);
            }
            for (Loop loop : loops) {
                findings.require(
                        loop.isClosed() || loop.connections() == 0,
                        loop + " still has " + loop.connections() + " connections");
            }
            findings.throwIfAny();
        }
    }

    /** One end of a connection. */
    private static final class End {
        private final Run run;
        private final Loop loop;
        private final Connection<String, String> connection;
        private final String name;
        private final RandomGenerator random;
        private final List<Future<?>> futures = new ArrayList<>();
        private final List<String> did = new ArrayList<>();
        private boolean pulls;
        private boolean over;
        private int sent;

        End(Run run, Loop loop, Connection<String, String> connection, String name) {
            this.run = run;
            this.loop = loop;
            this.connection = connection;
            this.name = name;
            this.random = loop.random();
        }

        void start() {
            connection.onFailure(failure -> {});
            pulls = random.nextBoolean();
            if (!pulls) {
                connection.onMessage(line -> {
                    run.received(line);
                    if (random.nextInt(6) == 0) {
                        act();
                    }
                });
            }
            connection.closed().onDone((nothing, failure) -> over = true);
            later();
        }

        private void later() {
            loop.schedule(Duration.ofMillis(random.nextInt(400)), "act", () -> {
                if (!over && !run.stopping) {
                    act();
                    later();
                }
            });
        }

        private void act() {
            int what = random.nextInt(40);
            did.add(run.simulation.elapsed().toMillis() + ":" + what);
            if (what < 22) {
                write(random.nextInt(20) == 0 ? 100 : 1 + random.nextInt(4));
            } else if (what < 25) {
                futures.add(connection.flush());
            } else if (what < 28) {
                connection.pause();
            } else if (what < 32) {
                connection.resume();
            } else if (what < 38) {
                receive(random.nextInt(4) == 0);
            } else if (what == 38) {
                connection.close();
            } else if (random.nextInt(3) == 0) {
                connection.abort();
            }
        }

        private void write(int lines) {
            for (int n = 0; n < lines; n++) {
                String line = name + "-" + ++sent + " " + "x".repeat(random.nextInt(lines > 50 ? 4_000 : 100));
                run.counts.put(name + " sent", sent);
                futures.add(connection.write(line));
            }
        }

        private void receive(boolean andGiveUp) {
            if (!pulls) {
                return;
            }
            Future<@Nullable String> next = connection.receive();
            futures.add(next);
            next.onDone((line, failure) -> {
                if (line != null) {
                    run.received(line);
                }
            });
            if (andGiveUp) {
                loop.schedule(Duration.ofMillis(random.nextInt(50)), "give up", next::cancel);
            }
        }

        /** Brings the end to its close, whatever state it is in. */
        void finish() {
            if (!loop.isClosed()) {
                loop.schedule("finish", () -> {
                    if (!over) {
                        connection.resume();
                        connection.close();
                    }
                });
            }
        }

        List<String> unfinished() {
            return futures.stream()
                    .filter(future -> !future.isDone())
                    .map(Future::toString)
                    .toList();
        }
    }
}
