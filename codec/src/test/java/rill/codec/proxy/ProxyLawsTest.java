package rill.codec.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.CodecHarness;
import rill.testkit.CodecLaws;
import rill.testkit.Leaks;

/** Checks every layer of this package against the laws of codecs, with hundreds of thousands of broken inputs. */
@Tag("slow")
@ExtendWith(Leaks.class)
final class ProxyLawsTest {
    private static final SocketAddress PROXY = InetSocketAddress.createUnresolved("proxy", 1);
    private static final SocketAddress TARGET = InetSocketAddress.createUnresolved("example.com", 443);

    @TestFactory
    Stream<DynamicTest> socks5() {
        return CodecLaws.of(Socks5.at(PROXY).user("me", "secret").to(TARGET))
                .understands(
                        "\5\0\5\0\0\1\1\2\3\4\5\6rest",
                        "\5\2\1\0\5\0\0\3\3abc\1\2rest",
                        "\5\2\1\0\5\0\0\4" + "x".repeat(18) + "\5\0")
                .refuses("\5\1", "\5\0\5\1\0", "HTTP/1.1 200 OK\r\n\r\n")
                .waits("\5\0\5\0\0\3\u00ffabc")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> http_connect() {
        return CodecLaws.of(HttpConnect.at(PROXY).to(TARGET))
                .understands(
                        "HTTP/1.1 200 OK\r\n\r\nrest",
                        "HTTP/1.1 100 x\r\nA: b\r\n\r\nHTTP/1.0 204 y\r\nContent-Length: 3\r\nB:\tc\r\n\r\n\0\r\n")
                .refuses("HTTP/1.1 403 No\r\n\r\n", "HTTP/1.1 200 OK\n", "HTTP/1.1 200 OK\r\nA : b\r\n", "\0")
                .waits("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> a_header_that_has_to_be_there() {
        return CodecLaws.of(ProxyProtocol.server(peer -> true))
                .understands("PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\nrest", "PROXY UNKNOWN\r\nrest", binary())
                .refuses("GET / HTTP/1.1\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 9 010\r\n", "\r\n\r\n\0\r\nQUIT\n\61")
                .waits("\r\n\r\n\0\r\nQUIT\n\41\21\17\0abc")
                .tests();
    }

    @TestFactory
    Stream<DynamicTest> a_header_that_may_be_missing() {
        return CodecLaws.of(ProxyProtocol.server(peer -> true).anybodyWithoutHeader())
                .understands("PROXY TCP6 ::1 ::2 9 10\r\nrest", binary(), "PROXIES are others", "\r\n\r\n\0\r\nQUID")
                .refuses("PROXY \r\n")
                .tests();
    }

    /**
     * The samples are so far from a header that no mutation makes one: how much of a header is passed on before its refusal depends on how it is
     * split.
     */
    @TestFactory
    Stream<DynamicTest> strangers_without_a_header() {
        return CodecLaws.of(ProxyProtocol.server(peer -> false).strangersWithoutHeader())
                .understands("anything", "PRO", "\r\n\r\n\0")
                .tests();
    }

    private static String binary() {
        var client = new InetSocketAddress(InetAddress.ofLiteral("1.2.3.4"), 5);
        ProxyInfo info = ProxyInfo.v2(client, client)
                .authority("example.com")
                .ssl(ProxySsl.of("TLSv1.3").certificate(true, true))
                .withChecksum();
        return new CodecHarness<>(ProxyProtocol.client(info)).answered() + "rest";
    }
}
