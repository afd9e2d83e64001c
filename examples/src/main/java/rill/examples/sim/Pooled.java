package rill.examples.sim;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.ClientProtocol;
import rill.ClientProtocol.WhenFull;
import rill.ConnectOptions;
import rill.Future;
import rill.Loop;
import rill.Pool;
import rill.PoolOptions;
import rill.PoolOptions.WhenDown;
import rill.codec.Text;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/**
 * Pools of every shape that call two servers of one name under the swarm, while they flap and move, forget to answer and close connections. Every call ends in its own answer
 * or a typed failure; what may not be carried out twice is carried out once at most, and what is said to be never sent has not arrived; each connection
 * is greeted before anything else; and when all is calm the pools are soon back, without help.
 */
final class Pooled implements Scenario {
    private static final int PORT = 7000;
    private static final int CLIENTS = 3;
    private static final int ROWDY = 30_000; // milliseconds
    private static final int RETRIES = 2;
    private static final Duration DEADLINE = Duration.ofSeconds(3);
    private static final Duration SOON = Duration.ofSeconds(60);

    /** For the catalogue. */
    Pooled() {}

    @Override
    public void run(Simulation simulation) {
        var run = new Run(simulation);
        simulation.sometimes("a call is answered", () -> run.answered > 0);
        simulation.sometimes("a call is carried out again", () -> run.again);
        simulation.sometimes("a call is never sent", () -> !run.neverSent.isEmpty());
        run.servers.add(simulation.host("server0", run::serve));
        run.servers.add(simulation.host("server1", run::serve));
        simulation.name("service", run.servers.toArray(Host[]::new));
        int clients = simulation.atMost(CLIENTS, "clients");
        for (int i = 0; i < clients; i++) {
            simulation.host("client" + i, run::call);
        }
        Duration rowdy = Duration.ofMillis(simulation.atMost(ROWDY, "milliseconds of it"));
        try (var _ = simulation.inject(Faults.swarm().calm(rowdy))) {
            simulation.run(rowdy.dividedBy(2));
            if (simulation.random().nextBoolean()) { // it has moved
                simulation.name("service", run.servers.getLast());
            }
            simulation.run(rowdy.minus(rowdy.dividedBy(2)));
        }
        run.calm = true;
        run.lives.values().forEach(life -> life.answeredSince = false);
        simulation.runUntil(() -> run.lives.values().stream().allMatch(life -> life.answeredSince), SOON);
        run.stopping = true;
        run.lives.values().forEach(Life::finish);
        simulation.run(DEADLINE.multipliedBy(4));
        run.check();
    }

    /** What is known of one run from outside. */
    private static final class Run {
        private final Simulation simulation;
        private final Findings findings;
        private final List<Host> servers = new ArrayList<>();
        private final Map<String, Integer> arrived = new HashMap<>(); // looked up; so are the others that hash
        private final Set<String> neverSent = new HashSet<>();
        private final Map<String, Life> lives = new LinkedHashMap<>(); // by host: its present one
        private int begun;
        private int answered;
        private boolean again;
        private boolean calm;
        private boolean stopping;

        Run(Simulation simulation) {
            this.simulation = simulation;
            this.findings = new Findings(simulation);
        }

        void serve(Host host) {
            Loop loop = findings.loop(host);
            loop.serveEach(host.address(PORT), Text.lines(), peer -> new Visit(this, loop)::handle);
        }

        void call(Host host) {
            var life = new Life(this, findings.loop(host), host.name());
            lives.put(host.name(), life);
            life.later();
        }

        void arrives(String request) {
            int times = arrived.merge(request, 1, Integer::sum);
            boolean idempotent = request.startsWith("get");
            again |= times > 1;
            findings.require(times == 1 || idempotent, request + " was carried out " + times + " times");
            findings.require(times <= 1 + RETRIES, request + " was sent " + times + " times");
        }

        void check() {
            neverSent.forEach(request ->
                    findings.require(!arrived.containsKey(request), request + " was never sent, and has arrived"));
            for (Life life : lives.values()) {
                findings.require(life.open == 0, life.open + " calls of " + life.name + " have not ended");
                findings.require(life.pool.closed().isDone(), "the pool of " + life.name + " is not gone");
                findings.require(life.loop.connections() == 0, life.name + " still has connections");
            }
            findings.throwIfAny();
        }
    }

    /** One connection, as the server sees it. */
    private static final class Visit {
        private final Run run;
        private final Loop loop;
        private boolean greeted;

        Visit(Run run, Loop loop) {
            this.run = run;
            this.loop = loop;
        }

        Future<String> handle(String request) {
            if (!greeted) {
                run.findings.require(request.equals("hello"), "a connection began with " + request);
                greeted = true;
                return run.simulation.buggify(0.3, "refuses to be greeted") ? refusal() : Future.of("hello");
            }
            run.findings.require(!request.equals("hello"), "a connection was greeted twice");
            if (!request.equals("ping")) {
                run.arrives(request);
            }
            if (run.simulation.buggify(0.02, "closes instead of an answer")) {
                return refusal();
            }
            if (run.simulation.buggify(0.02, "never answers")) {
                return loop.promise();
            }
            String answer = "answer to " + request;
            return loop.random().nextInt(5) > 0
                    ? Future.of(answer)
                    : loop.delay(Duration.ofMillis(loop.random().nextInt(80))).map(nothing -> answer);
        }

        private static Future<String> refusal() {
            return Future.failed(new IOException("no more of this connection"));
        }
    }

    /** One client, from its host's start to a crash or the end of the run. */
    private static final class Life {
        private final Run run;
        private final Loop loop;
        private final String name;
        private final Pool<String, String> pool;
        private int open;
        private boolean answeredSince;

        Life(Run run, Loop loop, String name) {
            this.run = run;
            this.loop = loop;
            this.name = name;
            RandomGenerator random = loop.random();
            ClientProtocol<String, String> protocol = ClientProtocol.inOrder(Text.lines())
                    .deadline(DEADLINE)
                    .inFlight(1 + random.nextInt(8), WhenFull.WAIT)
                    .waiting(20)
                    .first(client -> client.call("hello"))
                    .probe(client -> client.call("ping"))
                    .idempotent(request -> request.startsWith("get"));
            pool = loop.pool("service", PORT, protocol, options(random));
        }

        private static PoolOptions options(RandomGenerator random) {
            PoolOptions options = PoolOptions.defaults()
                    .connect(ConnectOptions.defaults().timeout(DEADLINE))
                    .retries(RETRIES);
            int most = 1 + random.nextInt(4);
            int least = random.nextInt(most + 1);
            options = options.connections(least, most);
            if (least < most && random.nextBoolean()) {
                options = options.busyAt(1 + random.nextInt(4)).idleTime(Duration.ofSeconds(2 + random.nextInt(4)));
            }
            if (random.nextBoolean()) {
                options = options.probe(Duration.ofSeconds(1), Duration.ofSeconds(1));
            }
            if (random.nextBoolean()) {
                options = options.maxAge(Duration.ofSeconds(8 + random.nextInt(8)));
            }
            return least > 0 && random.nextInt(4) == 0 ? options.whenDown(WhenDown.FAIL) : options;
        }

        void later() {
            loop.schedule(Duration.ofMillis(loop.random().nextInt(200)), "calls", () -> {
                if (!run.stopping) {
                    int burst = loop.random().nextInt(8) == 0 ? 20 : 3;
                    for (int n = loop.random().nextInt(burst); n >= 0; n--) {
                        call();
                    }
                    later();
                }
            });
        }

        private void call() {
            RandomGenerator random = loop.random();
            String request = (random.nextBoolean() ? "get " : "put ") + name + "-" + ++run.begun;
            boolean sinceCalm = run.calm;
            open++;
            Future<String> answer = random.nextInt(4) == 0
                    ? pool.call(request, Duration.ofMillis(1 + random.nextInt(3_000)))
                    : pool.call(request);
            answer.onDone((text, failure) -> ended(request, text, failure, sinceCalm));
            if (random.nextInt(20) == 0) {
                loop.schedule(Duration.ofMillis(random.nextInt(100)), "give up", answer::cancel);
            }
        }

        private void ended(String request, @Nullable String answer, @Nullable Throwable failure, boolean sinceCalm) {
            open--;
            if (answer != null) {
                run.answered++;
                answeredSince |= sinceCalm;
                run.findings.require(answer.equals("answer to " + request), request + " was given: " + answer);
            } else if (failure instanceof CallFailedException failed) {
                if (failed.fate() == Fate.NEVER_SENT) {
                    run.neverSent.add(request);
                }
            } else {
                run.findings.require(failure instanceof rill.CancelledException, request + " failed with " + failure);
            }
        }

        void finish() {
            pool.finish();
        }
    }
}
