package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.CallFailedException.Fate;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.testkit.memory.MemoryTransport;

/** Tests bodies that a client sends, with sources and servers that are slow, fail, or are on another loop. */
final class HttpClientUploadTest extends HttpClientRig {
    /** Starts a server that reads a piece of up to 64 KiB each second, and answers once it has a head and this many bytes of a body. */
    private URI slowServer(long bytes, AtomicReference<String> taken) throws IOException {
        var listener = loop.listen(MemoryTransport.ANY, Pipeline.bytes(), connection -> {
                    connection.onFailure(failure -> {});
                    take(connection, new StringBuilder(), bytes, taken);
                })
                .await();
        return URI.create("http://127.0.0.1:" + ((InetSocketAddress) listener.address()).getPort());
    }

    private void take(
            Connection<ByteBuf, ByteBuf> from, StringBuilder seen, long bytes, AtomicReference<String> taken) {
        from.receive().onDone((piece, failure) -> {
            if (piece == null) {
                return;
            }
            seen.append(piece.toString(StandardCharsets.ISO_8859_1));
            piece.release();
            int head = seen.indexOf("\r\n\r\n");
            if (head >= 0 && seen.length() >= head + 4 + bytes) {
                taken.set(seen.substring(head + 4));
                from.write(Unpooled.copiedBuffer(OK.replace("\n", "\r\n"), StandardCharsets.US_ASCII));
                from.close();
                return;
            }
            loop.schedule(Duration.ofSeconds(1), () -> take(from, seen, bytes, taken));
        });
    }

    @Test
    void bytes_may_leave_for_longer_than_a_head_may_take() throws IOException {
        byte[] body = new byte[4_000_000];
        for (int i = 0; i < body.length; i++) {
            body[i] = (byte) (i * 31 + i / 1000);
        }
        var taken = new AtomicReference<String>();
        URI uri = slowServer(body.length, taken);
        loop.run(() -> {
            long before = loop.nanoTime();
            ClientResponse response =
                    client().send(ClientRequest.put(uri, HttpBody.of(body))).await();
            assertThat(response.text().await()).isEqualTo("ok");
            assertThat(Duration.ofNanos(loop.nanoTime() - before)).isGreaterThan(Duration.ofSeconds(40));
        });
        assertThat(taken.get().getBytes(StandardCharsets.ISO_8859_1)).isEqualTo(body);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_piece_may_leave_for_longer_than_a_body_may_rest(boolean laterOn) throws IOException {
        int size = 8_000_000;
        var taken = new AtomicReference<String>();
        URI uri = slowServer(size + 1, taken);
        var asked = new AtomicInteger();
        HttpBody.Source source = () -> switch (asked.getAndIncrement()) {
            case 0 -> loop.done(Unpooled.wrappedBuffer(new byte[1]));
            case 1 ->
                loop.delay(Duration.ofSeconds(laterOn ? 55 : 0)).map(nothing -> Unpooled.wrappedBuffer(new byte[size]));
            default -> loop.done(null);
        };
        loop.run(() -> {
            long before = loop.nanoTime();
            ClientResponse response = client().send(ClientRequest.put(uri, HttpBody.stream(size + 1, source)))
                    .await();
            assertThat(response.text().await()).isEqualTo("ok");
            assertThat(Duration.ofNanos(loop.nanoTime() - before)).isGreaterThan(Duration.ofSeconds(100));
        });
        assertThat(taken.get()).hasSize(size + 1);
    }

    @Test
    void a_small_body_may_leave_for_longer_than_a_head_may_take() throws IOException {
        int size = 50_000;
        memory.capacity(1000); // what the server does not read stays with the client
        var listener = loop.listen(MemoryTransport.ANY, Pipeline.bytes(), connection -> {
                    var seen = new StringBuilder();
                    connection.onFailure(failure -> {});
                    connection.onMessage(piece -> {
                        seen.append(piece.toString(StandardCharsets.ISO_8859_1));
                        piece.release();
                        if (seen.length() == seen.indexOf("\r\n\r\n") + 4 + size) {
                            connection.write(
                                    Unpooled.copiedBuffer(OK.replace("\n", "\r\n"), StandardCharsets.US_ASCII));
                            connection.close();
                        } else {
                            connection.pause();
                            loop.schedule(Duration.ofSeconds(3), connection::resume);
                        }
                    });
                })
                .await();
        URI uri = URI.create("http://127.0.0.1:" + ((InetSocketAddress) listener.address()).getPort());
        loop.run(() -> {
            long before = loop.nanoTime();
            ClientRequest request = ClientRequest.put(uri, HttpBody.of(new byte[size]));
            assertThat(client().send(request).await().text().await()).isEqualTo("ok");
            assertThat(Duration.ofNanos(loop.nanoTime() - before)).isGreaterThan(Duration.ofSeconds(35));
        });
    }

    @Test
    void a_piece_of_which_nothing_is_taken_any_more_is_given_up() throws IOException {
        var accepted = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        var listener = loop.listen(MemoryTransport.ANY, Pipeline.bytes(), connection -> {
                    accepted.add(connection);
                    connection.onFailure(failure -> {});
                    connection.receive().onDone((piece, failure) -> {
                        if (piece != null) {
                            piece.release(); // the only one
                        }
                    });
                })
                .await();
        URI uri = URI.create("http://127.0.0.1:" + ((InetSocketAddress) listener.address()).getPort());
        loop.run(() -> {
            long before = loop.nanoTime();
            HttpBody.Source source = () -> loop.done(Unpooled.wrappedBuffer(new byte[8_000_000]));
            assertFails(
                    client().send(ClientRequest.put(uri, HttpBody.stream(source))),
                    Fate.PERHAPS_CARRIED_OUT,
                    "no byte of a body has moved for 60000 ms");
            assertThat(Duration.ofNanos(loop.nanoTime() - before)).isLessThan(Duration.ofSeconds(125));
            accepted.getFirst().abort().await();
        });
    }

    // ---- bodies that fail

    /** A source whose {@code close} throws. */
    private HttpBody.Source unclosable() {
        return new HttpBody.Source() {
            @Override
            public Future<@Nullable ByteBuf> next() {
                return loop.delay(Duration.ofSeconds(1)).map(nothing -> Unpooled.wrappedBuffer(new byte[1]));
            }

            @Override
            public void close() {
                throw new IllegalStateException("it can't be closed");
            }
        };
    }

    @Test
    void a_body_that_can_t_be_closed_leaves_no_request_unsettled() throws IOException {
        var server = server((peer, request) -> {});
        loop.run(() -> {
            HttpClient client = client();
            ClientRequest request = ClientRequest.put(URI.create(server.uri()), HttpBody.stream(unclosable()));
            Future<ClientResponse> reset = client.send(request);
            loop.delay(Duration.ofMillis(100)).await();
            server.peers.getLast().reset();
            assertSettles(reset, Fate.PERHAPS_CARRIED_OUT);

            assertSettles(
                    client.send(request.body(HttpBody.stream(unclosable())).deadline(Duration.ofSeconds(2))),
                    Fate.PERHAPS_CARRIED_OUT);

            Future<ClientResponse> refused = client.send(request.body(HttpBody.stream(unclosable())));
            loop.delay(Duration.ofMillis(100)).await();
            server.peers.getLast().say("HTTP/1.1 413 No\nContent-Length: 0\n\n");
            assertThat(refused.timeout(Duration.ofSeconds(5)).await().status()).isEqualTo(413);

            Future<ClientResponse> whole =
                    client.send(ClientRequest.put(URI.create(server.uri()), HttpBody.stream(new HttpBody.Source() {
                        @Override
                        public Future<@Nullable ByteBuf> next() {
                            return loop.done(null);
                        }

                        @Override
                        public void close() {
                            throw new IllegalStateException("it can't be closed");
                        }
                    })));
            loop.delay(Duration.ofMillis(100)).await();
            assertThat(server.requests).as("the end of the body").hasSize(1);
            server.peers.getLast().say(OK);
            assertThat(whole.timeout(Duration.ofSeconds(5)).await().text().await())
                    .isEqualTo("ok");

            HttpClient closing = HttpClient.on(loop, DEFAULTS.connections(1));
            Future<ClientResponse> sent = closing.send(request.body(HttpBody.stream(unclosable())));
            Future<ClientResponse> waits = closing.send(request.body(HttpBody.stream(unclosable())));
            Future<ClientResponse> waitsToo = closing.get(server.uri());
            loop.delay(Duration.ofMillis(100)).await();
            closing.close();
            assertSettles(sent, Fate.PERHAPS_CARRIED_OUT);
            assertSettles(waits, Fate.NEVER_SENT);
            assertSettles(waitsToo, Fate.NEVER_SENT);
            assertThat(client.connections(URI.create(server.uri()))).isEqualTo(1);
        });
        assertThat(reports)
                .as("and is told")
                .hasSize(6)
                .allMatch(each -> each.toString().contains("it can't be closed"));
        reports.clear();
    }

    private void assertSettles(Future<ClientResponse> call, Fate fate) {
        try {
            loop.delay(Duration.ofSeconds(5)).await();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        assertThat(call.isDone()).isTrue();
        assertFails(call, fate, "");
    }

    // ---- other loops

    @Test
    void a_source_is_asked_on_the_clients_loop_whatever_loop_its_pieces_come_from() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        try (Loop other = Loop.open(LoopOptions.defaults().transport(memory))) {
            var asked = new ArrayList<@Nullable Loop>();
            HttpBody.Source source = new HttpBody.Source() {
                @Override
                public Future<@Nullable ByteBuf> next() {
                    asked.add(Loop.current());
                    int piece = asked.size();
                    return other.submit(
                            () -> piece > 3 ? null : Unpooled.wrappedBuffer(new byte[] {(byte) ('0' + piece)}));
                }

                @Override
                public void close() {
                    asked.add(Loop.current());
                }
            };
            loop.run(() -> client().send(ClientRequest.put(URI.create(server.uri()), HttpBody.stream(source)))
                    .await()
                    .discard());
            assertThat(asked).as("four times, and closed").hasSize(5).containsOnly(loop);
            assertThat(server.requests.getLast()).contains("\r\n1\r\n", "\r\n2\r\n", "\r\n3\r\n");
        }
    }

    @Test
    void what_came_to_a_client_is_sent_on_by_a_client_of_another_loop() throws Exception {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Loop one = Loop.open().start();
                Loop two = Loop.open().start();
                HttpClient from = HttpClient.on(one);
                HttpClient to = HttpClient.on(two)) {
            HttpServer server = HttpServer.serve(
                            two,
                            address,
                            request -> request.method().equals("GET")
                                    ? Future.of(HttpResponse.text(text(request.path())))
                                    : request.body().text().map(HttpResponse::text))
                    .await();
            Set<Loop> by = ConcurrentHashMap.newKeySet();
            for (int i = 1; i < 20; i++) {
                ClientResponse came = from.get(uri(server) + "/" + i).await();
                HttpBody body = came.body();
                HttpBody watched = HttpBody.stream(new HttpBody.Source() {
                    @Override
                    public Future<@Nullable ByteBuf> next() {
                        by.add(Objects.requireNonNull(Loop.current()));
                        return body.next();
                    }

                    @Override
                    public void close() {
                        by.add(Objects.requireNonNull(Loop.current()));
                        body.close();
                    }
                });
                assertThat(to.post(uri(server), watched)
                                .timeout(Duration.ofSeconds(30))
                                .await()
                                .text()
                                .await())
                        .isEqualTo(text("/" + i));
            }
            assertThat(by).as("asked and closed by the one who sends").containsExactly(two);
        }
    }

    private static String text(String path) {
        int number = Integer.parseInt(path.substring(1));
        return ("piece " + number + " ").repeat(number * 5000);
    }

    private static URI uri(HttpServer server) {
        return URI.create("http://127.0.0.1:" + server.port());
    }
}
