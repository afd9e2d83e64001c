package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.CallFailedException.Fate;
import rill.Future;
import rill.testkit.memory.MemoryTransport;

/** Tests what a client sends, and how it reads what arrives. */
final class HttpClientTest extends HttpClientRig {
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
            client.post(uri, HttpBody.of("grün")).await().text().await();
            client.post(uri, HttpBody.of(new byte[] {'a', 'b'})).await().text().await();
            client.post(uri, HttpBody.of(new byte[0])).await().text().await();
            client.send(ClientRequest.put(uri, HttpBody.stream(pieces("one", "two"))))
                    .await()
                    .text()
                    .await();
            client.send(ClientRequest.put(uri, HttpBody.stream(6, pieces("one", "two"))))
                    .await()
                    .text()
                    .await();
            client.send(ClientRequest.of("DELETE", uri).add("X-Why", "because"))
                    .await()
                    .text()
                    .await();
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
                .await(); // it never receives
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
            assertThatThrownBy(() -> ClientRequest.get(URI.create("http://a/")).add(name, "x"))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (String bad : new String[] {"ftp://a/", "http:///x", "http://user:secret@a/", "mailto:x"}) {
            assertThatThrownBy(() -> ClientRequest.get(URI.create(bad))).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> ClientRequest.get(URI.create("http://a/")).add("X", "a\r\nB: c"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // ---- what arrives

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
                peer.say("HTTP/1.1 200 OK\nContent-Length: 4000\n\n").sayBytes(new byte[4_000]));
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
            assertThat(client().send(ClientRequest.get(URI.create(gzip.uri())).add("Accept-Encoding", "gzip"))
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
}
