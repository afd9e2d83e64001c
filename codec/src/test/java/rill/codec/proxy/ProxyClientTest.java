package rill.codec.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rill.ByteLayer;
import rill.Session;
import rill.testkit.CodecHarness;

/** Tests what a client writes first, and that a server can read each header. */
final class ProxyClientTest {
    private static final SocketAddress CLIENT = at("192.0.2.1", 56_324);
    private static final SocketAddress SERVER = at("198.51.100.2", 443);
    private static final ProxyInfo V2 = ProxyInfo.v2(CLIENT, SERVER);

    private static InetSocketAddress at(String host, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(host), port);
    }

    private static String header(ProxyInfo info) {
        return new CodecHarness<>(ProxyProtocol.client(info)).answered();
    }

    private static ProxyInfo readAgain(String header) {
        var opened = new ArrayList<Session<ByteBuf, ByteBuf>>();
        ByteLayer layer = context -> {
            opened.add(ProxyProtocol.server(peer -> true).limit(65_551).open(context));
            return opened.getFirst();
        };
        var outcome = new CodecHarness<>(layer).feed(header + "rest").outcome();
        assertThat(outcome.violation()).isNull();
        assertThat(outcome.messages()).containsExactly("rest");
        return (ProxyInfo) opened.getFirst().info();
    }

    static Stream<ProxyInfo> headers() {
        var unix = ProxyInfo.v2(UnixDomainSocketAddress.of("/tmp/a"), UnixDomainSocketAddress.of(""));
        return Stream.of(
                ProxyInfo.v1(CLIENT, SERVER),
                ProxyInfo.v1(at("0.0.0.0", 0), at("255.255.255.255", 65_535)),
                ProxyInfo.v1(at("2001:db8::ffff", 1), at("::", 2)),
                ProxyInfo.v1(at("2001:db8::1", 1), at("192.0.2.1", 2)),
                ProxyInfo.v1Unknown(),
                V2,
                V2.datagrams(),
                V2.withChecksum(),
                ProxyInfo.v2(at("2001:db8::1", 1), at("::1", 65_535)),
                ProxyInfo.v2(at("192.0.2.1", 1), at("2001:db8::1", 2)).withChecksum(),
                unix,
                unix.alpn("h2").withChecksum(),
                ProxyInfo.v2(UnixDomainSocketAddress.of("/" + "x".repeat(107)), UnixDomainSocketAddress.of("/b")),
                ProxyInfo.v2Local(),
                ProxyInfo.v2Unknown(),
                V2.alpn("\u00ff")
                        .authority("bücher.example")
                        .uniqueId(new byte[128])
                        .with(ProxyTlv.of(0x30, new byte[] {'n', 's'})),
                V2.ssl(ProxySsl.of("TLSv1.3").cipher("X").commonName("me").certificate(true, true))
                        .withChecksum(),
                V2.with(ProxyTlv.of(0xE0, new byte[0]))
                        .with(ProxyTlv.of(0xE0, new byte[60_000]))
                        .withChecksum());
    }

    @ParameterizedTest
    @MethodSource("headers")
    void each_header_is_read_again_as_it_was_given(ProxyInfo info) {
        assertThat(readAgain(header(info)))
                .isEqualTo(info)
                .hasSameHashCodeAs(info)
                .hasToString(info.toString());
    }

    @Test
    void the_headers_are_these_bytes() {
        String signature = "\r\n\r\n\0\r\nQUIT\n";
        String v4 = "\u00c0\0\2\1\u00c6\63\144\2\u00dc\4\1\u00bb";
        assertThat(header(ProxyInfo.v1(CLIENT, SERVER))).isEqualTo("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n");
        assertThat(header(ProxyInfo.v1(at("2001:db8::1", 1), at("::1", 2))))
                .isEqualTo("PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:0:0:1 1 2\r\n");
        assertThat(header(ProxyInfo.v1(at("::1", 1), at("192.0.2.1", 2))))
                .isEqualTo("PROXY TCP6 0:0:0:0:0:0:0:1 0:0:0:0:0:ffff:c000:201 1 2\r\n");
        assertThat(header(ProxyInfo.v1Unknown())).isEqualTo("PROXY UNKNOWN\r\n");
        assertThat(header(V2)).isEqualTo(signature + "\41\21\0\14" + v4);
        assertThat(header(V2.datagrams())).isEqualTo(signature + "\41\22\0\14" + v4);
        assertThat(header(ProxyInfo.v2Local())).isEqualTo(signature + "\40\0\0\0");
        assertThat(header(ProxyInfo.v2Unknown())).isEqualTo(signature + "\41\0\0\0");
        assertThat(header(V2.alpn("h2"))).isEqualTo(signature + "\41\21\0\21" + v4 + "\1\0\2h2");
        assertThat(header(V2.alpn("h2").withChecksum()))
                .startsWith(signature + "\41\21\0\30" + v4 + "\3\0\4")
                .endsWith("\1\0\2h2");
        assertThat(header(ProxyInfo.v2(UnixDomainSocketAddress.of("/a"), UnixDomainSocketAddress.of("/b"))))
                .isEqualTo(signature + "\41\61\0\u00d8/a" + "\0".repeat(106) + "/b" + "\0".repeat(106));
    }

    @Test
    void nothing_waits_and_bytes_pass_both_ways_as_they_are() {
        var harness = new CodecHarness<ByteBuf, ByteBuf>(ProxyProtocol.client(V2));
        assertThat(harness.holdsWrites()).isFalse();
        assertThat(harness.timer()).isNull();
        assertThat(harness.write(Unpooled.wrappedBuffer(CodecHarness.ascii("small"))))
                .isEqualTo("small");
        String large = "x".repeat(10_000);
        assertThat(harness.write(Unpooled.wrappedBuffer(CodecHarness.ascii(large))))
                .isEqualTo(large);
        assertThat(harness.passed()).isEqualTo(1);
        assertThat(CodecHarness.decode(ProxyProtocol.client(V2), "PROXY and anything")
                        .messages())
                .containsExactly("PROXY and anything");
    }

    @Test
    void a_name_and_a_scope_are_not_told() throws Exception {
        InetAddress named = InetAddress.getByAddress("a name", new byte[] {(byte) 192, 0, 2, 1});
        assertThat(ProxyInfo.v1(new InetSocketAddress(named, 56_324), SERVER).source())
                .hasToString("/192.0.2.1:56324");
        var scoped =
                Inet6Address.getByAddress(null, InetAddress.ofLiteral("fe80::1").getAddress(), 3);
        assertThat(ProxyInfo.v2(new InetSocketAddress(scoped, 1), SERVER).source())
                .hasToString("/[fe80:0:0:0:0:0:0:1]:1");
    }

    @Test
    void addresses_that_there_are_no_words_for_are_refused() {
        var name = InetSocketAddress.createUnresolved("a", 1);
        var path = UnixDomainSocketAddress.of("/a");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProxyInfo.v1(name, SERVER))
                .withMessageContaining("looked up first");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProxyInfo.v2(CLIENT, name))
                .withMessageContaining("looked up first");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProxyInfo.v1(path, path))
                .withMessageContaining("no words");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProxyInfo.v2(path, SERVER))
                .withMessageContaining("no words");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProxyInfo.v2(path, UnixDomainSocketAddress.of("/" + "x".repeat(108))))
                .withMessageContaining("not 109");
    }

    @Test
    void what_a_server_would_refuse_is_not_written() {
        for (String bad : new String[] {"", "a\nb", "a\0", "x".repeat(256)}) {
            assertThatIllegalArgumentException().isThrownBy(() -> V2.authority(bad));
            assertThatIllegalArgumentException().isThrownBy(() -> ProxySsl.of(bad));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> V2.alpn(""));
        assertThatIllegalArgumentException().isThrownBy(() -> V2.uniqueId(new byte[129]));
        assertThatIllegalArgumentException().isThrownBy(() -> V2.alpn("h2").alpn("h2"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProxySsl.of("TLSv1.3").cipher("ü"));
        assertThatIllegalArgumentException().isThrownBy(() -> V2.with(ProxyTlv.of(0x20, new byte[4])));
        assertThatIllegalArgumentException().isThrownBy(() -> V2.with(ProxyTlv.of(0x20, new byte[6])));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> V2.with(ProxyTlv.of(0x03, new byte[4])))
                .withMessageContaining("by hand");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> V2.with(ProxyTlv.of(0x04, new byte[4])))
                .withMessageContaining("by hand");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> V2.with(ProxyTlv.of(0xE0, new byte[65_535])))
                .withMessageContaining("all TLVs together");
        assertThat(V2.with(ProxyTlv.of(0xE0, new byte[HeaderV2.LARGEST_TLVS - 3]))
                        .tlvs())
                .hasSize(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> V2.with(ProxyTlv.of(0xE0, new byte[HeaderV2.LARGEST_TLVS - 2])));
        assertThatIllegalArgumentException().isThrownBy(() -> ProxyTlv.of(256, new byte[0]));
        assertThatIllegalArgumentException().isThrownBy(() -> ProxyTlv.of(-1, new byte[0]));
        assertThatIllegalArgumentException().isThrownBy(() -> ProxyTlv.of(0xE0, new byte[65_536]));
        for (ProxyInfo plain : List.of(
                ProxyInfo.v1(CLIENT, SERVER), ProxyInfo.v1Unknown(), ProxyInfo.v2Local(), ProxyInfo.v2Unknown())) {
            assertThatIllegalArgumentException().isThrownBy(() -> plain.alpn("h2"));
            assertThatIllegalArgumentException().isThrownBy(plain::withChecksum);
            assertThatIllegalArgumentException().isThrownBy(plain::datagrams);
        }
    }

    @Test
    void what_is_given_and_told_is_copied() {
        byte[] id = {1, 2, 3};
        ProxyInfo info = V2.uniqueId(id);
        id[0] = 9;
        byte[] told = info.uniqueId();
        assertThat(told).containsExactly(1, 2, 3);
        told[0] = 9;
        assertThat(info.uniqueId()).containsExactly(1, 2, 3);
    }

    @Test
    void what_is_told_of_tls_can_be_put_together() {
        ProxySsl ssl = ProxySsl.of("TLSv1.3");
        assertThat(ssl.certificateVerified()).isFalse();
        assertThat(ssl.certificateInSession()).isFalse();
        assertThat(ssl.certificate(true, true).certificateOnConnection()).isTrue();
        assertThat(ssl.certificate(true, true).certificateVerified()).isTrue();
        assertThat(ssl.certificate(false, true).certificateOnConnection()).isFalse();
        assertThat(ssl.certificate(false, true).certificateVerified()).isTrue();
        assertThat(ssl.certificate(true, false).certificateVerified()).isFalse();
        assertThat(ssl.with(ProxyTlv.of(0x28, new byte[] {1})).clientCertificate())
                .containsExactly(1);
        assertThat(ssl.with(ProxyTlv.of(0x24, new byte[] {'R'})).with(ProxyTlv.of(0x25, new byte[] {'K'})))
                .satisfies(told -> {
                    assertThat(told.signatureAlgorithm()).isEqualTo("R");
                    assertThat(told.keyAlgorithm()).isEqualTo("K");
                    assertThat(told.parts()).hasSize(3);
                });
        assertThat(ssl.certificate(true, true)).hasToString("ProxySsl[TLSv1.3, null, certificateVerified=true]");
    }

    @Test
    void what_is_told_of_tls_is_equal_if_all_of_it_is() {
        ProxySsl ssl = ProxySsl.of("TLSv1.3").certificate(true, true);
        assertThat(ssl)
                .isEqualTo(ProxySsl.of("TLSv1.3").certificate(true, true))
                .hasSameHashCodeAs(ProxySsl.of("TLSv1.3").certificate(true, true))
                .isNotEqualTo(ProxySsl.of("TLSv1.2").certificate(true, true))
                .isNotEqualTo(ProxySsl.of("TLSv1.3").certificate(false, true))
                .isNotEqualTo(ProxySsl.of("TLSv1.3").certificate(true, false))
                .isNotEqualTo(ssl.cipher("X"))
                .isNotEqualTo("TLSv1.3");
    }
}
