package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.ProtocolException;
import rill.http.wire.Data;
import rill.http.wire.End;
import rill.http.wire.HttpFields;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseEvent;
import rill.http.wire.ResponseHead;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/**
 * Clients drawn at random, on a network that splits, delays and resets as a seed decides: they pipeline requests of all kinds, stop reading, go away. What
 * a client is answered is what it asked for, in order and whole; and when all is over nothing is left.
 */
@Tag("slow")
@ExtendWith(Leaks.class)
class ServerStormTest {
    private static final int SEEDS = Integer.getInteger("rill.http.storms", 60);
    private static final HttpFields HOST = HttpFields.of("Host", "a");

    @Test
    void whatever_clients_do_answers_are_whole_and_in_order_and_nothing_is_left() throws IOException {
        long first = Long.getLong("rill.http.storm.seed", new Random().nextLong());
        int answered = 0;
        for (int i = 0; i < SEEDS; i++) {
            try {
                answered += new Storm(first + i).run();
            } catch (Throwable t) {
                throw new AssertionError("seed " + (first + i) + ": " + t, t);
            }
        }
        assertThat(answered).isGreaterThan(SEEDS);
    }

    private static final class Storm {
        private final Random random;
        private final MemoryTransport transport;
        private final List<Client> clients = new ArrayList<>();
        private int streams;

        Storm(long seed) {
            random = new Random(seed);
            transport = new MemoryTransport(seed);
        }

        int run() throws IOException {
            HttpServerOptions options = HttpServerOptions.defaults()
                    .pipelined(1 + random.nextInt(16))
                    .waitingBytes(1 + random.nextInt(100_000))
                    .drainBytes(random.nextInt(100_000));
            LoopOptions quiet = LoopOptions.defaults().transport(transport).reporter(report -> {});
            Loop loop = Loop.open(quiet);
            Loop others = Loop.open(quiet);
            HttpServer server = HttpServer.listen(loop, MemoryTransport.ANY, options, this::answer)
                    .await();
            int count = 1 + random.nextInt(5);
            for (int i = 0; i < count; i++) {
                clients.add(new Client(
                        this,
                        others.connect(server.address(), HttpWire.client()).await()));
            }
            transport.until(Duration.ofMinutes(20), () -> clients.stream().allMatch(client -> client.over));
            assertThat(clients).allMatch(client -> client.over);
            for (Client each : clients) {
                if (each.wrong != null) {
                    throw new AssertionError(each.wrong);
                }
            }
            if (random.nextBoolean()) {
                server.finish().await();
                assertThat(server.connections()).isZero();
            }
            loop.close();
            others.close();
            assertThat(server.connections()).isZero();
            assertThat(transport.left()).isEmpty();
            assertThat(streams).as("streams that nobody closed").isZero();
            return clients.stream().mapToInt(client -> client.answered).sum();
        }

        private Future<HttpResponse> answer(HttpRequest request) {
            String number = request.path().substring(3);
            return switch (request.path().substring(0, 3)) {
                case "/t/" -> Future.of(HttpResponse.text(number));
                case "/d/" ->
                    Loop.current()
                            .delay(Duration.ofMillis(Integer.parseInt(number) % 50))
                            .map(nothing -> HttpResponse.text(number));
                case "/e/" -> Future.of(HttpResponse.of(request.body()).with("X-Number", number));
                case "/w/" -> request.body().text().map(HttpResponse::text);
                case "/s/" -> Future.of(HttpResponse.of(HttpBody.stream(new Repeating(number))));
                case "/k/" ->
                    Loop.current().task(() -> {
                        StringBuilder text = new StringBuilder();
                        ByteBuf piece;
                        while ((piece = request.body().next().await()) != null) {
                            text.append(piece.toString(StandardCharsets.ISO_8859_1));
                            piece.release();
                        }
                        return HttpResponse.text(text.toString());
                    });
                default -> throw new IllegalStateException("no such path");
            };
        }

        /** A stream of the number, over and over; some pieces take a while. */
        private final class Repeating implements HttpBody.Source {
            private final ByteBuf piece;
            private int left;

            Repeating(String number) {
                piece = Unpooled.copiedBuffer(number + " ", StandardCharsets.ISO_8859_1);
                left = Integer.parseInt(number) % 30;
                streams++;
            }

            @Override
            public Future<@Nullable ByteBuf> next() {
                if (left-- == 0) {
                    return Future.of(null);
                }
                return random.nextInt(4) == 0
                        ? Loop.current()
                                .delay(Duration.ofMillis(random.nextInt(20)))
                                .map(nothing -> piece.copy())
                        : Future.of(piece.copy());
            }

            @Override
            public void close() {
                streams--;
                piece.release();
            }
        }
    }

    /** One that pipelines what it draws. */
    private static final class Client {
        private record Asked(String kind, int number, String body, boolean head) {
            String expected() {
                return switch (kind) {
                    case "t", "d" -> String.valueOf(number);
                    case "s" -> (number + " ").repeat(number % 30);
                    default -> body;
                };
            }
        }

        private final Random random;
        private final Connection<ResponseEvent, RequestEvent> connection;
        private final ArrayDeque<Asked> asked = new ArrayDeque<>();
        private final StringBuilder body = new StringBuilder();
        private int left;
        private int answered;
        private boolean over;
        private @Nullable Throwable wrong;

        Client(Storm storm, Connection<ResponseEvent, RequestEvent> connection) {
            this.random = storm.random;
            this.connection = connection;
            left = 1 + random.nextInt(12);
            connection.onFailure(failure -> failed(failure.cause())).onMessage(this::heard, this::ended);
            connection.closed().onDone((nothing, failure) -> over = true);
            ask();
        }

        /** Of the network that is its business. */
        private void failed(Throwable cause) {
            over = true;
            if (!(cause instanceof IOException) || cause instanceof ProtocolException) {
                wrong = cause;
            }
        }

        private void ask() {
            int some = random.nextInt(3) == 0 ? left : Math.min(left, 1 + random.nextInt(3));
            for (int i = 0; i < some && !over; i++) {
                left--;
                askOne();
            }
            if (random.nextInt(60) == 0) {
                connection.abort();
            } else if (random.nextInt(40) == 0) {
                connection.shutdownOutput();
                left = 0;
            }
        }

        private void askOne() {
            String kind = List.of("t", "d", "e", "w", "s", "k").get(random.nextInt(6));
            int number = random.nextInt(1000);
            boolean sends = "ewk".contains(kind) || random.nextInt(5) == 0;
            boolean head = !sends && random.nextInt(5) == 0;
            String text = sends ? ("x" + number).repeat(random.nextInt(random.nextInt(4) == 0 ? 20_000 : 20)) : "";
            String method = head ? "HEAD" : sends ? "POST" : "GET";
            asked.add(new Asked(kind, number, text, head));
            String target = "/" + kind + "/" + number;
            if (sends && random.nextBoolean()) {
                connection.write(RequestHead.of(method, target, HOST.add("Transfer-Encoding", "chunked")));
                write(text);
                connection.write(random.nextBoolean() ? End.of() : new End(HttpFields.of("X-Sum", "1")));
            } else if (sends && !text.isEmpty()) {
                connection.write(RequestHead.of(method, target, HOST.add("Content-Length", "" + text.length())));
                write(text);
                connection.write(End.of());
            } else {
                connection.write(RequestHead.of(method, target, HOST));
            }
        }

        private void write(String text) {
            int at = 0;
            while (at < text.length()) {
                int to = Math.min(text.length(), at + 1 + random.nextInt(10_000));
                connection.write(Data.of(Unpooled.copiedBuffer(text.substring(at, to), StandardCharsets.ISO_8859_1)));
                at = to;
            }
        }

        private void heard(ResponseEvent event) {
            switch (event) {
                case ResponseHead head -> {
                    assertThat(head.status()).isEqualTo(200);
                    complete(!head.hasBody());
                }
                case Data data -> {
                    body.append(data.bytes().toString(StandardCharsets.ISO_8859_1));
                    data.release();
                    complete(data.isLast());
                }
                case End end -> complete(true);
            }
            if (random.nextInt(50) == 0) {
                connection.pause();
                connection.loop().schedule(Duration.ofMillis(random.nextInt(100)), connection::resume);
            }
        }

        private void complete(boolean whole) {
            if (!whole) {
                return;
            }
            Asked first = asked.remove();
            assertThat(body.toString()).isEqualTo(first.head ? "" : first.expected());
            body.setLength(0);
            answered++;
            if (asked.isEmpty() && left == 0) {
                connection.close();
            } else if (left > 0 && random.nextBoolean()) {
                ask();
            } else if (asked.isEmpty()) {
                ask();
            }
        }

        private void ended() {
            over = true;
            connection.close();
        }
    }
}
