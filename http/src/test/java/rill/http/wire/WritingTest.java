package rill.http.wire;

import static io.netty.buffer.Unpooled.copiedBuffer;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testkit.CodecHarness;
import rill.testkit.Leaks;

/** Tests what is written, and what is refused. */
@ExtendWith(Leaks.class)
class WritingTest {
    private static final HttpFields HOST = HttpFields.of("Host", "a");
    private static final ResponseHead OK = ResponseHead.of(200, HttpFields.none());

    private final CodecHarness<?, RequestEvent> client =
            new CodecHarness<>(HttpWire.clientCodec(HttpLimits.defaults()));

    private static CodecHarness<String, ResponseEvent> server(String... requests) {
        var server = new CodecHarness<>(Joined.server(HttpLimits.defaults()));
        for (String each : requests) {
            server.feed(each + " HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        return server;
    }

    private static Data data(String text) {
        return Data.of(copiedBuffer(text, ISO_8859_1));
    }

    private static Data last(String text) {
        return Data.last(copiedBuffer(text, ISO_8859_1));
    }

    private static <W> String write(CodecHarness<?, W> to, W message) {
        try {
            return to.write(message);
        } finally {
            if (message instanceof Data data) {
                data.release();
            }
        }
    }

    // ---- requests

    @Test
    void a_request_is_written_as_it_is() {
        assertThat(client.write(RequestHead.of("GET", "/a?b", HOST.add("X", "y"))))
                .isEqualTo("GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
        client.write(RequestHead.of("PUT", "/", HOST.add("Content-Length", "5")));
        assertThat(write(client, data("hel")) + write(client, last("lo"))).isEqualTo("hello");
        client.write(RequestHead.of("PUT", "/", HOST.add("Transfer-Encoding", "chunked")));
        assertThat(write(client, data("0123456789"))
                        + write(client, data(""))
                        + client.write(new End(HttpFields.of("a", "b"))))
                .isEqualTo("a\r\n0123456789\r\n0\r\na: b\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "G T", "GET\r\nX: y", "G\0", "GET:"})
    void a_method_that_is_no_token_is_refused(String method) {
        assertThatIllegalArgumentException().isThrownBy(() -> RequestHead.of(method, "/", HOST));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/ HTTP/1.1\r\nX: y",
                "/a b",
                "/a\rb",
                "/a\nb",
                "/\0",
                "/\u00e4",
                "/#a",
                "a",
                "*",
                "/\u010d",
                "http:///"
            })
    void a_target_that_would_be_another_is_refused(String target) {
        assertThatIllegalArgumentException().isThrownBy(() -> RequestHead.of("GET", target, HOST));
    }

    @Test
    void a_request_that_two_readers_could_take_for_different_ones_can_not_be_made() {
        assertThatIllegalArgumentException().isThrownBy(() -> RequestHead.of("GET", "/", HttpFields.none()));
        assertThatIllegalArgumentException().isThrownBy(() -> RequestHead.of("GET", "/", HOST.addAll(HOST)));
        assertThatIllegalArgumentException().isThrownBy(() -> RequestHead.of("GET", "/", HttpFields.of("host", "a/b")));
        var both = HOST.addAll(HttpFields.of("content-length", "1", "transfer-encoding", "chunked"));
        assertThatIllegalArgumentException().isThrownBy(() -> RequestHead.of("POST", "/", both));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RequestHead.of("POST", "/", HOST.add("content-length", "+1")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RequestHead.of("POST", "/", HOST.add("transfer-encoding", "gzip, chunked")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RequestHead.of("CONNECT", "a:1", HOST.add("content-length", "1")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"content-length", "Transfer-Encoding", "HOST", "connection", "upgrade", "expect"})
    void what_decides_on_framing_is_no_trailer(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> new End(HttpFields.of(name, "1")));
    }

    // ---- bodies

    @Test
    void a_body_that_is_longer_than_declared_breaks_the_connection() {
        client.write(RequestHead.of("PUT", "/", HOST.add("content-length", "5")));
        write(client, data("hell"));
        assertThatThrownBy(() -> write(client, data("o!"))).hasMessageContaining("longer than declared");
        assertThatThrownBy(() -> write(client, data("o"))).hasMessageContaining("not as long as declared");
        assertThatIllegalStateException().isThrownBy(() -> client.write(RequestHead.of("GET", "/", HOST)));
    }

    @Test
    void a_body_that_is_shorter_than_declared_breaks_the_connection() {
        client.write(RequestHead.of("PUT", "/", HOST.add("content-length", "5")));
        assertThatThrownBy(() -> write(client, last("hell"))).hasMessageContaining("shorter than declared: 1");
        assertThatThrownBy(() -> client.write(End.of())).hasMessageContaining("not as long as declared");
        var other = new CodecHarness<>(HttpWire.clientCodec(HttpLimits.defaults()));
        other.write(RequestHead.of("PUT", "/", HOST.add("content-length", "5")));
        assertThatThrownBy(() -> other.write(RequestHead.of("GET", "/", HOST)))
                .hasMessageContaining("5 bytes and its end");
        assertThatThrownBy(() -> other.write(End.of())).hasMessageContaining("5 bytes are missing");
    }

    @Test
    void trailers_need_chunks_and_a_body_needs_a_head() {
        assertThatIllegalStateException().isThrownBy(() -> write(client, data("a")));
        assertThatIllegalStateException().isThrownBy(() -> client.write(End.of()));
        client.write(RequestHead.of("PUT", "/", HOST.add("content-length", "1")));
        write(client, data("a"));
        assertThatIllegalArgumentException().isThrownBy(() -> client.write(new End(HttpFields.of("a", "b"))));
    }

    @Test
    void a_large_piece_is_passed_on_and_not_copied() {
        client.write(RequestHead.of("PUT", "/", HOST.add("transfer-encoding", "chunked")));
        assertThat(write(client, data("x".repeat(5000)))).isEqualTo("1388\r\n" + "x".repeat(5000) + "\r\n");
        assertThat(client.passed()).isEqualTo(1);
    }

    // ---- responses

    @Test
    void a_response_says_how_long_it_is() {
        var server = server("GET /", "GET /", "GET /", "GET /");
        assertThat(server.write(OK.bodyLength(5))).isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        write(server, last("hello"));
        assertThat(server.write(ResponseHead.of(404, HttpFields.of("A", "b")).bodyLength(Head.CHUNKED)))
                .isEqualTo("HTTP/1.1 404 Not Found\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n");
        server.write(End.of());
        assertThat(server.write(ResponseHead.of(200, "Fine", HttpFields.of("a", "b"))
                        .followedBy(HttpFields.of("c", "d"))
                        .content(CodecHarness.ascii("hi"))))
                .isEqualTo("HTTP/1.1 200 Fine\r\na: b\r\nc: d\r\nContent-Length: 2\r\n\r\nhi");
        assertThat(server.write(OK)).isEqualTo("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        assertThat(write(server, data("a")) + write(server, data("b")) + server.write(End.of()))
                .isEqualTo("ab");
        assertThatThrownBy(() -> server.write(OK.bodyLength(0))).hasMessageContaining("the last message");
    }

    @Test
    void the_answer_to_head_has_no_body_and_says_how_long_it_would_be() {
        var server = server("HEAD /", "HEAD /", "GET /");
        assertThat(server.write(OK.bodyLength(5))).isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        assertThat(server.write(OK.content(CodecHarness.ascii("hello"))))
                .isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        assertThat(server.write(ResponseHead.of(204, HttpFields.none()).bodyLength(0)))
                .isEqualTo("HTTP/1.1 204 No Content\r\n\r\n");
    }

    @Test
    void interim_responses_come_before_the_response_proper() {
        var server = server("GET /");
        assertThat(server.write(ResponseHead.of(100, HttpFields.none()))).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
        assertThat(server.write(ResponseHead.of(103, HttpFields.of("a", "b")))).endsWith("a: b\r\n\r\n");
        assertThat(server.write(OK.bodyLength(0))).startsWith("HTTP/1.1 200");
        assertThatIllegalStateException().isThrownBy(() -> server.write(OK.bodyLength(0)));
    }

    @Test
    void a_client_of_http_1_0_is_answered_in_its_terms() {
        var server = server();
        server.feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n");
        assertThatIllegalArgumentException().isThrownBy(() -> server.write(ResponseHead.of(100, HttpFields.none())));
        assertThatIllegalArgumentException().isThrownBy(() -> server.write(OK.bodyLength(Head.CHUNKED)));
        assertThat(server.write(OK.bodyLength(0)))
                .isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
        assertThat(server.write(OK.bodyLength(0)))
                .isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }

    @Test
    void the_answer_to_a_last_request_says_so() {
        var server = server("GET /");
        server.feed("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        server.write(OK.bodyLength(0));
        assertThat(server.write(OK.bodyLength(0))).contains("Connection: close");
        assertThatIllegalStateException().isThrownBy(() -> server.write(OK.bodyLength(0)));
    }

    @Test
    void without_a_request_only_an_error_that_closes_can_be_told() {
        var server = server();
        assertThatIllegalStateException().isThrownBy(() -> server.write(OK.bodyLength(0)));
        assertThatIllegalStateException()
                .isThrownBy(() ->
                        server.write(ResponseHead.of(400, HttpFields.none()).bodyLength(0)));
        assertThat(server.write(
                        ResponseHead.of(400, HttpFields.none()).bodyLength(0).close()))
                .isEqualTo("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }

    @Test
    void another_protocol_begins_after_101_and_after_connect() {
        ResponseHead switching = ResponseHead.of(101, HttpFields.of("connection", "upgrade", "upgrade", "x"));
        assertThatIllegalArgumentException().isThrownBy(() -> server("GET /").write(switching));
        var server = server();
        server.feed("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
        assertThat(server.write(switching)).startsWith("HTTP/1.1 101");
        assertThatIllegalStateException().isThrownBy(() -> server.write(OK.bodyLength(0)));
        var proxy = server();
        proxy.feed("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(proxy.write(OK)).isEqualTo("HTTP/1.1 200 OK\r\n\r\n");
        assertThatIllegalStateException().isThrownBy(() -> write(proxy, data("a")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\rb", "a\nb", "a\r\nb: c", "\0", " a", "\u0100"})
    void a_reason_that_can_not_be_sent_is_refused(String reason) {
        assertThatIllegalArgumentException().isThrownBy(() -> ResponseHead.of(200, reason, HttpFields.none()));
    }

    @Test
    void a_response_that_contradicts_itself_can_not_be_made() {
        assertThatIllegalArgumentException().isThrownBy(() -> ResponseHead.of(99, HttpFields.none()));
        assertThatIllegalArgumentException().isThrownBy(() -> ResponseHead.of(1000, HttpFields.none()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ResponseHead.of(204, HttpFields.of("content-length", "1")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ResponseHead.of(304, HttpFields.none()).bodyLength(1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ResponseHead.of(200, HttpFields.of("content-length", "1"))
                        .bodyLength(1));
        assertThatIllegalArgumentException().isThrownBy(() -> OK.bodyLength(-2));
        assertThatIllegalArgumentException().isThrownBy(() -> OK.followedBy(HttpFields.of("connection", "close")));
    }

    @Test
    void what_an_answer_is_expected_to_take_is_counted_once() {
        for (int size : new int[] {10_000, 100_000}) {
            ResponseHead head = ResponseHead.of(200, HttpFields.none()).content(new byte[size]);
            assertThat(HttpWire.serverCodec(HttpLimits.defaults()).sizeEstimate(head))
                    .isBetween(size, size + 1000);
        }
    }
}
