package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.DeadlineException;
import rill.Future;
import rill.Loop;
import rill.Report;
import rill.http.ScriptedServer.Peer;

/** Tests pieces of a response that are asked for, given up and passed on, and content codings that are decoded or left alone. */
final class ClientResponseTest extends HttpClientRig {
    private static String taken(@Nullable ByteBuf piece) {
        try {
            return piece == null ? "the end" : piece.toString(StandardCharsets.US_ASCII);
        } finally {
            if (piece != null) {
                piece.release();
            }
        }
    }

    // ---- the head, and texts

    @Test
    void a_text_is_read_in_the_charset_that_the_caller_knows() throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nA: b\nContent-Length: 4\n\ngr\u00fcn"));
        ClientResponse response = client().get(server.uri()).await();
        assertThat(response.field("a", "otherwise")).isEqualTo("b");
        assertThat(response.field("c", "otherwise")).isEqualTo("otherwise");
        assertThat(response.text(StandardCharsets.ISO_8859_1).await()).isEqualTo("gr\u00fcn");
        assertThat(client().get(server.uri()).await().text().await()).isEqualTo("gr\ufffdn");
    }

    // ---- the status

    @ParameterizedTest
    @CsvSource({"200 OK", "201 Created", "206 Partial Content"})
    void a_success_is_returned_by_or_throw(String status) throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 " + status + "\nContent-Length: 2\n\nok"));
        try (ClientResponse response = client().get(server.uri()).await()) {
            assertThat(response.orThrow()).isSameAs(response);
            assertThat(response.text().await()).isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @CsvSource({"404 Not Found", "302 Found", "500 Oops"})
    void what_is_no_success_fails_by_or_throw_and_gives_its_connection_back(String status) throws IOException {
        var server = server(
                (peer, request) -> peer.say("HTTP/1.1 " + status + "\nLocation: /there\nContent-Length: 4\n\nsigh"));
        HttpClient client = client();
        URI uri = URI.create(server.uri() + "/a?token=secret");
        for (int i = 0; i < 3; i++) {
            ClientResponse response = client.get(uri).await();
            assertThatThrownBy(response::orThrow)
                    .isInstanceOfSatisfying(HttpStatusException.class, failed -> {
                        assertThat(failed.status()).isEqualTo(Integer.parseInt(status.substring(0, 3)));
                        assertThat(failed.uri()).isEqualTo(uri);
                    })
                    .hasMessage("GET " + server.uri() + "/a was answered with " + status);
            assertThatThrownBy(() -> response.text().await()).isInstanceOf(IllegalStateException.class);
        }
        assertThat(server.peers).as("connections").hasSize(1);
    }

    // ---- pieces

    @Test
    void a_piece_may_be_asked_for_in_the_same_moment_in_which_the_last_one_was_given_up() throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nContent-Length: 2\n\n"));
        loop.run(() -> {
            ClientResponse response = client().get(server.uri()).await();
            Future<@Nullable ByteBuf> first = response.next();
            assertThatThrownBy(response::next).isInstanceOf(IllegalStateException.class);
            first.cancel();
            Future<@Nullable ByteBuf> second = response.next();
            loop.delay(Duration.ofSeconds(1)).await();
            assertThatThrownBy(response::next)
                    .as("the second is still asked for")
                    .isInstanceOf(IllegalStateException.class);
            server.peers.getFirst().say("ok");
            assertThat(taken(second.timeout(Duration.ofSeconds(1)).await())).isEqualTo("ok");
        });
    }

    @Test
    void pieces_that_were_given_up_come_again_in_their_order_whatever_the_order_in_which_they_come_back()
            throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\na\n"));
        for (boolean firstFirst : new boolean[] {true, false}) {
            loop.run(() -> {
                ClientResponse response = client().get(server.uri()).await();
                loop.delay(Duration.ofSeconds(1)).await();
                Peer peer = server.peers.getLast();
                peer.say("1\nb\n");
                loop.delay(Duration.ofSeconds(1)).await();
                Future<@Nullable ByteBuf> a = response.next();
                Future<@Nullable ByteBuf> b = response.next();
                assertThat(a.isDone() && b.isDone()).isTrue();
                Future<?> givenUpA = a.map(ClientResponseTest::taken);
                Future<?> givenUpB = b.map(ClientResponseTest::taken);
                (firstFirst ? givenUpA : givenUpB).cancel();
                (firstFirst ? givenUpB : givenUpA).cancel();
                loop.delay(Duration.ofSeconds(1)).await();
                peer.say("1\nc\n0\n\n");
                loop.delay(Duration.ofSeconds(1)).await();
                var all = new StringBuilder();
                for (ByteBuf piece = response.next().await();
                        piece != null;
                        piece = response.next().await()) {
                    all.append(taken(piece));
                }
                assertThat(all).hasToString("abc");
            });
        }
    }

    @Test
    void text_has_a_limit_of_its_own() throws IOException {
        var server =
                server((peer, request) -> peer.say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n4\nfour\n0\n\n"));
        loop.run(() -> {
            assertThat(client().get(server.uri()).await().text(4).await()).isEqualTo("four");
            Future<String> tooLong = client().get(server.uri()).await().text(3);
            assertThatThrownBy(tooLong::await).isInstanceOf(BodyTooLargeException.class);
        });
    }

    @Test
    void a_body_that_does_not_fit_into_memory_fails_its_own_exchange_and_is_released() throws IOException {
        var server = server((peer, request) ->
                peer.say(request.contains("/huge") ? "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\na\n" : OK));
        ByteBuf huge = HttpWantTest.huge();
        loop.run(() -> {
            HttpClient client = client();
            ClientResponse response = client.get(server.uri() + "/huge").await();
            loop.delay(Duration.ofSeconds(1)).await();
            assertThat(taken(response.next().await())).isEqualTo("a");
            response.data(huge); // arrives before it is asked for
            Future<byte[]> whole = response.bytes(Integer.MAX_VALUE);
            assertThatThrownBy(whole::await)
                    .isInstanceOf(IOException.class)
                    .hasRootCauseInstanceOf(OutOfMemoryError.class);
            assertThat(huge.refCnt()).isZero();
            assertThat(text(client, server.uri())).isEqualTo("ok");
        });
    }

    @Test
    void the_pieces_that_wait_are_counted_and_not_only_their_bytes() throws IOException {
        int pieces = 100_000;
        var server = server((peer, request) ->
                peer.say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n" + "1\nx\n".repeat(pieces) + "0\n\n"));
        loop.run(() -> {
            ClientResponse response = client().get(server.uri()).await();
            Peer peer = server.peers.getFirst();
            long before;
            do { // until it is held up
                before = peer.pending();
                loop.delay(Duration.ofSeconds(10)).await();
            } while (peer.pending() < before);
            assertThat(before).as("held up, of 600,000 bytes").isGreaterThan(400_000);
            assertThat(response.bytes().await()).hasSize(pieces);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "HEAD, 200, 'Transfer-Encoding: chunked', -1",
        "HEAD, 200, 'X-Other: y', -1",
        "HEAD, 200, 'Content-Length: 5', 0",
        "HEAD, 304, 'X-Other: y', 0",
        "HEAD, 204, 'X-Other: y', 0",
        "GET, 204, 'X-Other: y', 0",
        "GET, 304, 'X-Other: y', 0",
        "GET, 200, 'Content-Length: 0', 0",
    })
    void the_body_of_what_says_no_length_has_none(String method, int status, String field, long length)
            throws IOException {
        var server = server((peer, request) -> peer.say("HTTP/1.1 " + status + " Yes\n" + field + "\n\n"));
        loop.run(() -> {
            ClientResponse response = client().send(ClientRequest.of(method, URI.create(server.uri())))
                    .await();
            HttpBody body = response.body();
            assertThat(body.length()).isEqualTo(length);
            assertThat(body.bytes().await()).isEmpty();
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain; charset=iso-8859-1",
                "text/plain; x=\"charset=utf-8\"; Charset = \"latin1\" ; y=z",
            })
    void a_text_is_read_in_the_charset_that_its_response_says(String type) throws IOException {
        var server = server((peer, request) ->
                peer.say("HTTP/1.1 200 OK\nContent-Length: 1\nContent-Type: " + type + "\n\n\u00e4"));
        loop.run(() -> assertThat(text(client(), server.uri())).isEqualTo("\u00e4"));
    }

    @Test
    void what_other_threads_ask_for_and_give_up_at_once_is_neither_lost_nor_taken_up_for_ever() throws Exception {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Loop served = Loop.open().start();
                Loop used = Loop.open().start();
                HttpClient client = HttpClient.on(used, DEFAULTS.connections(1))) {
            HttpServer server = HttpServer.serve(
                            served, address, request -> Future.of(HttpResponse.text("x".repeat(100_000))))
                    .await();
            URI uri = URI.create("http://127.0.0.1:" + server.port());
            for (int i = 0; i < 200; i++) {
                Future<ClientResponse> call = client.get(uri);
                for (int spin = 0; spin < i * 20; spin++) {
                    Thread.onSpinWait();
                }
                if (!call.cancel()) {
                    call.await().discard(); // it was faster
                }
            }
            ClientResponse response =
                    client.get(uri).timeout(Duration.ofSeconds(10)).await();
            int size = 0;
            for (int i = 0; ; i++) {
                Future<@Nullable ByteBuf> next = response.next();
                for (int spin = 0; spin < i * 10 && i < 200; spin++) {
                    Thread.onSpinWait();
                }
                if (i < 200 && next.cancel()) {
                    continue;
                }
                ByteBuf piece = next.await();
                if (piece == null) {
                    break;
                }
                size += piece.readableBytes();
                piece.release();
            }
            assertThat(size).isEqualTo(100_000);
        }
    }

    // ---- codings

    private static byte[] gzip(String text) {
        var out = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(out)) {
            gzip.write(text.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    @Test
    void a_part_of_what_was_coded_is_neither_asked_for_nor_undone() throws IOException {
        byte[] part = {0x1F, (byte) 0x8B, 8, 0};
        var server = server((peer, request) -> peer.say("""
                        HTTP/1.1 206 Partial Content
                        Content-Encoding: gzip
                        Content-Range: bytes 0-3/100
                        Content-Length: 4

                        """).sayBytes(part));
        loop.run(() -> {
            ClientResponse asked = client().send(
                            ClientRequest.get(URI.create(server.uri())).with("Range", "bytes=0-3"))
                    .await();
            assertThat(asked.bytes().await()).isEqualTo(part);
            ClientResponse unasked = client().get(server.uri()).await();
            assertThat(unasked.bytes().await()).isEqualTo(part);
            assertThat(unasked.inflated()).isFalse();
            assertThat(unasked.field("Content-Encoding")).isEqualTo("gzip");
        });
        assertThat(server.requests.getFirst()).contains("Range: bytes=0-3\r\n").doesNotContain("Accept-Encoding");
    }

    @Test
    void what_the_options_say_of_codings_holds_in_place_of_what_the_client_says() throws IOException {
        byte[] coded = gzip("hello");
        var server = server((peer, request) -> peer.say(
                        "HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: " + coded.length + "\n\n")
                .sayBytes(coded));
        loop.run(() -> {
            HttpClient client =
                    HttpClient.on(loop, DEFAULTS.fields(rill.http.wire.HttpFields.of("Accept-Encoding", "br, gzip")));
            assertThat(client.get(server.uri()).await().bytes().await()).isEqualTo(coded);
        });
        assertThat(server.requests.getLast())
                .contains("Accept-Encoding: br, gzip\r\n")
                .doesNotContain("deflate");
    }

    @Test
    void an_inflated_response_can_be_handed_on_with_its_fields_and_its_body() throws IOException {
        byte[] coded = gzip("hello hello hello");
        var origin = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nContent-Encoding: gzip\nX-Other: kept\n"
                        + "Content-Length: " + coded.length + "\n\n")
                .sayBytes(coded));
        loop.run(() -> {
            HttpClient client = client();
            ClientResponse first = client.get(origin.uri()).await();
            assertThat(first.inflated()).isTrue();
            assertThat(first.fields().contains("content-encoding")).isFalse();
            assertThat(first.fields().contains("content-length")).isFalse();
            assertThat(first.field("x-other")).isEqualTo("kept");
            assertThat(first.head().fields().get("content-encoding")).isEqualTo("gzip");
            assertThat(first.text().await()).isEqualTo("hello hello hello");

            HttpServer proxy = HttpServer.serve(
                            loop,
                            rill.testkit.memory.MemoryTransport.ANY,
                            request -> client.get(origin.uri())
                                    .map(response ->
                                            HttpResponse.of(response.body()).fields(response.fields())))
                    .await();
            URI there = URI.create("http://127.0.0.1:" + proxy.port());
            ClientResponse second = client.get(there).await();
            assertThat(second.text().await()).isEqualTo("hello hello hello");
            assertThat(second.field("x-other")).isEqualTo("kept");
        });
    }

    /** A response in chunks of which half has come, and the other half is to come. */
    private ScriptedServer sayingHalf(byte[] coded) throws IOException {
        return server((peer, request) -> {
            if (peer.requests > 1) {
                peer.say(OK);
                return;
            }
            int half = coded.length / 2;
            peer.say("HTTP/1.1 200 OK\nContent-Encoding: gzip\nTransfer-Encoding: chunked\n\n");
            peer.say(Integer.toHexString(half) + "\n").sayBytes(Arrays.copyOf(coded, half));
            loop.schedule(
                    Duration.ofMillis(500),
                    () -> peer.say("\n" + Integer.toHexString(coded.length - half) + "\n")
                            .sayBytes(Arrays.copyOfRange(coded, half, coded.length))
                            .say("\n0\n\n"));
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_compressed_body_that_is_given_up_as_a_whole_keeps_its_connection(boolean byTimeout) throws IOException {
        var server = sayingHalf(gzip("hello hello hello, and something else"));
        loop.run(() -> {
            HttpClient client = client();
            ClientResponse response = client.get(server.uri()).await();
            Future<String> text = response.text();
            if (byTimeout) {
                Future<String> timed = text.timeout(Duration.ofMillis(250));
                assertThatThrownBy(timed::await).isInstanceOf(DeadlineException.class);
            } else {
                loop.delay(Duration.ofMillis(250)).await();
                response.close();
                assertThatThrownBy(text::await).hasMessageContaining("was discarded");
            }
            loop.delay(Duration.ofMillis(500)).await();
            assertThat(text(client, server.uri())).isEqualTo("ok");
        });
        assertThat(server.peers).hasSize(1);
    }

    @Test
    void the_end_of_a_compressed_body_is_told_again_and_again() throws IOException {
        var server = server((peer, request) ->
                peer.say("HTTP/1.1 200 OK\nContent-Encoding: deflate\nTransfer-Encoding: chunked\n\n0\n\n"));
        loop.run(() -> {
            ClientResponse response = client().get(server.uri()).await();
            assertThat(response.next().await()).isNull();
            assertThat(response.next().await()).isNull();
        });
    }

    @ParameterizedTest
    @CsvSource({"99000, 1", "1000, 2"})
    void whether_a_rest_is_small_does_not_depend_on_what_was_read_before_it(int first, int connections)
            throws IOException {
        int size = 100_000;
        var server = server((peer, request) -> {
            if (peer.requests > 1 || peer.number > 0) {
                peer.say(OK);
                return;
            }
            peer.say("HTTP/1.1 200 OK\nContent-Length: " + size + "\n\n").sayBytes(new byte[first]);
            loop.schedule(Duration.ofMillis(500), () -> peer.sayBytes(new byte[size - first]));
        });
        loop.run(() -> {
            HttpClient client = client();
            ClientResponse response = client.get(server.uri()).await();
            int got = 0;
            while (got < first) {
                ByteBuf piece = response.next().await();
                got += piece.readableBytes();
                piece.release();
            }
            response.close();
            loop.delay(Duration.ofSeconds(2)).await();
            assertThat(text(client, server.uri())).isEqualTo("ok");
        });
        assertThat(server.peers).hasSize(connections);
    }

    @Test
    void what_describes_the_coded_bytes_is_not_said_of_the_inflated_ones() throws IOException {
        byte[] coded = gzip("hello");
        var server = server((peer, request) -> peer.say("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Digest: a\n"
                        + "Repr-Digest: b\nDigest: c\nContent-MD5: d\nAccept-Ranges: bytes\nETag: "
                        + (request.contains("/weak") ? "W/\"e\"" : "\"e\"") + "\nLast-Modified: f\n"
                        + "Content-Length: " + coded.length + "\n\n")
                .sayBytes(coded));
        loop.run(() -> {
            ClientResponse response = client().get(server.uri()).await();
            assertThat(response.fields().size()).isEqualTo(2);
            assertThat(response.field("etag")).isEqualTo("W/\"e\"");
            assertThat(response.field("last-modified")).isEqualTo("f");
            assertThat(response.head().fields().get("etag")).isEqualTo("\"e\"");
            assertThat(response.text().await()).isEqualTo("hello");
            response = client().get(server.uri() + "/weak").await();
            assertThat(response.field("etag")).isEqualTo("W/\"e\"");
            response.discard();
        });
    }

    @Test
    void members_without_content_cost_next_to_nothing() throws IOException {
        byte[] empty = gzip("");
        var coded = new ByteArrayOutputStream();
        for (int i = 0; i < 1000; i++) {
            coded.write(empty);
        }
        ContentCoding coding = Objects.requireNonNull(ContentCoding.of("gzip", Long.MAX_VALUE, 100));
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        coding.feed(Unpooled.wrappedBuffer(coded.toByteArray()));
        long before = threads.getCurrentThreadAllocatedBytes();
        assertThat(coding.poll()).isNull();
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(8_000_000);
        coding.requireEnd();
        coding.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"saved", "read as a body", "read"})
    void a_client_of_a_gateway_is_not_blamed_for_a_response_that_is_too_large(String how, @TempDir Path folder)
            throws IOException {
        var origin = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client = client();
            HttpServer gateway = HttpServer.serve(
                            loop,
                            rill.testkit.memory.MemoryTransport.ANY,
                            request -> client.get(origin.uri())
                                    .flatMap(response -> switch (how) {
                                        case "saved" ->
                                            response.saveTo(folder.resolve("file"), 1)
                                                    .map(size -> how);
                                        case "read" -> response.bytes(1).map(bytes -> how);
                                        default -> response.body().bytes(1).map(bytes -> how);
                                    })
                                    .map(HttpResponse::text))
                    .await();
            URI there = URI.create("http://127.0.0.1:" + gateway.port());
            ClientResponse response = client.get(there).await();
            assertThat(response.status()).isEqualTo(500);
            response.discard();
        });
        assertThat(reports)
                .singleElement()
                .isInstanceOfSatisfying(
                        Report.Thrown.class,
                        told -> assertThat(told.cause()).isInstanceOf(BodyTooLargeException.class));
        reports.clear();
    }
}
