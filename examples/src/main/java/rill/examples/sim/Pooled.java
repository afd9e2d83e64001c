package rill.examples.sim;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import rill.ClientProtocol;
import rill.ClientProtocol.WhenFull;
import rill.ConnectOptions;
import rill.Future;
import rill.Loop;
import rill.Pool;
import rill.PoolOptions;
import rill.PoolOptions.WhenDown;
import rill.codec.Text;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/**
 * Pools of every shape that call two servers of one name under the swarm, while the servers flap and move, forget to answer and close connections.
 * Every call ends in its own answer or a typed failure; calls that must not be executed twice are executed at most once, and a call that failed as
 * never sent has not arrived; each connection is greeted before anything else; and in the calm part the pools soon recover, without help.
 */
final class Pooled implements Scenario {
    private static final int PORT = 7000;
    private static final int CLIENTS = 3;
    private static final int ROWDY = 30_000; // milliseconds
    private static final int RETRIES = 2;
    private static final Duration DEADLINE = Duration.ofSeconds(3);

    /** For the catalogue. */
    Pooled() {}

    @Override
    public void run(Simulation simulation) {
        var ledger = new CallLedger(simulation);
        List<Host> servers = List.of(
                simulation.host("server0", host -> serve(ledger, host)),
                simulation.host("server1", host -> serve(ledger, host)));
        simulation.name("service", servers.toArray(Host[]::new));
        ledger.clients(CLIENTS, host -> new Life(ledger, host));
        ledger.run(ROWDY, () -> {
            if (simulation.random().nextBoolean()) { // it has moved
                simulation.name("service", servers.getLast());
            }
        });
        ledger.closeClients();
        simulation.run(DEADLINE.multipliedBy(4));
        ledger.check();
    }

    private static void serve(CallLedger ledger, Host host) {
        Loop loop = ledger.findings().loop(host);
        loop.serveEach(host.address(PORT), Text.lines(), peer -> new Visit(ledger, loop)::handle);
    }

    private static void arrives(CallLedger ledger, String request) {
        int times = ledger.arrives(request);
        boolean idempotent = request.startsWith("get");
        ledger.findings().require(times == 1 || idempotent, request + " was carried out " + times + " times");
        ledger.findings().require(times <= 1 + RETRIES, request + " was sent " + times + " times");
    }

    /** One connection, as the server sees it. */
    private static final class Visit {
        private final CallLedger ledger;
        private final Loop loop;
        private boolean greeted;

        Visit(CallLedger ledger, Loop loop) {
            this.ledger = ledger;
            this.loop = loop;
        }

        Future<String> handle(String request) {
            if (!greeted) {
                ledger.findings().require(request.equals("hello"), "a connection began with " + request);
                greeted = true;
                return ledger.buggify(0.3, "refuses to be greeted") ? refusal() : Future.of("hello");
            }
            ledger.findings().require(!request.equals("hello"), "a connection was greeted twice");
            if (!request.equals("ping")) {
                arrives(ledger, request);
            }
            if (ledger.buggify(0.02, "closes instead of an answer")) {
                return refusal();
            }
            if (ledger.buggify(0.02, "never answers")) {
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

    private static final class Life extends CallLedger.Client {
        private final Pool<String, String> pool;

        Life(CallLedger ledger, Host host) {
            super(ledger, host, 200, 20);
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

        @Override
        void call() {
            RandomGenerator random = loop.random();
            String request = (random.nextBoolean() ? "get " : "put ") + begins();
            boolean sinceCalm = isCalm();
            Future<String> answer = random.nextInt(4) == 0
                    ? pool.call(request, Duration.ofMillis(1 + random.nextInt(3_000)))
                    : pool.call(request);
            answer.onDone((text, failure) -> {
                if (text != null) {
                    answered(request, sinceCalm, text.equals("answer to " + request), text);
                } else {
                    failed(request, failure);
                }
            });
            perhapsGivesUp(answer, 100);
        }

        @Override
        void close() {
            pool.finish();
        }

        @Override
        boolean isGone() {
            return pool.closed().isDone();
        }
    }
}
