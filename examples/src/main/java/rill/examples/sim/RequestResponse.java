package rill.examples.sim;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import rill.Client;
import rill.ClientProtocol;
import rill.ConnectOptions;
import rill.Future;
import rill.Loop;
import rill.codec.Text;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/**
 * Clients that call a server under the swarm: every call ends in its own answer or in a failure of the right type, no request arrives twice, and
 * nothing is pending past its deadline.
 */
final class RequestResponse implements Scenario {
    private static final int PORT = 7000;
    private static final int AT_ONCE = 8;
    private static final Duration DEADLINE = Duration.ofSeconds(3);
    private static final Duration LONGEST = Duration.ofMinutes(20);

    private final int clients;
    private final int calls;
    private final boolean swarm;

    /** Creates the scenario with ten clients and a thousand calls each. */
    RequestResponse() {
        this(10, 1_000, true);
    }

    RequestResponse(int clients, int calls, boolean swarm) {
        this.clients = clients;
        this.calls = calls;
        this.swarm = swarm;
    }

    @Override
    public void run(Simulation simulation) {
        var run = new Run(simulation);
        simulation.sometimes("a call is answered", () -> run.answered > 0);
        simulation.host("server", run::serve);
        int hosts = simulation.atMost(clients, "clients");
        for (int i = 0; i < hosts; i++) {
            simulation.host("client" + i, run::call);
        }
        var faults = swarm ? simulation.inject(Faults.swarm()) : null;
        simulation.runUntil(
                () -> run.finished.size() == hosts || simulation.elapsed().compareTo(LONGEST) > 0);
        run.stopping = true;
        if (faults != null) {
            faults.close();
        }
        simulation.run(DEADLINE.multipliedBy(2));
        run.check();
    }

    /** What happened in one run. */
    private final class Run {
        private final Findings findings;
        private final Set<String> arrived = new HashSet<>(); // looked up, never iterated
        private final Map<String, Integer> ended = new HashMap<>();
        private final Map<String, Caller> callers = new LinkedHashMap<>(); // the present caller of each host
        private int begun;
        private int answered;
        private final Set<String> finished = new HashSet<>();
        private final int callsOfEach;
        private boolean stopping;

        Run(Simulation simulation) {
            findings = new Findings(simulation);
            callsOfEach = simulation.atMost(calls, "calls of each");
        }

        void serve(Host host) {
            Loop loop = findings.loop(host);
            loop.serve(host.address(PORT), Text.lines(), request -> {
                findings.require(arrived.add(request), "request " + request + " arrived twice");
                if (loop.random().nextInt(10) > 0) {
                    return Future.of("answer to " + request);
                }
                return loop.delay(Duration.ofMillis(loop.random().nextInt(50))).map(nothing -> "answer to " + request);
            });
        }

        void call(Host host) {
            var caller = new Caller(findings.loop(host), host.name());
            callers.put(host.name(), caller);
            caller.connect();
        }

        void check() {
            int stuck = callers.values().stream().mapToInt(each -> each.open).sum();
            findings.require(stuck == 0, stuck + " of " + begun + " calls are stuck past their deadlines");
            findings.throwIfAny();
        }

        /** One client, from its host's start to a crash or the end of the run. */
        private final class Caller {
            private final Loop loop;
            private final String name;
            private int inProgress;
            private int open;

            Caller(Loop loop, String name) {
                this.loop = loop;
                this.name = name;
            }

            void connect() {
                loop.connect(
                                "server",
                                PORT,
                                ClientProtocol.inOrder(Text.lines()).deadline(DEADLINE),
                                ConnectOptions.defaults().timeout(DEADLINE))
                        .onDone((client, failure) -> {
                            if (client == null) {
                                requireTyped(failure);
                                loop.schedule(Duration.ofMillis(300), "connect again", this::connect);
                            } else {
                                batch(client);
                            }
                        });
            }

            private void batch(Client<String, String> client) {
                if (stopping || ended.getOrDefault(name, 0) >= callsOfEach) {
                    finished.add(name);
                    client.finish();
                    return;
                }
                inProgress = 1 + loop.random().nextInt(AT_ONCE);
                for (int n = inProgress; n > 0; n--) {
                    String request = name + "-" + ++begun;
                    open++;
                    client.call(request).onDone((answer, failure) -> end(client, request, answer, failure));
                }
            }

            private void end(Client<String, String> client, String request, String answer, Throwable failure) {
                open--;
                ended.merge(name, 1, Integer::sum);
                if (failure == null) {
                    answered++;
                    findings.require(
                            answer.equals("answer to " + request), "request " + request + " was given: " + answer);
                } else {
                    requireTyped(failure);
                }
                if (--inProgress > 0) {
                    return;
                }
                if (failure == null) {
                    loop.schedule(Duration.ofMillis(loop.random().nextInt(100)), "next calls", () -> batch(client));
                } else {
                    client.close();
                    loop.schedule(Duration.ofMillis(100), "connect again", this::connect);
                }
            }

            private void requireTyped(Throwable failure) {
                findings.require(
                        failure instanceof IOException || failure instanceof rill.CancelledException,
                        "a call failed with " + failure);
            }
        }
    }
}
