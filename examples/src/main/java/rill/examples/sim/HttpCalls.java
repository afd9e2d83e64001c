package rill.examples.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
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
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/**
 * HTTP clients that call a server under the swarm, while it resets connections before, during and after its answers, never answers, or sends bodies
 * in drips. Every call ends in its own complete answer or in a typed failure; a POST arrives at most once, a GET at most twice; a call that failed as
 * never sent has not arrived; calls given up leave nothing behind; and in the calm part calls are soon answered, without help.
 */
final class HttpCalls implements Scenario {
    private static final int PORT = 8080;
    private static final int CLIENTS = 2;
    private static final int ROWDY = 20_000; // milliseconds
    private static final Duration SHORT = Duration.ofSeconds(3);

    /** For the catalogue. */
    HttpCalls() {}

    @Override
    public void run(Simulation simulation) {
        var run = new Run(new CallLedger(simulation));
        simulation.sometimes("a body is cut", () -> run.cut > 0);
        simulation.host("server", run::serve);
        run.ledger.clients(CLIENTS, host -> new Life(run.ledger, host));
        run.ledger.run(ROWDY, () -> {});
        simulation.run(SHORT.multipliedBy(10));
        run.ledger.closeClients();
        simulation.run(SHORT.multipliedBy(4));
        run.ledger.check();
    }

    /** What is known of one run from outside. */
    private static final class Run {
        private final CallLedger ledger;
        private int cut;

        Run(CallLedger ledger) {
            this.ledger = ledger;
        }

        void serve(Host host) {
            Loop loop = ledger.findings().loop(host);
            loop.listen(host.address(PORT), HttpWire.server(), connection -> new Visit(this, loop, connection).begin());
        }

        boolean buggify(double probability, String what) {
            return ledger.buggify(probability, what);
        }

        void arrives(String method, String request) {
            int times = ledger.arrives(request);
            ledger.findings()
                    .require(
                            times <= (method.equals("GET") ? 2 : 1),
                            method + " " + request + " has arrived " + times + " times");
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
            run.ledger
                    .findings()
                    .require(
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

    private static final class Life extends CallLedger.Client {
        private final HttpClient client;

        Life(CallLedger ledger, Host host) {
            super(ledger, host, 300, 12);
            RandomGenerator random = loop.random();
            this.client = HttpClient.on(
                    loop,
                    HttpClientOptions.defaults()
                            .connections(1 + random.nextInt(4))
                            .waiting(20)
                            .connect(ConnectOptions.defaults().timeout(SHORT))
                            .idleTime(Duration.ofSeconds(1 + random.nextInt(8)))
                            .headTimeout(SHORT)
                            .progressTimeout(SHORT)
                            .deadline(SHORT.multipliedBy(3)));
        }

        @Override
        void call() {
            RandomGenerator random = loop.random();
            String request = begins();
            URI uri = URI.create("http://server:" + PORT + "/" + request);
            ClientRequest asks = ClientRequest.get(uri);
            if (random.nextBoolean()) {
                int size = random.nextInt(40_000);
                asks = ClientRequest.post(uri, random.nextBoolean() ? HttpBody.of(new byte[size]) : streamed(size))
                        .add("X-Size", "" + size);
            }
            boolean sinceCalm = isCalm();
            Future<ClientResponse> answer = client.send(asks);
            answer.onDone((response, failure) -> {
                if (response != null) {
                    read(request, response, sinceCalm);
                } else {
                    failed(request, failure);
                }
            });
            perhapsGivesUp(answer, 100);
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
            if (loop.random().nextInt(10) == 0) {
                response.discard();
                ended();
                return;
            }
            Future<String> text = response.text();
            text.onDone((body, failure) -> {
                if (body != null) {
                    String length = response.fields().get("x-length");
                    boolean right =
                            body.startsWith("answer to " + request + ". ") && ("" + body.length()).equals(length);
                    answered(
                            request,
                            sinceCalm,
                            right,
                            body.length() + " of " + length + " bytes: "
                                    + body.substring(0, Math.min(40, body.length())));
                } else {
                    ended();
                    findings()
                            .require(
                                    failure instanceof IOException || failure instanceof CancelledException,
                                    "the body of " + request + " failed with " + failure);
                }
            });
            perhapsGivesUp(text, 50);
        }

        @Override
        void close() {
            client.close();
        }

        @Override
        boolean isGone() {
            return true; // it ends only with its connections
        }
    }
}
