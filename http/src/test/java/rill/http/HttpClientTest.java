package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.DeadlineException;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.http.ScriptedServer.Peer;
import rill.http.wire.HttpFields;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** The client, against servers that say what they are told to, on a transport in memory and in virtual time. */
@ExtendWith(Leaks.class)
final class HttpClientTest {
    private static final String OK = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok";
    private static final HttpClientOptions DEFAULTS = HttpClientOptions.defaults();

    private final List<Report> reports = new ArrayList<>();
    private final MemoryTransport memory = new MemoryTransport(7);
    private final Loop loop = open();

    private Loop open() {
        try {
            return Loop.open(LoopOptions.defaults().transport(memory).reporter(this::note));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void note(Report report) {
        if (!(report instanceof Report.Note) && !(report instanceof Report.Slow)) {
            reports.add(report);
        }
    }

    @AfterEach
    void close() {
        loop.close();
        assertThat(reports).isEmpty();
        assertThat(memory.left()).isEmpty();
    }

    private ScriptedServer server(BiConsumer<Peer, String> handler) throws IOException {
        return new ScriptedServer(loop, handler);
    }

    private HttpClient client() {
        return HttpClient.on(loop);
    }

    private static String text(HttpClient client, String uri) throws IOException {
        return client.get(uri).await().text().await();
    }

    private static void assertFails(Future<?> call, Fate fate, String why) {
        assertThatThrownBy(call::await)
                .isInstanceOfSatisfying(
                        CallFailedException.class,
                        failed -> assertThat(failed.fate()).isEqualTo(fate))
                .hasMessageContaining(why);
    }

    // ---- what is sent

    @Test
    void a_get_is_sent_with_host_and_what_can_be_undone_and_answered() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            ClientResponse response = client().get(server.uri() + "/a/b?c=d#e").await();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text().await()).isEqualTo("ok");
        });
        assertThat(server.requests)
                .containsExactly("GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:" + server.port
                        + "\r\nAccept-Encoding: gzip, deflate\r\n\r\n");
    }

    @Test
    void bodies_of_every_form_are_sent() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        URI uri = URI.create(server.uri());
        loop.run(() -> {
            HttpClient client = client();
            client.post(uri, HttpBody.of("grün")).await().discard();
            client.post(uri, HttpBody.of(new byte[] {'a', 'b'})).await().discard();
            client.post(uri, HttpBody.of(new byte[0])).await().discard();
            client.send(ClientRequest.put(uri, HttpBody.stream(pieces("one", "two"))))
                    .await()
                    .discard();
            client.send(ClientRequest.put(uri, HttpBody.stream(6, pieces("one", "two"))))
                    .await()
                    .discard();
            client.send(ClientRequest.of("DELETE", uri).field("X-Why", "because"))
                    .await()
                    .discard();
        });
        assertThat(server.requests.get(0)).contains("Content-Length: 5\r\n").endsWith("gr\u00c3\u00bcn");
        assertThat(server.requests.get(1)).contains("Content-Length: 2\r\n").endsWith("\r\n\r\nab");
        assertThat(server.requests.get(2)).contains("POST", "Content-Length: 0\r\n");
        assertThat(server.requests.get(3))
                .contains("Transfer-Encoding: chunked\r\n")
                .endsWith("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
        assertThat(server.requests.get(4)).contains("Content-Length: 6\r\n").endsWith("onetwo");
        assertThat(server.requests.get(5))
                .startsWith("DELETE / HTTP/1.1")
                .contains("X-Why: because\r\n")
                .doesNotContain("Content-Length");
        assertThat(server.peers).hasSize(1);
    }

    private HttpBody.Source pieces(String... pieces) {
        var next = new AtomicInteger();
        return () -> loop.done(
                next.get() < pieces.length
                        ? Unpooled.copiedBuffer(pieces[next.getAndIncrement()], StandardCharsets.US_ASCII)
                        : null);
    }

    @Test
    void a_body_shorter_or_longer_than_it_says_fails_and_is_not_patched() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        URI uri = URI.create(server.uri());
        loop.run(() -> {
            assertFails(
                    client().send(ClientRequest.put(uri, HttpBody.stream(4, pieces("abc")))),
                    Fate.PERHAPS_CARRIED_OUT,
                    "shorter than declared");
            assertFails(
                    client().send(ClientRequest.put(uri, HttpBody.stream(4, pieces("abc", "de")))),
                    Fate.PERHAPS_CARRIED_OUT,
                    "longer than declared");
        });
        assertThat(server.requests).isEmpty();
    }

    @Test
    void a_body_whose_source_fails_fails_the_request() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        var closed = new AtomicInteger();
        HttpBody.Source failing = new HttpBody.Source() {
            @Override
            public Future<@Nullable ByteBuf> next() {
                return loop.failed(new IOException("the disk is broken"));
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        };
        loop.run(() -> assertFails(
                client().send(ClientRequest.put(URI.create(server.uri()), HttpBody.stream(failing))),
                Fate.PERHAPS_CARRIED_OUT,
                "the disk is broken"));
        assertThat(closed).hasValue(1);
    }

    @Test
    void a_body_waits_for_a_server_that_does_not_read() throws IOException {
        var asked = new AtomicInteger();
        HttpBody.Source endless = () -> {
            asked.incrementAndGet();
            return loop.done(Unpooled.wrappedBuffer(new byte[16 * 1024]));
        };
        var listener = loop.listen(MemoryTransport.ANY, rill.Pipeline.bytes(), connection -> {})
                .await(); // and nobody receives
        int port = ((java.net.InetSocketAddress) listener.address()).getPort();
        loop.run(() -> assertFails(
                client().send(ClientRequest.put(URI.create("http://127.0.0.1:" + port), HttpBody.stream(endless))),
                Fate.PERHAPS_CARRIED_OUT,
                "no byte of a body has moved for 60000 ms"));
        assertThat(asked.get()).isLessThan(60);
    }

    @Test
    void what_the_client_says_itself_is_refused_among_the_fields() {
        for (String name :
                new String[] {"Host", "content-length", "Transfer-Encoding", "Connection", "Upgrade", "Expect", "TE"}) {
            assertThatThrownBy(() -> ClientRequest.get(URI.create("http://a/")).field(name, "x"))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (String bad : new String[] {"ftp://a/", "http:///x", "http://user:secret@a/", "mailto:x"}) {
            assertThatThrownBy(() -> ClientRequest.get(URI.create(bad))).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> ClientRequest.get(URI.create("http://a/")).field("X", "a\r\nB: c"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // ---- what comes

    @Test
    void bodies_of_every_framing_are_read() throws IOException {
        var server = server((peer, request) -> {
            if (request.startsWith("GET /fixed")) {
                peer.say("HTTP/1.1 200 OK\nContent-Length: 5\n\nfixed");
            } else if (request.startsWith("GET /chunked")) {
                peer.say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n4\nchun\n3\nked\n0\nX-After: all\n\n");
            } else if (request.startsWith("GET /close")) {
                peer.say("HTTP/1.1 200 OK\n\nuntil close").close();
            } else if (request.startsWith("HEAD")) {
                peer.say("HTTP/1.1 200 OK\nContent-Length: 1000\n\n");
            } else {
                peer.say("HTTP/1.1 204 No Content\n\n");
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            assertThat(text(client, server.uri() + "/fixed")).isEqualTo("fixed");
            ClientResponse chunked = client.get(server.uri() + "/chunked").await();
            assertThat(chunked.text().await()).isEqualTo("chunked");
            assertThat(chunked.trailers().get("x-after")).isEqualTo("all");
            ClientResponse head = client.send(ClientRequest.of("HEAD", URI.create(server.uri())))
                    .await();
            assertThat(head.fields().get("content-length")).isEqualTo("1000");
            assertThat(head.bytes().await()).isEmpty();
            assertThat(text(client, server.uri() + "/none")).isEmpty();
            assertThat(text(client, server.uri() + "/close")).isEqualTo("until close");
            assertThat(server.peers).as("one connection for all").hasSize(1);
            assertThat(text(client, server.uri() + "/fixed")).isEqualTo("fixed");
            assertThat(server.peers).hasSize(2);
        });
    }

    @Test
    void interim_responses_never_shift_the_pairing() throws IOException {
        var server = server((peer, request) ->
                peer.say("HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early Hints\nLink: x\n\nHTTP/1.1 102 P\n\n"
                        + "HTTP/1.1 200 OK\nContent-Length: 2\n\n" + (peer.requests == 1 ? "n1" : "n2")));
        loop.run(() -> {
            HttpClient client = client();
            assertThat(text(client, server.uri())).isEqualTo("n1");
            assertThat(text(client, server.uri())).isEqualTo("n2");
        });
        assertThat(server.peers).hasSize(1);
    }

    @Test
    void a_body_that_ends_early_fails_where_it_is_read() throws IOException {
        var server = server((peer, request) ->
                peer.say("HTTP/1.1 200 OK\nContent-Length: 10\n\nabc").close());
        loop.run(() -> {
            ClientResponse response = client().get(server.uri()).await();
            assertThatThrownBy(() -> response.bytes().await())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("has not come whole");
        });
    }

    @Test
    void a_large_body_is_held_up_while_nobody_reads_and_comes_in_pieces() throws IOException {
        byte[] large = new byte[3_000_000];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) (i * 31);
        }
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nContent-Length: " + large.length + "\n\n")
                .sayBytes(large));
        loop.run(() -> {
            ClientResponse response = client().get(server.uri()).await();
            loop.delay(Duration.ofSeconds(10)).await();
            var all = new ByteArrayOutputStream();
            for (ByteBuf piece = response.next().await();
                    piece != null;
                    piece = response.next().await()) {
                byte[] bytes = new byte[piece.readableBytes()];
                piece.readBytes(bytes);
                piece.release();
                all.write(bytes);
            }
            assertThat(all.toByteArray()).isEqualTo(large);
        });
    }

    @Test
    void a_whole_body_above_the_limit_is_refused() throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nContent-Length: 11\n\nhello world"));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.bodyBytes(10));
            assertThatThrownBy(() -> text(client, server.uri()))
                    .hasMessageContaining("the body has more than 10 bytes");
            assertThat(client.get(server.uri()).await().bytes(11).await()).hasSize(11);
        });
    }

    @Test
    void a_body_that_nobody_reads_is_given_up_and_frees_what_it_holds() throws IOException {
        var server = server((peer, request) ->
                peer.say("HTTP/1.1 200 OK\nContent-Length: 1000000\n\n").sayBytes(new byte[1_000_000]));
        loop.run(() -> {
            HttpClient client = client();
            ClientResponse response = client.get(server.uri()).await();
            loop.delay(Duration.ofSeconds(90)).await();
            assertThat(client.connections(URI.create(server.uri()))).isZero();
            assertThatThrownBy(() -> response.next().await()).hasMessageContaining("has moved for 60000 ms");
        });
    }

    @Test
    void a_small_body_that_nobody_reads_does_no_harm() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client = client();
            for (int i = 0; i < 100; i++) {
                assertThat(client.get(server.uri()).await().status()).isEqualTo(200);
                loop.delay(Duration.ofMillis(200)).await();
            }
        });
        assertThat(server.peers).hasSize(1);
    }

    @Test
    void a_discarded_body_frees_its_connection_for_the_next_if_it_is_small() throws IOException {
        var server = server((peer, request) ->
                peer.say("HTTP/1.1 200 OK\nContent-Length: 50000\n\n").sayBytes(new byte[50_000]));
        loop.run(() -> {
            HttpClient client = client();
            for (int i = 0; i < 5; i++) {
                client.get(server.uri()).await().discard();
                loop.delay(Duration.ofSeconds(20)).await();
            }
        });
        assertThat(server.peers).hasSize(1);
    }

    @Test
    void a_discarded_body_that_is_large_closes_its_connection() throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nF4240\n")
                .sayBytes(new byte[1_000_000]));
        loop.run(() -> {
            HttpClient client = client();
            client.get(server.uri()).await().close();
            loop.delay(Duration.ofSeconds(50)).await();
            assertThat(client.connections(URI.create(server.uri()))).isZero();
        });
    }

    // ---- compression

    private static byte[] gzip(byte[] bytes) {
        var out = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return out.toByteArray();
    }

    private static byte[] zlib(byte[] bytes) {
        var out = new ByteArrayOutputStream();
        try (var zlib = new DeflaterOutputStream(out)) {
            zlib.write(bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return out.toByteArray();
    }

    private ScriptedServer coded(String coding, byte[] body) throws IOException {
        return server((peer, request) -> peer.say(
                        "HTTP/1.1 200 OK\nContent-Encoding: " + coding + "\nContent-Length: " + body.length + "\n\n")
                .sayBytes(body));
    }

    @Test
    void gzip_and_deflate_are_undone() throws IOException {
        byte[] text = "hello ".repeat(20_000).getBytes(StandardCharsets.US_ASCII);
        var two = new ByteArrayOutputStream();
        two.write(gzip(text));
        two.write(gzip(text));
        var gzip = coded("gzip", gzip(text));
        var old = coded("x-gzip", gzip(new byte[0]));
        var members = coded("GZip", two.toByteArray());
        var deflate = coded("deflate", zlib(text));
        loop.run(() -> {
            assertThat(client().get(gzip.uri()).await().bytes().await()).isEqualTo(text);
            assertThat(client().get(old.uri()).await().bytes().await()).isEmpty();
            assertThat(client().get(members.uri()).await().bytes().await()).hasSize(2 * text.length);
            assertThat(client().get(deflate.uri()).await().bytes().await()).isEqualTo(text);
            assertThat(HttpClient.on(loop, DEFAULTS.inflate(false))
                            .get(gzip.uri())
                            .await()
                            .bytes()
                            .await())
                    .isEqualTo(gzip(text));
            assertThat(client().send(ClientRequest.get(URI.create(gzip.uri())).field("Accept-Encoding", "gzip"))
                            .await()
                            .bytes()
                            .await())
                    .as("who says himself what he accepts undoes it himself")
                    .isEqualTo(gzip(text));
        });
        assertThat(gzip.requests.get(1)).doesNotContain("Accept-Encoding");
        assertThat(gzip.requests.get(2)).contains("Accept-Encoding: gzip\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "deflate"})
    void bombs_are_refused_by_size_and_by_ratio_for_every_coding(String coding) throws IOException {
        byte[] zeros = new byte[5_000_000];
        var server = coded(coding, coding.equals("gzip") ? gzip(zeros) : zlib(zeros));
        loop.run(() -> {
            assertThatThrownBy(() -> client().get(server.uri()).await().bytes().await())
                    .hasMessageContaining("more than 100 times as large");
            assertThatThrownBy(() -> HttpClient.on(loop, DEFAULTS.inflated(1_000_000, 100_000))
                            .get(server.uri())
                            .await()
                            .bytes()
                            .await())
                    .hasMessageContaining("more than 1000000 bytes when it is inflated");
            assertThat(HttpClient.on(loop, DEFAULTS.inflated(5_000_000, 100_000))
                            .get(server.uri())
                            .await()
                            .bytes()
                            .await())
                    .hasSize(5_000_000);
        });
    }

    @Test
    void compressed_bodies_that_are_broken_or_cut_are_refused() throws IOException {
        byte[] good = gzip("hello hello hello".getBytes(StandardCharsets.US_ASCII));
        var cut = coded("gzip", java.util.Arrays.copyOf(good, good.length - 1));
        byte[] wrong = good.clone();
        wrong[good.length - 6] ^= 1;
        var sum = coded("gzip", wrong);
        var none = coded("gzip", "plain text".getBytes(StandardCharsets.US_ASCII));
        var raw = coded("deflate", new byte[] {(byte) 0xCB, 72, (byte) 0xCD, (byte) 0xC9, (byte) 0xC9, 7, 0});
        byte[] tail = java.util.Arrays.copyOf(zlib(new byte[100]), zlib(new byte[100]).length + 1);
        var more = coded("deflate", tail);
        loop.run(() -> {
            for (ScriptedServer each : List.of(cut, sum, none, raw, more)) {
                assertThatThrownBy(
                                () -> client().get(each.uri()).await().bytes().await())
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("body");
            }
        });
    }

    // ---- the pool

    @Test
    void requests_side_by_side_have_a_connection_each_up_to_the_bound_and_then_wait() throws IOException {
        var server = server((peer, request) -> loop.schedule(Duration.ofSeconds(1), () -> peer.say(OK)));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(3).waiting(2));
            var calls = new ArrayList<Future<ClientResponse>>();
            for (int i = 0; i < 5; i++) {
                calls.add(client.get(server.uri()));
            }
            assertFails(client.get(server.uri()), Fate.NEVER_SENT, "2 requests wait for a connection already");
            for (Future<ClientResponse> each : calls) {
                assertThat(each.await().text().await()).isEqualTo("ok");
            }
            assertThat(client.connections(URI.create(server.uri()))).isEqualTo(3);
        });
        assertThat(server.peers).hasSize(3);
    }

    @Test
    void the_connection_used_last_is_taken_first() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client = client();
            Future.all(client.get(server.uri()), client.get(server.uri()), client.get(server.uri()))
                    .await();
            loop.delay(Duration.ofSeconds(1)).await();
            List<Integer> before =
                    server.peers.stream().map(peer -> peer.requests).toList();
            for (int i = 0; i < 10; i++) {
                text(client, server.uri());
            }
            for (int i = 0; i < before.size(); i++) {
                assertThat(server.peers.get(i).requests - before.get(i)).isIn(0, 10);
            }
        });
    }

    @Test
    void an_idle_connection_that_the_server_closes_is_gone_at_once() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client = client();
            text(client, server.uri());
            server.peers.getFirst().close();
            loop.delay(Duration.ofSeconds(1)).await();
            assertThat(client.connections(URI.create(server.uri()))).isZero();
            text(client, server.uri());
            server.peers.getLast().reset();
            loop.delay(Duration.ofSeconds(1)).await();
            assertThat(client.connections(URI.create(server.uri()))).isZero();
        });
        assertThat(server.peers).hasSize(2);
    }

    @Test
    void an_idle_connection_on_which_something_comes_unasked_is_closed() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client = client();
            text(client, server.uri());
            server.peers.getFirst().say("HTTP/1.1 408 Request Timeout\nContent-Length: 0\n\n");
            loop.delay(Duration.ofSeconds(1)).await();
            assertThat(client.connections(URI.create(server.uri()))).isZero();
        });
    }

    @Test
    void an_idle_connection_is_closed_before_the_server_does() throws IOException {
        var server = server(
                (peer, request) -> peer.say("HTTP/1.1 200 OK\nKeep-Alive: timeout=5, max=100\nContent-Length: 0\n\n"));
        loop.run(() -> {
            HttpClient client = client();
            URI uri = URI.create(server.uri());
            client.get(uri).await();
            loop.delay(Duration.ofMillis(3900)).await();
            assertThat(client.connections(uri)).isEqualTo(1);
            loop.delay(Duration.ofMillis(200)).await();
            assertThat(client.connections(uri)).isZero();
        });
    }

    @Test
    void a_server_that_wants_to_close_is_not_asked_again_on_the_same_connection() throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\nok"));
        loop.run(() -> {
            HttpClient client = client();
            assertThat(text(client, server.uri())).isEqualTo("ok");
            assertThat(text(client, server.uri())).isEqualTo("ok");
        });
        assertThat(server.peers).hasSize(2).allMatch(peer -> peer.requests == 1);
    }

    // ---- failures, and second tries

    @Test
    void a_get_on_a_connection_that_has_just_died_is_tried_once_more_on_a_new_one() throws IOException {
        var server = server((peer, request) -> {
            if (peer.requests == 1) {
                peer.say(OK);
            } else {
                peer.reset();
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            assertThat(text(client, server.uri())).isEqualTo("ok");
            assertThat(text(client, server.uri())).isEqualTo("ok");
            assertThat(client.connections(URI.create(server.uri())))
                    .as("the new one is kept")
                    .isEqualTo(1);
        });
        assertThat(server.peers).hasSize(2);
        assertThat(server.requests).hasSize(3);
    }

    @Test
    void it_is_tried_no_third_time() throws IOException {
        var server = server((peer, request) -> {
            if (peer.number == 0 && peer.requests == 1) {
                peer.say(OK);
            } else {
                peer.reset();
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            text(client, server.uri());
            assertFails(client.get(server.uri()), Fate.PERHAPS_CARRIED_OUT, "GET http://127.0.0.1");
        });
        assertThat(server.requests).hasSize(3);
    }

    @Test
    void a_second_try_waits_for_a_new_connection_though_another_becomes_free() throws IOException {
        var server = server((peer, request) -> {
            if (request.contains("/slow")) {
                loop.schedule(Duration.ofMillis(1), () -> peer.say(OK));
            } else if (request.contains("/stale") && peer.number < 2) {
                peer.reset();
            } else {
                peer.say(OK);
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            for (int i = 0; i < 20; i++) {
                Future.all(client.get(server.uri() + "/slow"), client.get(server.uri() + "/slow"))
                        .await();
                loop.delay(Duration.ofSeconds(1)).await();
                Future<ClientResponse> stale = client.get(server.uri() + "/stale");
                Future<ClientResponse> slow = client.get(server.uri() + "/slow");
                assertThat(stale.await().status()).isEqualTo(200);
                assertThat(slow.await().status()).isEqualTo(200);
                loop.delay(Duration.ofSeconds(1)).await();
            }
        });
    }

    @Test
    void a_post_is_never_tried_again_nor_what_failed_on_a_new_connection_nor_what_was_answered_in_part()
            throws IOException {
        var server = server((peer, request) -> {
            if (peer.requests == 1 && !request.contains("/new")) {
                peer.say(OK);
            } else if (request.contains("/part")) {
                peer.say("HTTP/1.1 200").close();
            } else {
                peer.reset();
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            URI uri = URI.create(server.uri());
            assertFails(client.get(server.uri() + "/new"), Fate.PERHAPS_CARRIED_OUT, "");
            assertThat(server.requests).hasSize(1);
            text(client, server.uri());
            assertFails(client.post(uri, HttpBody.of("x")), Fate.PERHAPS_CARRIED_OUT, "POST");
            assertThat(server.requests).hasSize(3);
            text(client, server.uri());
            assertFails(client.get(server.uri() + "/part"), Fate.PERHAPS_CARRIED_OUT, "GET");
            assertThat(server.requests).hasSize(5);
            text(client, server.uri());
            assertFails(
                    client.send(ClientRequest.put(uri, HttpBody.stream(pieces("x")))), Fate.PERHAPS_CARRIED_OUT, "PUT");
            assertThat(server.requests).hasSize(7);
            text(client, server.uri());
            client.send(ClientRequest.put(uri, HttpBody.of("x"))).await().discard();
            assertThat(server.requests).as("this one can be sent again").hasSize(10);
        });
    }

    @Test
    void a_request_that_can_t_be_connected_was_never_sent() {
        assertFails(client().get("http://127.0.0.1:1/"), Fate.NEVER_SENT, "GET http://127.0.0.1:1/: ");
    }

    @Test
    void what_is_no_http_fails() throws IOException {
        var server = server((peer, request) -> peer.say("SSH-2.0-OpenSSH\n\n"));
        loop.run(() -> assertFails(client().get(server.uri()), Fate.PERHAPS_CARRIED_OUT, "expected"));
    }

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
            HttpClient client = HttpClient.on(loop, DEFAULTS.connections(1).within(Duration.ofSeconds(5)));
            long before = loop.nanoTime();
            ClientResponse slow = client.get(server.uri() + "/body").await();
            Future<ClientResponse> waits = client.get(server.uri());
            assertThatThrownBy(() -> slow.bytes().await())
                    .isInstanceOf(IOException.class)
                    .hasRootCauseInstanceOf(DeadlineException.class);
            assertFails(waits, Fate.NEVER_SENT, "not done within its time");
            assertThat(Duration.ofNanos(loop.nanoTime() - before)).isLessThan(Duration.ofMillis(5500));
            assertFails(
                    client.send(ClientRequest.get(URI.create(server.uri())).within(Duration.ofSeconds(1))),
                    Fate.PERHAPS_CARRIED_OUT,
                    "not done within its time");
        });
    }

    private void drip(Peer peer) {
        if (peer.requests > 0) {
            peer.say("x");
            loop.schedule(Duration.ofMillis(100), () -> {
                if (loop.connections() > 1) {
                    drip(peer);
                }
            });
        }
    }

    // ---- cancelling

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

    // ---- Expect

    @Test
    void a_body_waits_for_100_or_for_the_patience_and_is_not_sent_to_a_server_that_refuses() throws IOException {
        var server = server((peer, request) -> {
            if (request.startsWith("PUT /yes")) {
                peer.say("HTTP/1.1 100 Continue\n\n");
            } else if (request.startsWith("PUT /no")) {
                peer.say("HTTP/1.1 417 Expectation Failed\nContent-Length: 0\n\n");
            } else if (request.startsWith("PUT /unknown")) {
                return;
            } else {
                peer.say(OK); // that is the body
            }
        });
        loop.run(() -> {
            HttpClient client = client();
            String body = "GET /body HTTP/1.1\r\n\r\n"; // which the script takes for a request
            for (String path : new String[] {"/yes", "/no", "/unknown"}) {
                long before = loop.nanoTime();
                ClientResponse response = client.send(
                                ClientRequest.put(URI.create(server.uri() + path), HttpBody.of(body))
                                        .expectContinue(Duration.ofSeconds(2)))
                        .await();
                Duration took = Duration.ofNanos(loop.nanoTime() - before);
                assertThat(response.status()).isEqualTo(path.equals("/no") ? 417 : 200);
                if (path.equals("/unknown")) {
                    assertThat(took).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
                } else {
                    assertThat(took).isLessThan(Duration.ofSeconds(2));
                }
                response.discard();
            }
        });
        assertThat(server.requests).hasSize(5);
        assertThat(server.peers)
                .as("after a body that was not sent the connection is of no use")
                .hasSize(2);
    }

    @Test
    void a_body_is_not_sent_on_once_an_error_was_answered() throws IOException {
        var server = server((peer, request) -> {});
        var asked = new AtomicInteger();
        HttpBody.Source slow = () -> {
            asked.incrementAndGet();
            return loop.delay(Duration.ofSeconds(1)).map(nothing -> Unpooled.wrappedBuffer(new byte[10]));
        };
        loop.run(() -> {
            Future<ClientResponse> call =
                    client().send(ClientRequest.put(URI.create(server.uri()), HttpBody.stream(slow)));
            loop.delay(Duration.ofMillis(3500)).await();
            server.peers.getFirst().say("HTTP/1.1 413 Content Too Large\nContent-Length: 3\n\nno!");
            ClientResponse response = call.await();
            assertThat(response.status()).isEqualTo(413);
            assertThat(response.text().await()).isEqualTo("no!");
            int before = asked.get();
            loop.delay(Duration.ofSeconds(5)).await();
            assertThat(asked.get()).isEqualTo(before);
        });
    }

    // ---- redirections

    @Test
    void redirections_are_followed_if_asked_for() throws IOException {
        var server = server((peer, request) -> {
            if (request.contains(" /end ")) {
                peer.say(OK);
            } else {
                peer.say("HTTP/1.1 " + request.substring(request.indexOf(" /") + 2, request.indexOf(" /") + 5)
                        + " Elsewhere\nLocation: /end\nContent-Length: 5\n\nmoved");
            }
        });
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(5));
            for (int status : new int[] {301, 302, 303, 307, 308}) {
                ClientResponse got = client.get(server.uri() + "/" + status).await();
                assertThat(got.text().await()).isEqualTo("ok");
                assertThat(got.uri().getPath()).isEqualTo("/end");
                client.post(URI.create(server.uri() + "/" + status), HttpBody.of("body"))
                        .await()
                        .discard();
                assertThat(server.requests.getLast()).startsWith(status < 304 ? "GET /end" : "POST /end");
                assertThat(server.requests.getLast().endsWith("body")).isEqualTo(status > 304);
                ClientResponse once = client.send(ClientRequest.put(
                                URI.create(server.uri() + "/" + status), HttpBody.stream(pieces("x"))))
                        .await();
                assertThat(once.status()).as("what can't be sent again").isEqualTo(status == 303 ? 200 : status);
                once.discard();
            }
            ClientResponse plain = client().get(server.uri() + "/302").await();
            assertThat(plain.status()).isEqualTo(302);
            assertThat(plain.text().await()).isEqualTo("moved");
        });
    }

    @Test
    void redirections_end() throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 302 Found\nLocation: /again\nContent-Length: 0\n\n"));
        loop.run(() -> assertFails(
                HttpClient.on(loop, DEFAULTS.redirects(3)).get(server.uri()),
                Fate.PERHAPS_CARRIED_OUT,
                "more than 3 redirections"));
        assertThat(server.requests).hasSize(4);
    }

    @Test
    void credentials_are_not_carried_to_another_origin() throws IOException {
        var other = server((peer, request) -> peer.say(OK));
        var first = server((peer, request) -> peer.say(
                request.contains(" /here ")
                        ? OK
                        : "HTTP/1.1 302 Found\nLocation: "
                                + (request.contains("/same") ? "/here" : other.uri() + "/there")
                                + "\nContent-Length: 0\n\n"));
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(3));
            HttpFields secrets = HttpFields.of("Authorization", "Basic x", "Cookie", "id=1", "X-Other", "kept");
            text(client, first.uri());
            client.send(ClientRequest.get(URI.create(first.uri() + "/same")).fields(secrets))
                    .await()
                    .discard();
            client.send(ClientRequest.get(URI.create(first.uri() + "/away")).fields(secrets))
                    .await()
                    .discard();
        });
        assertThat(first.requests.get(2)).contains("/here", "Authorization: Basic x", "Cookie: id=1");
        assertThat(other.requests.getLast()).contains("X-Other: kept").doesNotContain("Authorization", "Cookie");
    }
}
