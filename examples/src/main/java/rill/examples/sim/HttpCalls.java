package rill.examples.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.CancelledException;
import rill.ConnectOptions;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.http.ClientRequest;
import rill.http.ClientResponse;
import rill.http.HttpBody;
import rill.http.HttpClient;
import rill.http.HttpClientOptions;
import rill.http.wire.Data;
import rill.http.wire.End;
import rill.http.wire.Head;
import rill.http.wire.HttpFields;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/**
 * HTTP clients that call a server under the swarm, while it resets connections before, within and after its answers, never answers, and lets bodies drip.
 * Every call ends in its own answer, whole, or in a typed failure; a POST arrives once at most, a GET twice; what is said to be never sent has not
 * arrived; what was given up leaves nothing behind; and when all is calm calls are soon answered, without help.
 */
final class HttpCalls implements Scenario {
    private static final int PORT = 8080;
    private static final int CLIENTS = 2;
    private static final int ROWDY = 20_000; // milliseconds
    private static final Duration SHORT = Duration.ofSeconds(3);
    private static final Duration SOON = Duration.ofSeconds(60);

    /** For the catalogue. */
    HttpCalls() {}

    @Override
    public void run(Simulation simulation) {
        var run = new Run(simulation);
        simulation.sometimes("a call is answered", () -> run.answered > 0);
        simulation.sometimes("a request arrives twice", () -> run.again);
        simulation.sometimes("a call is never sent", () -> !run.neverSent.isEmpty());
        simulation.sometimes("a body is cut", () -> run.cut > 0);
        simulation.host("server", run::serve);
        int clients = simulation.atMost(CLIENTS, "clients");
        for (int i = 0; i < clients; i++) {
            simulation.host("client" + i, run::call);
        }
        Duration rowdy = Duration.ofMillis(simulation.atMost(ROWDY, "milliseconds of it"));
        try (var _ = simulation.inject(Faults.swarm().calm(rowdy))) {
            simulation.run(rowdy);
        }
        run.calm = true;
        run.lives.values().forEach(life -> life.answeredSince = false);
        simulation.runUntil(() -> run.lives.values().stream().allMatch(life -> life.answeredSince), SOON);
        run.stopping = true;
        simulation.run(SHORT.multipliedBy(10));
        run.lives.values().forEach(life -> life.client.close());
        simulation.run(SHORT.multipliedBy(4));
        run.check();
    }

    /** What is known of one run from outside. */
    private static final class Run {
        private final Simulation simulation;
        private final Findings findings;
        private final Map<String, Integer> arrived = new HashMap<>(); // looked up; so is the other that hashes
        private final Set<String> neverSent = new HashSet<>();
        private final Map<String, Life> lives = new LinkedHashMap<>(); // by host: its present one
        private int begun;
        private int answered;
        private int cut;
        private boolean again;
        private boolean calm;
        private boolean stopping;

        Run(Simulation simulation) {
            this.simulation = simulation;
            this.findings = new Findings(simulation);
        }

        void serve(Host host) {
            Loop loop = findings.loop(host);
            loop.listen(host.address(PORT), HttpWire.server(), connection -> new Visit(this, loop, connection).begin());
        }

        void call(Host host) {
            var life = new Life(this, findings.loop(host), host.name());
            lives.put(host.name(), life);
            life.later();
        }

        boolean buggify(double probability, String what) {
            return simulation.buggify(probability, what);
        }

        void arrives(String method, String request) {
            int times = arrived.merge(request, 1, Integer::sum);
            again |= times > 1;
            findings.require(
                    times <= (method.equals("GET") ? 2 : 1),
                    method + " " + request + " has arrived " + times + " times");
        }

        void check() {
            neverSent.forEach(request ->
                    findings.require(!arrived.containsKey(request), request + " was never sent, and has arrived"));
            for (Life life : lives.values()) {
                findings.require(life.open == 0, life.open + " calls of " + life.name + " have not ended");
                findings.require(life.loop.connections() == 0, life.name + " still has connections");
            }
            findings.throwIfAny();
        }
    }

    /** One connection, as the server sees it. */
    private static final class Visit {
        private final Run run;
        private final Loop loop;
        private final Connection<RequestEvent, ResponseEvent> connection;
        private @Nullable RequestHead head;
        private int received;

        Visit(Run run, Loop loop, Connection<RequestEvent, ResponseEvent> connection) {
            this.run = run;
            this.loop = loop;
            this.connection = connection;
        }

        void begin() {
            connection.onFailure(failure -> {}).onMessage(this::event);
        }

        private void event(RequestEvent event) {
            boolean whole = false;
            switch (event) {
                case RequestHead begins -> {
                    head = begins;
                    received = 0;
                    whole = !begins.hasBody();
                }
                case Data data -> {
                    received += data.size();
                    whole = data.isLast();
                    data.release();
                }
                case End end -> whole = true;
                default -> throw new IllegalStateException("not a part of a request: " + event);
            }
            RequestHead request = head;
            if (whole && request != null) {
                head = null;
                answer(request);
            }
        }

        private void answer(RequestHead request) {
            String name = request.target().substring(1);
            run.arrives(request.method(), name);
            String expected = request.fields().get("x-size");
            run.findings.require(
                    expected == null || expected.equals("" + received),
                    name + " came with " + received + " of " + expected + " bytes");
            if (run.buggify(0.03, "resets instead of an answer")) {
                connection.abort();
            } else if (!run.buggify(0.02, "never answers")) {
                int pause = loop.random().nextInt(4) > 0 ? 0 : loop.random().nextInt(80);
                loop.schedule(Duration.ofMillis(pause), "an answer", () -> write(name));
            }
        }

        private void write(String name) {
            byte[] body = ("answer to " + name + ". ")
                    .repeat(1 + loop.random().nextInt(1 + loop.random().nextInt(3000)))
                    .getBytes(StandardCharsets.US_ASCII);
            boolean chunked = loop.random().nextBoolean();
            if (loop.random().nextInt(5) == 0) {
                connection.write(ResponseHead.of(103, HttpFields.none()));
            }
            ResponseHead response = ResponseHead.of(200, HttpFields.of("X-Length", "" + body.length));
            if (loop.random().nextInt(20) == 0) {
                response = response.close();
            }
            connection.write(response.bodyLength(chunked ? Head.CHUNKED : body.length));
            drip(body, 0, run.buggify(0.05, "cuts a body"));
        }

        private void drip(byte[] body, int from, boolean cuts) {
            int size = Math.min(body.length - from, 1 + loop.random().nextInt(20_000));
            if (cuts && (from > 0 || loop.random().nextBoolean())) {
                run.cut++;
                if (loop.random().nextBoolean()) {
                    connection.abort();
                } else {
                    connection.close();
                }
                return;
            }
            connection.write(Data.of(Unpooled.wrappedBuffer(body, from, size))).onDone((nothing, failure) -> {
                if (failure == null && from + size < body.length) {
                    loop.schedule(
                            Duration.ofMillis(loop.random().nextInt(10)),
                            "a piece",
                            () -> drip(body, from + size, cuts));
                } else if (failure == null) {
                    connection.write(End.of());
                    if (run.buggify(0.05, "closes after an answer")) {
                        connection.close();
                    }
                }
            });
        }
    }

    /** One client, from its host's start to a crash or the end of the run. */
    private static final class Life {
        private final Run run;
        private final Loop loop;
        private final String name;
        private final HttpClient client;
        private int open;
        private boolean answeredSince;

        Life(Run run, Loop loop, String name) {
            this.run = run;
            this.loop = loop;
            this.name = name;
            RandomGenerator random = loop.random();
            this.client = HttpClient.on(
                    loop,
                    HttpClientOptions.defaults()
                            .connections(1 + random.nextInt(4))
                            .waiting(20)
                            .connect(ConnectOptions.defaults().timeout(SHORT))
                            .keep(Duration.ofSeconds(1 + random.nextInt(8)))
                            .headTimeout(SHORT)
                            .idleTimeout(SHORT)
                            .within(SHORT.multipliedBy(3)));
        }

        void later() {
            loop.schedule(Duration.ofMillis(loop.random().nextInt(300)), "calls", () -> {
                if (!run.stopping) {
                    int burst = loop.random().nextInt(8) == 0 ? 12 : 2;
                    for (int n = loop.random().nextInt(burst); n >= 0; n--) {
                        call();
                    }
                    later();
                }
            });
        }

        private void call() {
            RandomGenerator random = loop.random();
            String request = name + "-" + ++run.begun;
            URI uri = URI.create("http://server:" + PORT + "/" + request);
            ClientRequest asks = ClientRequest.get(uri);
            if (random.nextBoolean()) {
                int size = random.nextInt(40_000);
                asks = ClientRequest.post(uri, random.nextBoolean() ? HttpBody.of(new byte[size]) : streamed(size))
                        .field("X-Size", "" + size);
            }
            boolean sinceCalm = run.calm;
            open++;
            Future<ClientResponse> answer = client.send(asks);
            answer.onDone((response, failure) -> {
                if (response != null) {
                    read(request, response, sinceCalm);
                } else {
                    failed(request, failure);
                }
            });
            if (random.nextInt(20) == 0) {
                loop.schedule(Duration.ofMillis(random.nextInt(100)), "give up", answer::cancel);
            }
        }

        private HttpBody streamed(int size) {
            var left = new int[] {size};
            return HttpBody.stream(() -> {
                int next = Math.min(left[0], 1 + loop.random().nextInt(10_000));
                left[0] -= next;
                ByteBuf piece = next == 0 ? null : Unpooled.wrappedBuffer(new byte[next]);
                return loop.delay(Duration.ofMillis(loop.random().nextInt(10)))
                        .<@Nullable ByteBuf>map(nothing -> piece);
            });
        }

        private void read(String request, ClientResponse response, boolean sinceCalm) {
            RandomGenerator random = loop.random();
            if (random.nextInt(10) == 0) {
                response.discard();
                open--;
                return;
            }
            Future<String> text = response.text();
            text.onDone((body, failure) -> {
                open--;
                if (body != null) {
                    run.answered++;
                    answeredSince |= sinceCalm;
                    String one = "answer to " + request + ". ";
                    String length = response.fields().get("x-length");
                    run.findings.require(
                            body.startsWith(one) && ("" + body.length()).equals(length),
                            request + " was given " + body.length() + " of " + length + " bytes: "
                                    + body.substring(0, Math.min(40, body.length())));
                } else {
                    run.findings.require(
                            failure instanceof IOException || failure instanceof CancelledException,
                            "the body of " + request + " failed with " + failure);
                }
            });
            if (random.nextInt(20) == 0) {
                loop.schedule(Duration.ofMillis(random.nextInt(50)), "give up", text::cancel);
            }
        }

        private void failed(String request, @Nullable Throwable failure) {
            open--;
            if (failure instanceof CallFailedException failed) {
                if (failed.fate() == Fate.NEVER_SENT) {
                    run.neverSent.add(request);
                }
            } else {
                run.findings.require(failure instanceof CancelledException, request + " failed with " + failure);
            }
        }
    }
}
