package rill.examples.sim;

import java.io.IOException;
import java.time.Duration;
import rill.CallFailedException;
import rill.ClientProtocol;
import rill.ConnectOptions;
import rill.Future;
import rill.Loop;
import rill.Pool;
import rill.PoolOptions;
import rill.codec.Text;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/** A pool of one connection under cuts and crashes: once they are over, it is soon connected again. */
final class Reconnecting implements Scenario {
    private static final int PORT = 7000;
    private static final int ROUNDS = 5;
    private static final Duration DEADLINE = Duration.ofSeconds(1);
    private static final Duration BACK_IN_TOUCH = Duration.ofSeconds(10);
    private static final ClientProtocol<String, String> PROTOCOL =
            ClientProtocol.inOrder(Text.lines()).deadline(DEADLINE);
    private static final PoolOptions OPTIONS = PoolOptions.defaults()
            .connect(ConnectOptions.defaults().timeout(DEADLINE))
            .backOff(Duration.ofMillis(100), Duration.ofSeconds(2));

    /** For the catalogue. */
    Reconnecting() {}

    @Override
    public void run(Simulation simulation) {
        var findings = new Findings(simulation);
        simulation.host("server", host -> {
            Loop loop = findings.loop(host);
            loop.serve(host.address(PORT), Text.lines(), Future::of);
        });
        Host host = simulation.host("client");
        Loop loop = findings.loop(host);
        var talker = new Talker(simulation, loop, findings);
        loop.task("talk", talker::talk);
        int rounds = simulation.atMost(ROUNDS, "rounds");
        for (int round = 0; round < rounds; round++) {
            strike(simulation, loop);
            int before = talker.answers;
            simulation.run(BACK_IN_TOUCH);
            findings.require(talker.answers > before, "no answer within " + BACK_IN_TOUCH + " after round " + round);
        }
        findings.throwIfAny();
    }

    private static void strike(Simulation simulation, Loop loop) {
        var fault = loop.random().nextBoolean() ? Faults.crash("server") : Faults.cut("client", "server");
        try (var injected = simulation.inject(fault)) {
            simulation.run(Duration.ofMillis(loop.random().nextInt(20_000)));
            simulation.note("end of " + injected);
        }
    }

    /** The client. */
    private static final class Talker {
        private final Simulation simulation;
        private final Loop loop;
        private final Findings findings;
        private int requests;
        int answers;

        Talker(Simulation simulation, Loop loop, Findings findings) {
            this.simulation = simulation;
            this.loop = loop;
            this.findings = findings;
        }

        /** Calls again and again; the pool reconnects on its own. */
        void talk() throws IOException {
            Pool<String, String> pool = loop.pool("server", PORT, PROTOCOL, OPTIONS);
            while (true) {
                String request = "request " + ++requests;
                try {
                    String answer = pool.call(request).await();
                    findings.require(answer.equals(request), request + " was given: " + answer);
                    answers++;
                } catch (CallFailedException lost) {
                    simulation.note(request + " was lost: " + lost.fate());
                }
                loop.delay(Duration.ofMillis(50)).await();
            }
        }
    }
}
