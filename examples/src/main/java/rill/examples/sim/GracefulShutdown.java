package rill.examples.sim;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import rill.Client;
import rill.ClientProtocol;
import rill.Loop;
import rill.codec.Text;
import rill.transport.sim.Host;
import rill.transport.sim.Latency;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/** A server that is closed under load: every request that it accepted is answered, and the answer arrives. */
final class GracefulShutdown implements Scenario {
    private static final int PORT = 7000;
    private static final int CLIENTS = 5;
    private static final int LOAD_MILLIS = 500;
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    /** For the catalogue. */
    GracefulShutdown() {}

    @Override
    public void run(Simulation simulation) throws Exception {
        simulation.latency(Latency.logNormal(Duration.ofMillis(3), 0.7));
        var findings = new Findings(simulation);
        Set<String> takenOn = new TreeSet<>();
        Set<String> answered = new TreeSet<>();
        Host host = simulation.host("server");
        Loop server = findings.loop(host);
        server.serve(host.address(PORT), Text.lines(), request -> {
                    takenOn.add(request);
                    return server.delay(Duration.ofMillis(server.random().nextInt(40)))
                            .map(nothing -> request);
                })
                .await();
        int clients = simulation.atMost(CLIENTS, "clients");
        for (int i = 0; i < clients; i++) {
            Host client = simulation.host("client" + i);
            Loop loop = findings.loop(client);
            loop.connect(host.address(PORT), ClientProtocol.inOrder(Text.lines()))
                    .onDone((connected, failure) -> {
                        findings.require(failure == null, "connecting failed with " + failure);
                        if (connected != null) {
                            new Load(findings, loop, connected, client.name(), answered).call();
                        }
                    });
        }
        int load = LOAD_MILLIS / 5 + server.random().nextInt(LOAD_MILLIS * 4 / 5);
        simulation.run(Duration.ofMillis(Math.min(load, simulation.atMost(LOAD_MILLIS, "milliseconds of load"))));
        server.close(DEADLINE);
        simulation.run(Duration.ofSeconds(5));
        findings.require(!takenOn.isEmpty(), "no request was taken on");
        takenOn.removeAll(answered);
        findings.require(takenOn.isEmpty(), "taken on, and not answered: " + takenOn);
        findings.throwIfAny();
    }

    /** One client that makes call after call. */
    private static final class Load {
        private final Findings findings;
        private final Loop loop;
        private final Client<String, String> client;
        private final String name;
        private final Set<String> answered;
        private int count;

        Load(Findings findings, Loop loop, Client<String, String> client, String name, Set<String> answered) {
            this.findings = findings;
            this.loop = loop;
            this.client = client;
            this.name = name;
            this.answered = answered;
        }

        void call() {
            String request = name + "-" + ++count;
            client.call(request).onDone((answer, failure) -> {
                if (answer != null) {
                    findings.require(answer.equals(request), "request " + request + " was given: " + answer);
                    answered.add(answer);
                } else {
                    findings.require(failure instanceof IOException, "a call failed with " + failure);
                }
            });
            if (client.unanswered() > 0) {
                loop.schedule(Duration.ofMillis(loop.random().nextInt(10)), "next call", this::call);
            }
        }
    }
}
