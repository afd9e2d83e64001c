package rill.http.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import rill.testkit.CodecHarness;
import rill.testkit.CodecHarness.Outcome;

/**
 * The table of requests that two readers may take for different ones: each is refused, at every split, and what follows it is not read. Then those
 * that look like them, and mean one thing only.
 */
class RefusedRequestsTest {
    private static final String LINE = "POST / HTTP/1.1\r\n";
    private static final String HOST = "Host: a\r\n";
    private static final String CHUNKED = "Transfer-Encoding: chunked\r\n";
    private static final String NEXT = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

    private static Arguments refused(String what, String request, String violation) {
        return Arguments.of(what, request, violation);
    }

    private static String fields(String fields) {
        return LINE + HOST + fields + "\r\n";
    }

    private static String chunks(String chunks) {
        return fields(CHUNKED) + chunks;
    }

    static Stream<Arguments> ambiguous() {
        return Stream.of(
                refused("length and coding", fields("Content-Length: 5\r\n" + CHUNKED), "found both"),
                refused("coding and length", fields(CHUNKED + "Content-Length: 5\r\n"), "found both"),
                refused("two lengths", fields("Content-Length: 5\r\nContent-Length: 6\r\n"), "found another"),
                refused("the same length twice", fields("Content-Length: 5\r\ncontent-length: 5\r\n"), "found another"),
                refused("a list of lengths", fields("Content-Length: 5, 5\r\n"), "expected a digit"),
                refused("a length with a plus", fields("Content-Length: +5\r\n"), "found '+'"),
                refused("a negative length", fields("Content-Length: -5\r\n"), "found '-'"),
                refused("a hexadecimal length", fields("Content-Length: 0x5\r\n"), "found 'x'"),
                refused("a length with an underscore", fields("Content-Length: 5_0\r\n"), "found '_'"),
                refused("a length with a blank", fields("Content-Length: 5 0\r\n"), "found a space"),
                refused("a fraction", fields("Content-Length: 5.0\r\n"), "found '.'"),
                refused("no length", fields("Content-Length:\r\n"), "found nothing"),
                refused("a length that overflows", fields("Content-Length: 18446744073709551621\r\n"), "at most 18"),
                refused("a coding twice", fields(CHUNKED + CHUNKED), "found another"),
                refused("chunked twice", fields("Transfer-Encoding: chunked, chunked\r\n"), "and no other"),
                refused("chunked not last", fields("Transfer-Encoding: chunked, identity\r\n"), "and no other"),
                refused("another coding before", fields("Transfer-Encoding: gzip, chunked\r\n"), "and no other"),
                refused("another coding", fields("Transfer-Encoding: identity\r\n"), "and no other"),
                refused("chunked in quotes", fields("Transfer-Encoding: \"chunked\"\r\n"), "and no other"),
                refused("chunked with a parameter", fields("Transfer-Encoding: chunked;q=1\r\n"), "and no other"),
                refused("chunked after a control", fields("Transfer-Encoding: \u000Bchunked\r\n"), "expected text"),
                refused("chunked and a control", fields("Transfer-Encoding: chunked\0\r\n"), "found NUL"),
                refused("no coding", fields("Transfer-Encoding:\r\n"), "and no other"),
                refused("a comma after chunked", fields("Transfer-Encoding: chunked,\r\n"), "and no other"),
                refused("chunked in HTTP/1.0", "POST / HTTP/1.0\r\n" + CHUNKED + "\r\n", "in HTTP/1.0"),
                refused("a space before the colon", fields("Content-Length : 5\r\n"), "found a space"),
                refused("a tab before the colon", fields("Transfer-Encoding\t: chunked\r\n"), "found a tab"),
                refused("a folded line", fields("X: a\r\n Content-Length: 5\r\n"), "at the beginning of a line"),
                refused("a line folded by a tab", fields("X: a\r\n\tb\r\n"), "at the beginning of a line"),
                refused("a blank before the first field", LINE + " " + HOST + "\r\n", "at the beginning of a line"),
                refused("a line without a colon", fields("X\r\n"), "found CR"),
                refused("a field without a name", fields(": a\r\n"), "found ':'"),
                refused("a name with a control", fields("X\u0001: a\r\n"), "found 0x01"),
                refused("a name with brackets", fields("X[]: a\r\n"), "found '['"),
                refused("a name beyond ASCII", fields("X\u00e4: a\r\n"), "found 0xE4"),
                refused("bare LF", "GET / HTTP/1.1\nHost: a\n\n", "CR before LF"),
                refused("bare LF after a field", fields("X: a\nContent-Length: 5\r\n"), "CR before LF"),
                refused("bare LF at the end", LINE + HOST + "\n", "CR before LF"),
                refused("bare CR", fields("X: a\rContent-Length: 5\r\n"), "LF after CR"),
                refused("CR CR LF", fields("X: a\r\r\n"), "LF after CR"),
                refused("NUL in a value", fields("X: a\0b\r\n"), "found NUL"),
                refused("DEL in a value", fields("X: a\u007fb\r\n"), "found 0x7F"),
                refused("a control before the line", "\u0001" + LINE + HOST + "\r\n", "found 0x01"),
                refused("NUL before the line", "\0" + LINE + HOST + "\r\n", "found NUL"),
                refused("LF before the line", "\n" + LINE + HOST + "\r\n", "CR before LF"),
                refused("two empty lines before", "\r\n\r\n" + LINE + HOST + "\r\n", "a second empty line"),
                refused("a space before the line", " " + LINE + HOST + "\r\n", "a method"),
                refused("two spaces", "GET  / HTTP/1.1\r\n" + HOST + "\r\n", "a target"),
                refused("a tab between", "GET\t/ HTTP/1.1\r\n" + HOST + "\r\n", "after the method"),
                refused("a space in the target", "GET /a b HTTP/1.1\r\n" + HOST + "\r\n", "a version"),
                refused("a tab in the target", "GET /a\tb HTTP/1.1\r\n" + HOST + "\r\n", "after the target"),
                refused("a fragment", "GET /#a HTTP/1.1\r\n" + HOST + "\r\n", "found '#'"),
                refused("a target beyond ASCII", "GET /\u00e4 HTTP/1.1\r\n" + HOST + "\r\n", "found 0xE4"),
                refused("a target without a slash", "GET a HTTP/1.1\r\n" + HOST + "\r\n", "GET may have"),
                refused("a star with GET", "GET * HTTP/1.1\r\n" + HOST + "\r\n", "GET may have"),
                refused("a host with a user", "GET http://u@a/ HTTP/1.1\r\n" + HOST + "\r\n", "GET may have"),
                refused("CONNECT to a path", "CONNECT / HTTP/1.1\r\n" + HOST + "\r\n", "CONNECT may have"),
                refused("CONNECT without a port", "CONNECT a HTTP/1.1\r\n" + HOST + "\r\n", "CONNECT may have"),
                refused(
                        "CONNECT with a body",
                        "CONNECT a:1 HTTP/1.1\r\n" + HOST + "Content-Length: 5\r\n\r\n",
                        "no body"),
                refused("a blank after the version", "GET / HTTP/1.1 \r\n" + HOST + "\r\n", "CR LF"),
                refused("HTTP/0.9", "GET /\r\n\r\n", "after the target"),
                refused("HTTP/1", "GET / HTTP/1\r\n" + HOST + "\r\n", "a version"),
                refused("HTTP/01.1", "GET / HTTP/01.1\r\n" + HOST + "\r\n", "a version"),
                refused("http/1.1", "GET / http/1.1\r\n" + HOST + "\r\n", "a version"),
                refused("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "expected HTTP/1"),
                refused("no Host", "GET / HTTP/1.1\r\n\r\n", "expected a Host"),
                refused("two Hosts", "GET / HTTP/1.1\r\n" + HOST + HOST + "\r\n", "one Host"),
                refused("a Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "in Host"),
                refused("a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "in Host"),
                refused("a Host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", "in Host"),
                refused("a Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", "in Host"),
                refused("a Host with a letter in the port", "GET / HTTP/1.1\r\nHost: a:1b\r\n\r\n", "in Host"),
                refused("a chunk without a size", chunks("\r\nhello"), "the size of a chunk"),
                refused("a chunk with 0x", chunks("0x5\r\nhello"), "found 'x'"),
                refused("a chunk with a plus", chunks("+5\r\nhello"), "found '+'"),
                refused("a negative chunk", chunks("-5\r\nhello"), "found '-'"),
                refused("a chunk with an underscore", chunks("5_0\r\nhello"), "found '_'"),
                refused("a blank before a size", chunks(" 5\r\nhello"), "found a space"),
                refused("a blank after a size", chunks("5 \r\nhello"), "an extension after blanks"),
                refused("a size that overflows", chunks("10000000000000005\r\nhello"), "at most 15"),
                refused("zeros that overflow", chunks("0000000000000005\r\nhello"), "at most 15"),
                refused("bare LF after a size", chunks("5\nhello"), "found LF"),
                refused("bare CR after a size", chunks("5\rhello"), "CR LF"),
                refused("LF in an extension", chunks("5;a\nb\r\nhello"), "found LF"),
                refused("CR in an extension", chunks("5;a\rb\r\nhello"), "found 'b'"),
                refused("NUL in an extension", chunks("5;\0\r\nhello"), "found NUL"),
                refused("a long extension", chunks("5;" + "a".repeat(300) + "\r\nhello"), "at most 256"),
                refused("a chunk that is longer", chunks("5\r\nhello!\r\n"), "CR LF after a chunk"),
                refused("bare LF after a chunk", chunks("5\r\nhello\n0\r\n\r\n"), "CR LF after a chunk"),
                refused("a chunk that is shorter", chunks("5\r\nhell\r\n0\r\n\r\n"), "CR LF after a chunk"),
                refused("bare LF after trailers", chunks("0\r\na: b\n\r\n"), "CR before LF"),
                refused("a folded trailer", chunks("0\r\na: b\r\n c\r\n\r\n"), "at the beginning of a line"),
                refused("a length as a trailer", chunks("0\r\nContent-Length: 5\r\n\r\n"), "among the trailers"),
                refused("a coding as a trailer", chunks("0\r\n" + CHUNKED + "\r\n"), "among the trailers"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ambiguous")
    void is_refused_and_what_follows_is_not_read(String what, String request, String violation) {
        Outcome outcome = CodecHarness.decode(Joined.server(HttpLimits.defaults()), request + NEXT);
        assertThat(outcome.violation()).contains(violation);
        assertThat(outcome.messages()).isEmpty();
    }

    static Stream<Arguments> plain() {
        return Stream.of(
                Arguments.of("zeros before a length", fields("Content-Length: 005\r\n") + "hello", "|hello"),
                Arguments.of("blanks around a length", fields("Content-Length: \t5 \t\r\n") + "hello", "|hello"),
                Arguments.of("letters of any size", fields("TRANSFER-encoding: CHUNKED\r\n") + "0\r\n\r\n", "|"),
                Arguments.of("zeros before a size", chunks("005\r\nhello\r\n000\r\n\r\n"), "|hello"),
                Arguments.of("large hexadecimal digits", chunks("A\r\n0123456789\r\n0\r\n\r\n"), "|0123456789"),
                Arguments.of("an extension", chunks("5 ;a=\"b\"\r\nhello\r\n0;c\r\n\r\n"), "|hello"),
                Arguments.of("one empty line before", "\r\n" + fields("Content-Length: 0\r\n"), "|"),
                Arguments.of("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "|"),
                Arguments.of("a Host of IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "|"),
                Arguments.of("a field like a length", fields("X-Content-Length: 5\r\n"), "|"),
                Arguments.of("no Host in HTTP/1.0", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "|"),
                Arguments.of("a later version", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", "|"),
                Arguments.of("text beyond ASCII", fields("X: gr\u00fcn\r\n"), "gr\u00fcn"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("plain")
    void is_read_and_so_is_what_follows(String what, String request, String end) {
        Outcome outcome = CodecHarness.decode(Joined.server(HttpLimits.defaults()), request + NEXT);
        assertThat(outcome.violation()).isNull();
        assertThat(outcome.messages()).hasSize(2);
        assertThat((String) outcome.messages().getFirst()).contains(end);
        assertThat((String) outcome.messages().getLast()).startsWith("GET /smuggled");
    }

    private static int status(String request) {
        var session = HttpWire.serverCodec(HttpLimits.defaults()).open(new rill.testkit.BareContext());
        var in = io.netty.buffer.Unpooled.wrappedBuffer(CodecHarness.ascii(request));
        try {
            while (session.decode(in, new rill.testkit.BareContext()) != null || in.isReadable()) {}
        } catch (HttpProtocolException e) {
            return e.status();
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        return 0;
    }

    @Test
    void a_violation_comes_with_the_status_that_tells_of_it() {
        assertThat(status("GET / HTTP/1.1\r\n\r\n")).isEqualTo(400);
        assertThat(status("GET /" + "x".repeat(8192) + " HTTP/1.1\r\n")).isEqualTo(414);
        assertThat(status(LINE + "a: " + "x".repeat(16384))).isEqualTo(431);
        assertThat(status(LINE + "a: b\r\n".repeat(101) + "\r\n")).isEqualTo(431);
        assertThat(status(fields("Transfer-Encoding: gzip, chunked\r\n"))).isEqualTo(501);
        assertThat(status("PRI * HTTP/2.0\r\n\r\n")).isEqualTo(505);
    }

    @Test
    void lines_that_are_much_longer_than_their_chunks_are_refused() {
        String chunk = "1;" + "x".repeat(200) + "\r\na\r\n";
        Outcome outcome = CodecHarness.decodeAtRandom(
                Joined.server(HttpLimits.defaults()), CodecHarness.ascii(chunks(chunk.repeat(100))), 1);
        assertThat(outcome.violation()).contains("to be shorter");
        String fair =
                chunks(("400;" + "x".repeat(200) + "\r\n" + "a".repeat(0x400) + "\r\n").repeat(200) + "0\r\n\r\n");
        outcome = CodecHarness.decodeAtRandom(Joined.server(HttpLimits.defaults()), CodecHarness.ascii(fair), 1);
        assertThat(outcome.violation()).isNull();
    }
}
