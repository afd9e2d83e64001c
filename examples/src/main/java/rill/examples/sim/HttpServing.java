package rill.examples.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.http.HttpBody;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.http.HttpServerOptions;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/**
 * The HTTP server alone, under the swarm. Its peers send raw bytes: bodies in drips, pipelined requests, slow reads, resets, violations, and retries
 * on another connection. Answers arrive whole and in the order of the requests, or the connection ends; no request is executed twice, and no
 * incomplete body is taken for a complete one; what follows a violation is never read as a request; and in the calm part peers are soon answered, and
 * nothing is left.
 */
final class HttpServing implements Scenario {
    static final int PORT = 8080;
    private static final int PEERS = 3;
    private static final int ROWDY = 15_000; // milliseconds
    private static final Duration SHORT = Duration.ofSeconds(2);
    private static final Duration SOON = Duration.ofSeconds(60);

    /** For the catalogue. */
    HttpServing() {}

    @Override
    public void run(Simulation simulation) {
        var run = new Run(simulation);
        simulation.sometimes("a request is answered", () -> run.answered > 0);
        simulation.sometimes("a request is answered when it is asked again", () -> run.again > 0);
        simulation.sometimes("a slow request is refused", () -> run.late > 0);
        simulation.sometimes("a violation is answered", () -> run.refused > 0);
        simulation.sometimes("a body of a request is cut", () -> run.cut > 0);
        simulation.host("server", host -> run.serving = new Serving(run, host));
        int peers = simulation.atMost(PEERS, "peers");
        for (int i = 0; i < peers; i++) {
            simulation.host("peer" + i, host -> {
                var peer = new HttpPeer(run, run.findings.loop(host), host.name());
                run.peers.put(host.name(), peer);
                peer.later();
            });
        }
        Duration rowdy = Duration.ofMillis(simulation.atMost(ROWDY, "milliseconds of it"));
        try (var _ = simulation.inject(Faults.swarm().calm(rowdy))) {
            simulation.run(rowdy);
        }
        run.calm = true;
        run.peers.values().forEach(peer -> peer.answeredSince = false);
        simulation.runUntil(() -> run.peers.values().stream().allMatch(peer -> peer.answeredSince), SOON);
        run.stopping = true;
        simulation.run(SHORT.multipliedBy(15));
        run.check();
    }

    /** What is known of one run from outside. */
    static final class Run {
        final Simulation simulation;
        final Findings findings;
        final Map<String, HttpPeer> peers = new LinkedHashMap<>(); // the present peer of each host
        private final Set<String> arrived = new HashSet<>(); // looked up, never iterated
        private @Nullable Serving serving; // since the last boot
        int begun;
        int answered;
        int again;
        int late;
        int refused;
        private int cut;
        private boolean calm;
        boolean stopping;

        Run(Simulation simulation) {
            this.simulation = simulation;
            this.findings = new Findings(simulation);
        }

        boolean calm() {
            return calm;
        }

        private void check() {
            for (HttpPeer each : peers.values()) {
                findings.require(each.loop.connections() == 0, each + " still has connections");
            }
            Serving now = Objects.requireNonNull(serving);
            findings.require(now.streams == 0, now.streams + " bodies of answers were not closed");
            findings.require(now.loop.connections() == 0, "the server still has connections: " + now.server);
            findings.throwIfAny();
        }
    }

    /** The server, from its host's start to a crash or the end of the run. */
    private static final class Serving {
        private final Run run;
        private final Loop loop;
        private @Nullable HttpServer server;
        private int streams; // streams that nobody has closed

        Serving(Run run, Host host) {
            this.run = run;
            this.loop = run.findings.loop(host);
            HttpServerOptions options = HttpServerOptions.defaults()
                    .headTimeout(SHORT)
                    .idleTime(SHORT.multipliedBy(3))
                    .bodyProgress(100, SHORT)
                    .pipelined(1 + loop.random().nextInt(6))
                    .waitingBytes(1 + loop.random().nextInt(20_000))
                    .drainBytes(loop.random().nextInt(20_000));
            HttpServer.serve(loop, host.address(PORT), options, this::answer)
                    .onDone((listening, failure) -> server = listening);
        }

        private Future<HttpResponse> answer(HttpRequest request) {
            String attempt = request.path().substring(3);
            run.findings.require(run.arrived.add(attempt), attempt + " has arrived twice");
            run.findings.require(attempt.startsWith("peer"), "nobody has asked for " + attempt);
            return switch (request.path().charAt(1)) {
                case 'e' -> Future.of(HttpResponse.of(request.body()));
                case 'w' -> {
                    Future<String> text = request.body().text();
                    text.onDone((body, failure) -> run.cut += failure == null ? 0 : 1);
                    yield text.map(body -> whole(request, attempt, body));
                }
                case 's' -> Future.of(HttpResponse.of(HttpBody.stream(new Dripping(attempt))));
                case 'd' ->
                    loop.delay(Duration.ofMillis(loop.random().nextInt(300)))
                            .map(nothing -> HttpResponse.text(attempt));
                default -> Future.of(HttpResponse.text(attempt));
            };
        }

        private HttpResponse whole(HttpRequest request, String attempt, String body) {
            run.findings.require(
                    ("" + body.length()).equals(request.fields().get("x-size")),
                    attempt + " came with " + body.length() + " bytes");
            return HttpResponse.text(attempt);
        }

        /** Sends the name of the request as often as it has letters, piece by piece, with delays. */
        private final class Dripping implements HttpBody.Source {
            private final String name;
            private int left;

            Dripping(String name) {
                this.name = name;
                left = name.length();
                streams++;
            }

            @Override
            public Future<@Nullable ByteBuf> next() {
                if (left-- == 0) {
                    return Future.of(null);
                }
                var piece = Unpooled.copiedBuffer(name, StandardCharsets.US_ASCII);
                return loop.random().nextInt(4) > 0
                        ? Future.of(piece)
                        : loop.delay(Duration.ofMillis(loop.random().nextInt(60)))
                                .<@Nullable ByteBuf>map(nothing -> piece);
            }

            @Override
            public void close() {
                streams--;
            }
        }
    }

    /** A request of a peer. */
    record Asked(char kind, String name, boolean head, String body, int tries) {
        static Asked drawn(Run run, String peer, RandomGenerator random) {
            char kind = "eewwsdt".charAt(random.nextInt(7));
            boolean sends = kind == 'e' || kind == 'w';
            String body = sends ? "0123456789".repeat(random.nextInt(random.nextInt(5) == 0 ? 3000 : 20)) : "";
            return new Asked(kind, peer + "-" + ++run.begun, !sends && random.nextInt(6) == 0, body, 0);
        }

        Asked again(Run run) {
            return new Asked(kind, name.substring(0, name.indexOf('-')) + "-" + ++run.begun, head, body, tries + 1);
        }

        String expected() {
            if (head) {
                return "";
            }
            return switch (kind) {
                case 'e' -> body;
                case 's' -> name.repeat(name.length());
                default -> name;
            };
        }

        /** Returns the request as bytes, in one of the ways to state the length of its body. */
        String said(RandomGenerator random) {
            boolean sends = kind == 'e' || kind == 'w';
            String method = head ? "HEAD" : sends ? "POST" : "GET";
            var said = new StringBuilder(method + " /" + kind + "/" + name + " HTTP/1.1\r\nHost: a\r\n");
            if (!sends) {
                return said.append("\r\n").toString();
            }
            said.append("X-Size: ").append(body.length()).append("\r\n");
            if (random.nextBoolean()) {
                return said.append("Content-Length: " + body.length() + "\r\n\r\n" + body)
                        .toString();
            }
            said.append("Transfer-Encoding: chunked\r\n\r\n");
            for (int at = 0; at < body.length(); ) {
                int size = Math.min(body.length() - at, 1 + random.nextInt(2000));
                said.append(Integer.toHexString(size))
                        .append("\r\n")
                        .append(body, at, at + size)
                        .append("\r\n");
                at += size;
            }
            return said.append("0\r\n\r\n").toString();
        }
    }

    /** Returns the requests to repeat when a peer's connection is gone. */
    static List<Asked> again(Run run, Iterable<Asked> unanswered) {
        var again = new ArrayList<Asked>();
        unanswered.forEach(each -> {
            if (each.tries() < 3) {
                again.add(each.again(run));
            }
        });
        return again;
    }
}
