package rill.http.wire;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.CodecLaws;
import rill.testkit.Leaks;

/** Checks both sides of HTTP against the laws of codecs. */
@Tag("slow")
@ExtendWith(Leaks.class)
final class WireLawsTest {
    private static final HttpLimits LIMITS = HttpLimits.defaults()
            .startLine(60)
            .head(200)
            .fields(6)
            .chunkLine(24)
            .trailers(60);
    private static final RequestHead GET = RequestHead.of("GET", "/", HttpFields.of("host", "a"));

    @TestFactory
    Stream<DynamicTest> what_a_server_reads() {
        return CodecLaws.of(Joined.server(LIMITS))
                .understands(
                        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                        "\r\nPOST /a?b=c HTTP/1.1\r\nhost: a:80\r\nContent-Length: 5\r\nX-Y:\t z \r\n\r\nhello",
                        "POST * HTTP/1.1\r\nhost:\r\ntransfer-Encoding: Chunked\r\n\r\n".replace("POST", "OPTIONS")
                                + "5\r\nhello\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n",
                        "GET http://a.b/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                        "CONNECT a.b:443 HTTP/1.1\r\nHost: a.b\r\n\r\n",
                        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nExpect: 100-continue\r\n\r\n")
                .refuses("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n", "\0")
                .refuses("GET /" + "x".repeat(60), "GET / HTTP/1.1\r\nHost: a\r\n" + "a: b\r\n".repeat(10))
                .refuses("GET / HTTP/1.1\r\nHost: a\r\na: " + "x".repeat(300), "GET / HTTP/2.0\r\n\r\n")
                .refuses(
                        chunked("x"),
                        chunked("1000000000000000\r\n"),
                        chunked("1\r\nab"),
                        chunked("1;" + "x".repeat(30)))
                .refuses(chunked("0\r\nHost: a\r\n\r\n"), chunked("0\r\na: " + "b".repeat(70)), chunked("1 \r\na"))
                .waits("GET / HTTP/1.1\r\nHost", "GET / HTTP/1.1\r\nHost: a\r\na: " + "b".repeat(100))
                .tests();
    }

    private static String chunked(String body) {
        return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
    }

    @TestFactory
    Stream<DynamicTest> what_a_client_reads() {
        return CodecLaws.of(Joined.client(LIMITS, GET, GET, GET, GET, GET))
                .understands(
                        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204\r\nContent-Length: 0\r\n\r\n",
                        "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n",
                        "HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nb: c\r\n\r\n")
                .refuses("HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 20 \r\n\r\n", "HTTP/1.1 099 \r\n\r\n")
                .refuses("HTTP/1.1 204 No\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n", "ICY 200 OK\r\n\r\n")
                .tests();
    }
}
