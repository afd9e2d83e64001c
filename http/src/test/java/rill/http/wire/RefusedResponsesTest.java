package rill.http.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import rill.testkit.CodecHarness;
import rill.testkit.CodecHarness.Outcome;

/** Tests responses that are refused, and how the request determines what is read of its response. */
class RefusedResponsesTest {
    private static final RequestHead GET = request("GET", "/");

    private static RequestHead request(String method, String target) {
        return RequestHead.of(method, target, HttpFields.of("host", "a"));
    }

    private static Outcome read(String response, RequestEvent... requests) {
        return CodecHarness.decode(Joined.client(HttpLimits.defaults(), requests), response);
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of(
                        "length and coding",
                        "200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                        "both"),
                Arguments.of("two lengths", "200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "another"),
                Arguments.of("a folded line", "200 OK\r\na: b\r\n c: d\r\n\r\n", "beginning of a line"),
                Arguments.of("bare LF", "200 OK\nContent-Length: 1\n\n", "CR before LF"),
                Arguments.of("a coding", "200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "no other"),
                Arguments.of("a body with 204", "204 No\r\nContent-Length: 5\r\n\r\nhello", "no body"),
                Arguments.of("a body with 1xx", "100 Go\r\nTransfer-Encoding: chunked\r\n\r\n", "no body"),
                Arguments.of("101 unasked for", "101 Switch\r\n\r\n", "no 101"),
                Arguments.of("four digits", "2000 OK\r\n\r\n", "after the status"),
                Arguments.of("two digits", "20 OK\r\n\r\n", "three digits"),
                Arguments.of("an end within a fixed body", "200 OK\r\nContent-Length: 6\r\n\r\nhello", "ended within"),
                Arguments.of(
                        "an end before the last chunk",
                        "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
                        "ended within"),
                Arguments.of("an end within the head", "200 OK\r\nContent", "ended within a head"),
                Arguments.of(
                        "a second answer",
                        "200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
                        "no request waits"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void is_refused(String what, String response, String violation) {
        assertThat(read("HTTP/1.1 " + response, GET).violation()).contains(violation);
    }

    @Test
    void interim_responses_do_not_shift_the_pairing() {
        Outcome outcome = read(
                "HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 Early\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
                        + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
                request("HEAD", "/"),
                GET);
        assertThat(outcome.violation()).isNull();
        assertThat(outcome.messages()).hasSize(4).last().asString().endsWith("|x");
    }

    @Test
    void a_body_without_a_length_lasts_until_the_connection_closes() {
        Outcome outcome = read("HTTP/1.1 200 OK\r\n\r\nanything HTTP/1.1 200 OK\r\n\r\n", GET, GET);
        assertThat(outcome.messages()).hasSize(1).first().asString().endsWith("|anything HTTP/1.1 200 OK\r\n\r\n");
        assertThat(outcome.ended()).isTrue();
    }

    @Test
    void what_follows_the_last_response_is_thrown_away() {
        Outcome outcome = read(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 \r\n\r\n", GET, GET);
        assertThat(outcome.messages()).hasSize(1);
        assertThat(outcome.violation()).isNull();
    }

    @Test
    void agreeing_to_connect_ends_http_whatever_the_fields_say() {
        Outcome outcome = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", request("CONNECT", "a:1"));
        assertThat(outcome.messages()).hasSize(1).first().asString().endsWith("|");
    }

    @Test
    void a_response_without_a_request_is_refused() {
        assertThat(read("HTTP/1.1 408 Timeout\r\n\r\n").violation()).contains("no request waits");
    }

    @Test
    void a_space_after_the_status_may_be_missing() {
        assertThat(read("HTTP/1.0 200\r\nContent-Length: 0\r\n\r\n", GET).violation())
                .isNull();
    }
}
