package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.CallFailedException.Fate;
import rill.Connection;
import rill.DeadlineException;
import rill.Future;
import rill.Pipeline;
import rill.http.ScriptedServer.Peer;
import rill.testkit.memory.MemoryTransport;

/** Tests requests of a client that run out of time, are cancelled, or lose their client or its loop. */
final class HttpClientEndTest extends HttpClientRig {
    // ---- time

    @Test
    void a_server_that_never_answers_is_given_up() throws IOException {
        var server = server((peer, request) -> {});
        loop.run(() -> {
            HttpClient client = client();
            long before = loop.nanoTime();
            assertFails(client.get(server.uri()), Fate.PERHAPS_CARRIED_OUT, "no response within 30000 ms");
            assertThat(Duration.ofNanos(loop.nanoTime() - before))
                    .isBetween(Duration.ofSeconds(30), Duration.ofSeconds(31));
            assertThat(client.connections(URI.create(server.uri()))).isZero();
        });
    }

    @Test
    void a_body_that_stops_coming_is_given_up() throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nContent-Length: 10\n\nabc"));
        loop.run(() -> {
            ClientResponse response = client().get(server.uri()).await();
            assertThatThrownBy(() -> response.bytes().await())
                    .hasMessageContaining("no byte of a body has moved for 60000 ms");
        });
    }

    @Test
    void the_whole_has_its_time_wherever_that_is_spent() throws IOException {
        var server = server((peer, request) -> {
            if (request.contains("/body")) {
                drip(peer.say("HTTP/1.1 200 OK\nContent-Length: 1000000\n\n"));
            }
        });
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1).deadline(Duration.ofSeconds(5)));
            long before = loop.nanoTime();
            ClientResponse slow = client.get(server.uri() + "/body").await();
            ClientRequest next = ClientRequest.get(URI.create(server.uri())).deadline(Duration.ofSeconds(2));
            assertFails(client.send(next), Fate.NEVER_SENT, "not done within its time");
            assertThatThrownBy(() -> slow.bytes().await())
                    .isInstanceOf(IOException.class)
                    .hasRootCauseInstanceOf(DeadlineException.class);
            assertThat(Duration.ofNanos(loop.nanoTime() - before)).isLessThan(Duration.ofMillis(5500));
            assertFails(
                    client.send(ClientRequest.get(URI.create(server.uri())).deadline(Duration.ofSeconds(1))),
                    Fate.PERHAPS_CARRIED_OUT,
                    "not done within its time");
        });
    }

    @Test
    void a_request_may_have_no_deadline_although_its_client_sets_one() throws IOException {
        var server = server((peer, request) -> loop.schedule(Duration.ofSeconds(10), () -> peer.say(OK)));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.deadline(Duration.ofSeconds(5)));
            ClientRequest request = ClientRequest.get(URI.create(server.uri()));
            Future<ClientResponse> late = client.send(request);
            assertThat(client.send(request.deadline(Duration.ZERO))
                            .await()
                            .text()
                            .await())
                    .isEqualTo("ok");
            assertFails(late, Fate.PERHAPS_CARRIED_OUT, "not done within its time");
        });
    }

    private void drip(Peer peer) {
        drip(peer, "x");
    }

    private void drip(Peer peer, String piece) {
        if (peer.requests > 0) {
            peer.say(piece);
            loop.schedule(Duration.ofMillis(100), () -> {
                if (loop.connections() > 1) {
                    drip(peer, piece);
                }
            });
        }
    }

    @Test
    void a_body_that_nobody_wants_and_that_does_not_end_keeps_its_connection_for_a_moment_only() throws IOException {
        String endless = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n";
        var server = server((peer, request) -> {
            if (request.contains("/redirected")) {
                drip(peer.say(endless.replace("200 OK", "302 There\nLocation: /end")), "1\nx\n");
            } else {
                drip(peer.say(request.contains("/until-close") ? "HTTP/1.1 200 OK\n\n" : endless), "1\nx\n");
            }
        });
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1).redirects(1));
            for (String path : new String[] {"/", "/until-close", "/redirected", "/"}) {
                long before = loop.nanoTime();
                client.get(server.uri() + path).await().discard();
                loop.delay(Duration.ofMillis(1100)).await();
                assertThat(client.connections(URI.create(server.uri())))
                        .as(path)
                        .isZero();
                assertThat(Duration.ofNanos(loop.nanoTime() - before)).isLessThan(Duration.ofMillis(2500));
            }
        });
    }

    @Test
    void a_response_that_nobody_wants_does_not_cut_short_the_body_that_is_still_sent() throws IOException {
        var seen = new StringBuilder();
        var listener = loop.listen(
                        MemoryTransport.ANY,
                        Pipeline.bytes(),
                        connection -> connection.onMessage(piece -> {
                            boolean first = seen.isEmpty();
                            seen.append(piece.toString(StandardCharsets.US_ASCII));
                            piece.release();
                            if (first) {
                                say(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
                            } else if (seen.toString().endsWith("\r\n0\r\n\r\n")) {
                                say(connection, "0\r\n\r\n");
                            }
                        }))
                .await();
        URI uri = URI.create("http://127.0.0.1:" + ((InetSocketAddress) listener.address()).getPort());
        var left = new AtomicInteger(5);
        HttpBody slow = HttpBody.stream(() -> loop.delay(Duration.ofSeconds(2))
                .map(nothing -> left.getAndDecrement() > 0
                        ? Unpooled.copiedBuffer("piece", StandardCharsets.US_ASCII)
                        : (ByteBuf) null));
        loop.run(() -> {
            HttpClient client = client();
            client.post(uri, slow).await().discard();
            loop.delay(Duration.ofSeconds(20)).await();
            assertThat(client.connections(uri)).isEqualTo(1);
        });
        assertThat(seen.toString()).endsWith("5\r\npiece\r\n".repeat(5) + "0\r\n\r\n");
    }

    private static void say(Connection<ByteBuf, ByteBuf> to, String text) {
        to.write(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
    }

    @Test
    void a_rest_that_nobody_wants_and_that_ends_in_time_keeps_the_connection() throws IOException {
        var server = server((peer, request) -> {
            peer.say("HTTP/1.1 200 OK\nContent-Length: 4\n\nab");
            loop.schedule(Duration.ofMillis(500), () -> peer.say("cd"));
        });
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1));
            for (int i = 0; i < 3; i++) {
                client.get(server.uri()).await().discard();
            }
            loop.delay(Duration.ofSeconds(10)).await();
            assertThat(client.connections(URI.create(server.uri()))).isEqualTo(1);
        });
        assertThat(server.peers).hasSize(1);
    }

    // ---- cancellation

    @Test
    void what_was_given_up_before_its_loop_got_to_it_is_not_sent_and_its_body_is_closed() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        var closed = new AtomicInteger();
        HttpBody.Source source = new HttpBody.Source() {
            @Override
            public Future<@Nullable ByteBuf> next() {
                return loop.done(null);
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        };
        for (int redirects = 0; redirects < 2; redirects++) {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(redirects));
            Future<ClientResponse> call =
                    client.send(ClientRequest.put(URI.create(server.uri()), HttpBody.stream(source)));
            call.cancel(); // the loop has not been driven since
            loop.run(() -> loop.delay(Duration.ofSeconds(1)).await());
            assertThat(server.requests).isEmpty();
            assertThat(closed).hasValue(redirects + 1);
        }
    }

    @Test
    void cancelling_frees_the_connection_wherever_the_request_is() throws IOException {
        var server = server((peer, request) -> {});
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1));
            URI uri = URI.create(server.uri());
            Future<ClientResponse> dialing = client.get(uri);
            Future<ClientResponse> waiting = client.get(uri);
            waiting.cancel();
            dialing.cancel();
            loop.delay(Duration.ofSeconds(1)).await();
            Future<ClientResponse> sent = client.get(uri);
            loop.delay(Duration.ofSeconds(1)).await();
            assertThat(server.requests).hasSize(1);
            sent.cancel();
            loop.delay(Duration.ofSeconds(1)).await();
            assertThat(client.connections(uri)).isZero();
        });
    }

    @Test
    void a_response_that_came_too_late_for_a_timeout_frees_its_connection() throws IOException {
        var server = server((peer, request) -> loop.schedule(
                Duration.ofSeconds(1),
                () -> peer.say("HTTP/1.1 200 OK\nContent-Length: 1000000\n\n").sayBytes(new byte[1_000_000])));
        loop.run(() -> {
            HttpClient client = client();
            for (int millis = 900; millis < 1300; millis += 7) {
                Future<ClientResponse> call = client.get(server.uri()).timeout(Duration.ofMillis(millis));
                try {
                    call.await().discard();
                } catch (DeadlineException late) {
                    assertThat(call.isDone()).isTrue();
                }
            }
            loop.delay(Duration.ofSeconds(5)).await();
            assertThat(client.connections(URI.create(server.uri()))).isZero();
        });
    }

    @Test
    void a_closed_client_fails_what_is_under_way_and_what_comes_later() throws IOException {
        var server = server((peer, request) -> {});
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1));
            Future<ClientResponse> sent = client.get(server.uri());
            Future<ClientResponse> waiting = client.get(server.uri());
            loop.delay(Duration.ofSeconds(1)).await();
            client.close();
            assertFails(sent, Fate.PERHAPS_CARRIED_OUT, "the client was closed");
            assertFails(waiting, Fate.NEVER_SENT, "the client was closed");
            assertFails(client.get(server.uri()), Fate.NEVER_SENT, "the client is closed");
        });
    }

    @Test
    void a_closed_loop_fails_what_is_under_way() throws IOException {
        var server = server((peer, request) -> {});
        Future<ClientResponse> sent = client().get(server.uri());
        loop.run(() -> loop.delay(Duration.ofSeconds(1)).await());
        loop.close();
        assertThat(sent.isDone()).isTrue();
        assertThat(sent.failure()).isNotNull();
        Future<ClientResponse> late = client().get(server.uri());
        assertThat(late.failure()).isNotNull();
    }

    @Test
    void a_body_is_closed_once_whatever_becomes_of_its_request() throws IOException {
        var server = server((peer, request) -> {
            if (request.contains("/reset")) {
                peer.reset();
            } else {
                peer.say(OK);
            }
        });
        var closed = new AtomicInteger();
        HttpBody.Source source = new HttpBody.Source() {
            private int left = 2;

            @Override
            public Future<@Nullable ByteBuf> next() {
                return loop.done(left-- > 0 ? Unpooled.wrappedBuffer(new byte[3]) : null);
            }

            @Override
            public void close() {
                closed.incrementAndGet();
                left = 2;
            }
        };
        loop.run(() -> {
            HttpClient client = client();
            client.send(ClientRequest.put(URI.create(server.uri() + "/"), HttpBody.stream(source)))
                    .await()
                    .discard();
            assertThat(closed).hasValue(1);
            assertFails(
                    client.send(ClientRequest.put(URI.create(server.uri() + "/reset"), HttpBody.stream(source))),
                    Fate.PERHAPS_CARRIED_OUT,
                    "PUT");
            assertThat(closed).hasValue(2);
            assertFails(
                    client.send(ClientRequest.put(URI.create("http://127.0.0.1:1/"), HttpBody.stream(source))),
                    Fate.NEVER_SENT,
                    "PUT");
            assertThat(closed).hasValue(3);
            assertThatThrownBy(() -> client.send(ClientRequest.get(URI.create(server.uri()))
                                    .target("no target")
                                    .body(HttpBody.stream(source)))
                            .await())
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(closed).hasValue(4);
            client.close();
            assertFails(
                    client.send(ClientRequest.put(URI.create(server.uri() + "/"), HttpBody.stream(source))),
                    Fate.NEVER_SENT,
                    "closed");
            assertThat(closed).hasValue(5);
        });
    }

    @Test
    void a_file_is_sent_and_sent_again(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "what is in the file");
        var server = server((peer, request) -> {
            if (peer.number == 0 && peer.requests == 2) {
                peer.reset();
            } else {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            URI uri = URI.create(server.uri());
            for (int i = 0; i < 2; i++) {
                client.send(ClientRequest.put(uri, HttpBody.file(file))).await().discard();
            }
            assertFails(
                    client.send(ClientRequest.put(uri, HttpBody.file(folder.resolve("none")))),
                    Fate.NEVER_SENT,
                    "can't be read");
        });
        assertThat(server.requests)
                .hasSize(3)
                .allSatisfy(request ->
                        assertThat(request).contains("Content-Length: 19\r\n").endsWith("what is in the file"));
    }
}
