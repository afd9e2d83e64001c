package rill.http.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import rill.testkit.CodecHarness;
import rill.testkit.CodecHarness.Outcome;

/**
 * Tests the table of requests that two readers may understand differently: each is refused, at every split, and what follows it is not read. Then
 * tests similar requests that have only one meaning.
 */
class RefusedRequestsTest {
    private static final String LINE = "POST / HTTP/1.1\r\n";
    private static final String HOST = "Host: a\r\n";
    private static final String CHUNKED = "Transfer-Encoding: chunked\r\n";
    private static final String NEXT = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

    private static String fields(String fields) {
        return LINE + HOST + fields + "\r\n";
    }

    private static String chunks(String chunks) {
        return fields(CHUNKED) + chunks;
    }

    /** A description, the request, and what its refusal contains. The examples' tests have other servers read the same requests. */
    static Stream<Arguments> ambiguous() throws IOException {
        return requests("ambiguous-requests.txt");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ambiguous")
    void is_refused_and_what_follows_is_not_read(String what, String request, String violation) {
        Outcome outcome = CodecHarness.decode(Joined.server(HttpLimits.defaults()), request + NEXT);
        assertThat(outcome.violation()).contains(violation);
        assertThat(outcome.messages()).isEmpty();
    }

    /** A description, the request, and the end of what is read. */
    static Stream<Arguments> plain() throws IOException {
        return requests("plain-requests.txt");
    }

    private static Stream<Arguments> requests(String resource) throws IOException {
        try (InputStream in = RefusedRequestsTest.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .map(line -> {
                        String[] parts = line.split(" \\| ", 3);
                        return Arguments.of(parts[0], bytes(parts[1]), bytes(parts[2]));
                    });
        }
    }

    /** Translates Java's escapes, and those of bytes: {@code \x00}. */
    private static String bytes(String escaped) {
        return Pattern.compile("\\\\x(..)")
                .matcher(escaped)
                .replaceAll(hex -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(hex.group(1), 16))))
                .translateEscapes();
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
    void trailers_have_a_limit_of_their_own() {
        HttpLimits limits = HttpLimits.defaults().trailers(100);
        String fits = chunks("0\r\na: " + "b".repeat(90) + "\r\n\r\n");
        assertThat(CodecHarness.decode(Joined.server(limits), fits).violation()).isNull();
        String longer = chunks("0\r\na: " + "b".repeat(100) + "\r\n\r\n");
        assertThat(CodecHarness.decode(Joined.server(limits), longer).violation())
                .isEqualTo("expected fields within the first 100 bytes");
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
