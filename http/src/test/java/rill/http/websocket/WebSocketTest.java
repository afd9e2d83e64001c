package rill.http.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.ConnectOptions;
import rill.Connection;
import rill.DeadlineException;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.ProtocolException;
import rill.Report;
import rill.http.websocket.WebSocketMessage.Binary;
import rill.http.websocket.WebSocketMessage.Close;
import rill.http.websocket.WebSocketMessage.Text;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Tests WebSockets whose ends are both Rill's, on a transport in memory, and the opening handshake, byte by byte. */
@ExtendWith(Leaks.class)
final class WebSocketTest {
    private static final WebSocketOptions DEFAULTS = WebSocketOptions.defaults();
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final List<Report> reports = new CopyOnWriteArrayList<>();
    private final MemoryTransport memory = new MemoryTransport(1);
    private final Loop loop = open();

    private void note(Report report) {
        if (report instanceof Report.ConnectionFailed || report instanceof Report.Thrown) {
            reports.add(report);
        }
    }

    private Loop open() {
        try {
            return Loop.open(LoopOptions.defaults().transport(memory).reporter(this::note));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private URI serve(WebSocketOptions options, Consumer<? super Connection<WebSocketMessage, WebSocketMessage>> then)
            throws IOException {
        var address = (InetSocketAddress)
                loop.listen(ANY_PORT, WebSocket.server(options), then).await().address();
        return URI.create("ws://127.0.0.1:" + address.getPort() + "/chat?room=1");
    }

    private static void echo(Connection<WebSocketMessage, WebSocketMessage> connection) {
        connection.onMessage(message -> {
            if (!(message instanceof Close)) {
                connection.write(message);
            }
        });
    }

    @Test
    void messages_go_both_ways_until_one_side_closes() throws IOException {
        URI uri = serve(DEFAULTS, WebSocketTest::echo);
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            for (int size : new int[] {0, 1, 125, 126, 65_535, 65_536, 500_000}) {
                socket.write(new Binary(new byte[size]));
                assertThat(socket.receive().await())
                        .isInstanceOfSatisfying(
                                Binary.class,
                                binary -> assertThat(binary.bytes()).isEqualTo(new byte[size]));
                socket.write(WebSocketMessage.text("ä".repeat(size / 2)));
                assertThat(socket.receive().await()).isEqualTo(new Text("ä".repeat(size / 2)));
            }
            socket.write(new Close(4000, "enough"));
            assertThat(socket.receive().await()).isEqualTo(new Close(4000, ""));
            assertThat(socket.receive().await()).isNull();
            socket.finish().await();
        });
        assertThat(reports).isEmpty();
    }

    @Test
    void what_was_agreed_can_be_asked_for_on_both_sides() throws IOException {
        var infos = new ArrayList<WebSocketInfo>();
        WebSocketOptions server = DEFAULTS.subprotocols("v2", "v1").deflate(true);
        URI uri = serve(server, connection -> {
            infos.add(connection.info(WebSocketInfo.class).orElseThrow());
            echo(connection);
        });
        loop.run(() -> {
            var socket = WebSocket.connect(
                            loop, uri, DEFAULTS.subprotocols("v1", "v2").deflate(true))
                    .await();
            WebSocketInfo info = socket.info(WebSocketInfo.class).orElseThrow();
            assertThat(info.subprotocol()).isEqualTo("v2");
            assertThat(info.deflate()).isTrue();
            socket.write(WebSocketMessage.text("a".repeat(10_000)));
            assertThat(socket.receive().await()).isEqualTo(new Text("a".repeat(10_000)));
            socket.finish().await();
        });
        assertThat(infos).hasSize(1);
        assertThat(infos.getFirst().request().target()).isEqualTo("/chat?room=1");
        assertThat(infos.getFirst().subprotocol()).isEqualTo("v2");
        assertThat(infos.getFirst().deflate()).isTrue();
    }

    @Test
    void without_agreement_nothing_is_compressed_and_no_subprotocol_spoken() throws IOException {
        URI uri = serve(DEFAULTS.subprotocols("v3"), WebSocketTest::echo);
        loop.run(() -> {
            var socket = WebSocket.connect(
                            loop, uri, DEFAULTS.subprotocols("v1").deflate(true))
                    .await();
            WebSocketInfo info = socket.info(WebSocketInfo.class).orElseThrow();
            assertThat(info.subprotocol()).isNull();
            assertThat(info.deflate()).isFalse();
            socket.finish().await();
        });
    }

    @Test
    void closing_a_connection_says_close_first() throws IOException {
        var received = new ArrayList<WebSocketMessage>();
        URI uri = serve(DEFAULTS, connection -> connection.onMessage(received::add));
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            socket.write(WebSocketMessage.text("bye"));
            socket.finish().await();
        });
        assertThat(received).containsExactly(new Text("bye"), new Close(1000, ""));
        assertThat(reports).isEmpty();
    }

    @Test
    void a_peer_that_does_not_answer_a_close_is_given_up() throws IOException {
        var held = new ArrayList<Connection<WebSocketMessage, WebSocketMessage>>();
        URI uri = serve(DEFAULTS, held::add); // it never receives
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri, DEFAULTS.closeTimeout(Duration.ofSeconds(2)))
                    .await();
            socket.write(new Close(1000, ""));
            long before = loop.nanoTime();
            assertThatThrownBy(() -> socket.receive().await())
                    .isInstanceOf(DeadlineException.class)
                    .hasMessageContaining("has not answered a Close within 2000 ms");
            assertThat(Duration.ofNanos(loop.nanoTime() - before)).isEqualTo(Duration.ofSeconds(2));
        });
        held.forEach(Connection::abort);
    }

    @Test
    void what_another_thread_writes_arrives() throws Exception {
        URI uri = serve(DEFAULTS, WebSocketTest::echo);
        var socket = WebSocket.connect(loop, uri).await();
        var writer = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 100; i++) {
                socket.write(WebSocketMessage.text("n" + i));
            }
        });
        writer.join();
        for (int i = 0; i < 100; i++) {
            assertThat(socket.receive().await()).isEqualTo(new Text("n" + i));
        }
        socket.finish().await();
    }

    @Test
    void a_large_message_in_parts_waits_for_whoever_takes_them() throws IOException {
        var parts = new ArrayList<WebSocketMessage>();
        URI uri = serve(DEFAULTS.inParts(true), connection -> connection.onMessage(parts::add));
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            socket.write(new Binary(new byte[3_000_000]));
            socket.finish().await();
        });
        int all = 0;
        for (WebSocketMessage each : parts) {
            if (each instanceof WebSocketMessage.BinaryPart part) {
                assertThat(part.length()).isLessThanOrEqualTo(16 * 1024);
                all += part.length();
                part.release();
            }
        }
        assertThat(all).isEqualTo(3_000_000);
        assertThat(parts.get(parts.size() - 2))
                .isInstanceOfSatisfying(
                        WebSocketMessage.BinaryPart.class,
                        part -> assertThat(part.last()).isTrue());
    }

    // ---- violations, on a connection

    @Test
    void a_violation_fails_the_connection_and_the_peer_is_told_the_code() throws IOException {
        URI uri = serve(DEFAULTS.messageBytes(10), connection -> connection.onMessage(message -> {}));
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            socket.write(WebSocketMessage.text("more than ten bytes"));
            assertThat(socket.receive().await()).isInstanceOfSatisfying(Close.class, close -> {
                assertThat(close.code()).isEqualTo(1009);
                assertThat(close.reason()).isEqualTo("expected a message of at most 10 bytes");
            });
            socket.finish().await();
        });
        assertThat(reports)
                .singleElement()
                .isInstanceOfSatisfying(
                        Report.ConnectionFailed.class,
                        failed -> assertThat(failed.cause())
                                .isInstanceOf(ProtocolException.class)
                                .hasMessageContaining("told 1009"));
    }

    // ---- the opening handshake: the server's side

    private static final String REQUEST = """
            GET /chat HTTP/1.1
            Host: server.example.com
            Upgrade: websocket
            Connection: Upgrade
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
            Sec-WebSocket-Version: 13

            """.replace("\n", "\r\n");

    /** Returns the server's answer to these bytes: until it ends its stream or, if it does not, until this many bytes have arrived. */
    private String answer(WebSocketOptions options, String request, int most) throws IOException {
        URI uri = serve(options, WebSocketTest::echo);
        var text = new StringBuilder();
        loop.run(() -> {
            var raw = loop.connect("127.0.0.1", uri.getPort(), Pipeline.bytes()).await();
            raw.write(Unpooled.copiedBuffer(request, StandardCharsets.ISO_8859_1));
            for (ByteBuf next = raw.receive().await();
                    next != null;
                    next = raw.receive().await()) {
                text.append(next.toString(StandardCharsets.ISO_8859_1));
                next.release();
                if (text.length() >= most) {
                    break;
                }
            }
            raw.finish().await();
        });
        return text.toString();
    }

    private String answer(WebSocketOptions options, String request) throws IOException {
        return answer(options, request, Integer.MAX_VALUE);
    }

    @Test
    void the_example_of_rfc_6455_is_answered_and_frames_that_come_with_the_request_are_read() throws IOException {
        String answer = answer(DEFAULTS, REQUEST + Frames.client(0x81, "Hello") + Frames.client(0x88, ""));
        assertThat(answer)
                .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
                .contains(
                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
                        "Upgrade: websocket\r\n",
                        "Connection: Upgrade\r\n")
                .endsWith("\r\n\r\n" + Frames.server(0x81, "Hello") + Frames.server(0x88, ""));
    }

    private void refused(String request, int status) throws IOException {
        assertThat(answer(DEFAULTS, request)).startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void bad_requests_are_refused() throws IOException {
        refused(REQUEST.replace("Upgrade: websocket\r\n", ""), 426);
        refused(REQUEST.replace("Upgrade: websocket", "Upgrade: h2c"), 426);
        refused(REQUEST.replace("Connection: Upgrade", "Connection: keep-alive"), 426);
        refused(REQUEST.replace("Version: 13", "Version: 8"), 426);
        refused(REQUEST.replace("GET", "POST"), 400);
        refused(REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ=="), 400);
        refused(REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=!"), 400);
        refused(REQUEST.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), 400);
        refused(REQUEST.replace("HTTP/1.1", "HTTP/1.0"), 426);
        refused(REQUEST.replace("Version: 13", "Version: 13\r\nContent-Length: 3") + "abc", 400);
        assertThat(answer(DEFAULTS, REQUEST.replace("Version: 13", "Version: 8")))
                .contains("Sec-WebSocket-Version: 13");
        assertThat(reports).isNotEmpty().allMatch(report -> report instanceof Report.ConnectionFailed);
    }

    @Test
    void pages_of_other_origins_are_refused_unless_they_are_accepted_by_name() throws IOException {
        String other = REQUEST.replace("Version: 13", "Version: 13\r\nOrigin: https://evil.example");
        refused(other, 403);
        refused(REQUEST.replace("Version: 13", "Version: 13\r\nOrigin: null"), 403);
        String close = Frames.client(0x88, "");
        assertThat(answer(
                        DEFAULTS,
                        REQUEST.replace("Version: 13", "Version: 13\r\nOrigin: https://server.example.com") + close))
                .startsWith("HTTP/1.1 101");
        String absolute = REQUEST.replace("Version: 13", "Version: 13\r\nOrigin: https://evil.example")
                .replace("GET /", "GET http://evil.example/");
        assertThat(answer(DEFAULTS, absolute + close))
                .as("for whom a request is, its target says")
                .startsWith("HTTP/1.1 101");
        refused(
                REQUEST.replace("Version: 13", "Version: 13\r\nOrigin: https://server.example.com")
                        .replace("GET /", "GET http://other.example/"),
                403);
        assertThat(answer(DEFAULTS.origins("https://evil.example"::equals), other + close))
                .startsWith("HTTP/1.1 101");
    }

    @Test
    void a_host_may_have_an_underscore() throws IOException {
        URI uri = serve(DEFAULTS, WebSocketTest::echo);
        loop.run(() -> {
            URI named = URI.create("ws://my_app:" + uri.getPort() + "/");
            var socket = WebSocket.connect(loop, named).await();
            assertThat(socket.info(WebSocketInfo.class)
                            .orElseThrow()
                            .request()
                            .fields()
                            .get("host"))
                    .isEqualTo("my_app:" + uri.getPort());
            socket.finish().await();
        });
        for (String none : List.of("ws:///", "ws://my_app:x/", "ws://a@my_app/", "ws://my_app:99999/", "ws:path")) {
            assertThatThrownBy(() -> WebSocket.connect(loop, URI.create(none)))
                    .as(none)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void half_a_message_is_not_lost_to_another_protocol() throws IOException {
        var told = new ArrayList<Throwable>();
        URI uri = serve(DEFAULTS, socket -> {
            socket.onMessage(message -> message.release());
            loop.schedule(Duration.ofSeconds(1), () -> {
                try {
                    socket.become(Pipeline.bytes());
                } catch (IllegalStateException e) {
                    told.add(e);
                }
                socket.abort();
            });
        });
        loop.run(() -> {
            var raw = loop.connect("127.0.0.1", uri.getPort(), Pipeline.bytes()).await();
            raw.onFailure(failure -> {});
            raw.write(Unpooled.copiedBuffer(REQUEST + Frames.client(0x01, "Hel"), StandardCharsets.ISO_8859_1));
            loop.delay(Duration.ofSeconds(2)).await();
            raw.abort().await();
        });
        assertThat(told).singleElement().asString().contains("can't be replaced");
    }

    @Test
    void a_client_that_is_slow_with_its_request_is_given_up() throws IOException {
        assertThat(answer(DEFAULTS, REQUEST.substring(0, 30))).isEmpty();
        assertThat(reports)
                .singleElement()
                .isInstanceOfSatisfying(
                        Report.ConnectionFailed.class,
                        failed -> assertThat(failed.cause())
                                .isInstanceOf(DeadlineException.class)
                                .hasMessageContaining("within 10000 ms"));
    }

    @Test
    void compression_is_agreed_as_far_as_it_can_be_done() throws IOException {
        WebSocketOptions deflate = DEFAULTS.deflate(true);
        String all = "permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n";
        assertThat(agreed(deflate, "permessage-deflate")).contains(all);
        assertThat(agreed(deflate, "permessage-deflate; server_max_window_bits=15"))
                .as("a client that asks for this wants to hear that it is so")
                .contains(all.replace("\r\n", "; server_max_window_bits=15\r\n"));
        assertThat(agreed(deflate, "permessage-deflate; client_max_window_bits"))
                .contains(all);
        assertThat(agreed(
                        deflate,
                        "foo; bar=1, permessage-deflate; client_max_window_bits=10; server_no_context_takeover"))
                .contains(all);
        assertThat(agreed(deflate, "permessage-deflate; server_max_window_bits=10, permessage-deflate"))
                .contains(all);
        assertThat(agreed(deflate, "permessage-deflate; server_max_window_bits=10"))
                .doesNotContain("Extensions");
        assertThat(agreed(deflate, "permessage-deflate; unknown")).doesNotContain("Extensions");
        assertThat(agreed(deflate, "permessage-deflate; client_max_window_bits=7"))
                .doesNotContain("Extensions");
        assertThat(agreed(deflate, "x-webkit-deflate-frame")).doesNotContain("Extensions");
        assertThat(agreed(DEFAULTS, "permessage-deflate")).doesNotContain("Extensions");
        assertThat(answer(deflate, REQUEST.replace("Version: 13", "Version: 13\r\nSec-WebSocket-Extensions: a b")))
                .startsWith("HTTP/1.1 400");
    }

    private String agreed(WebSocketOptions options, String offer) throws IOException {
        return answer(
                options,
                REQUEST.replace("Version: 13", "Version: 13\r\nSec-WebSocket-Extensions: " + offer)
                        + Frames.client(0x88, ""));
    }

    // ---- the client's side

    /** Connects to a server that sends this answer, in which KEY stands for the right key. */
    private void connectTo(String answer, WebSocketOptions options) throws IOException {
        var listener = loop.listen(ANY_PORT, Pipeline.bytes(), connection -> {
                    var seen = new StringBuilder();
                    connection.onMessage(bytes -> {
                        seen.append(bytes.toString(StandardCharsets.ISO_8859_1));
                        bytes.release();
                        int end = seen.indexOf("\r\n\r\n");
                        if (end > 0) {
                            String key = seen.substring(seen.indexOf("Key: ") + 5, seen.indexOf("Key: ") + 29);
                            connection.write(Unpooled.copiedBuffer(
                                    answer.replace("\n", "\r\n").replace("KEY", Opening.accept(key)),
                                    StandardCharsets.ISO_8859_1));
                            seen.setLength(0);
                        }
                    });
                })
                .await();
        int port = ((InetSocketAddress) listener.address()).getPort();
        loop.run(() -> {
            var socket = WebSocket.connect(loop, URI.create("ws://127.0.0.1:" + port), options)
                    .await();
            socket.abort().await();
        });
    }

    private static final String GRANTED =
            "HTTP/1.1 101 Sure\nUpgrade: WebSocket\nConnection: keep-alive, upgrade\nSec-WebSocket-Accept: KEY\n";

    @Test
    void an_answer_to_the_letter_is_taken_after_interim_ones() throws IOException {
        connectTo(GRANTED + "\n", DEFAULTS);
        connectTo("HTTP/1.1 103 Early Hints\nLink: x\n\n" + GRANTED + "\n", DEFAULTS);
        connectTo(GRANTED + "Sec-WebSocket-Protocol: b\n\n", DEFAULTS.subprotocols("a", "b"));
        connectTo(
                GRANTED
                        + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; server_max_window_bits=9\n\n",
                DEFAULTS.deflate(true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 101 Sure\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n\n",
                "HTTP/1.1 101 Sure\nUpgrade: websocket\nConnection: upgrade\n\n",
                "HTTP/1.1 101 Sure\nUpgrade: websocket\nSec-WebSocket-Accept: KEY\n\n",
                "HTTP/1.1 101 Sure\nConnection: upgrade\nSec-WebSocket-Accept: KEY\n\n",
                GRANTED + "Sec-WebSocket-Protocol: c\n\n",
                GRANTED + "Sec-WebSocket-Protocol: a, b\n\n",
                GRANTED + "Sec-WebSocket-Extensions: foo\n\n",
                GRANTED + "Sec-WebSocket-Extensions: permessage-deflate\n\n",
                GRANTED
                        + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits=9\n\n",
                GRANTED + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover, foo\n\n",
                "SSH-2.0-OpenSSH\n\n"
            })
    void an_answer_that_is_not_to_the_letter_fails_connecting(String answer) {
        assertThatThrownBy(
                        () -> connectTo(answer, DEFAULTS.subprotocols("a", "b").deflate(true)))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void a_server_that_says_no_is_told_as_such() {
        assertThatThrownBy(() -> connectTo("HTTP/1.1 404 Not Found\nContent-Length: 0\n\n", DEFAULTS))
                .isInstanceOfSatisfying(
                        WebSocketRefusedException.class,
                        refused -> assertThat(refused.response().status()).isEqualTo(404))
                .hasMessageContaining("the server opens no WebSocket at /: it has answered 404 Not Found");
    }

    @Test
    void a_server_that_never_answers_is_given_up_within_the_time_to_connect() {
        assertThatThrownBy(() ->
                        connectTo("", DEFAULTS.connect(ConnectOptions.defaults().timeout(Duration.ofSeconds(3)))))
                .isInstanceOf(DeadlineException.class);
    }

    @Test
    void what_is_no_uri_of_a_websocket_is_refused() {
        for (String bad : new String[] {"http://a/", "ws:///x", "ws://a/#x", "ws://user@a/", "wss:a"}) {
            assertThatThrownBy(() -> WebSocket.connect(loop, URI.create(bad)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
