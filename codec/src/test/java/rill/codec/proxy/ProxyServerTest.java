package rill.codec.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rill.ByteLayer;
import rill.Context;
import rill.Session;
import rill.testkit.CodecHarness;

/** Tests how a server reads the beginning of a connection: which peers are trusted, and which headers are valid. */
final class ProxyServerTest {
    private static final ProxyProtocolServer TRUSTING = ProxyProtocol.server(peer -> true);
    private static final ProxyProtocolServer SUSPICIOUS = ProxyProtocol.server(peer -> false);
    private static final String SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
    private static final String V1 = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n";
    private static final String V4 = "\u00c0\0\2\1\u00c6\063\144\2\u00dc\4\1\u00bb"; // the same addresses and ports
    private static final String V2 = SIGNATURE + "\041\u0011\0\14" + V4;

    /** A harness, and what the session has found out. */
    private static final class Reading {
        private @Nullable Session<ByteBuf, ByteBuf> session;
        private final CodecHarness<ByteBuf, ByteBuf> harness;

        Reading(ProxyProtocolServer layer) {
            harness = new CodecHarness<>(new ByteLayer() {
                @Override
                public Session<ByteBuf, ByteBuf> open(Context context) {
                    session = layer.open(context);
                    return session;
                }
            });
        }

        @Nullable
        ProxyInfo info() {
            return (ProxyInfo) session.info();
        }
    }

    private static ProxyInfo read(String header) {
        var outcome = CodecHarness.decode(TRUSTING.limit(65_551), header + "the rest");
        assertThat(outcome.violation()).isNull();
        assertThat(outcome.messages()).containsExactly("the rest");
        var reading = new Reading(TRUSTING.limit(65_551));
        reading.harness.feed(header);
        assertThat(reading.harness.holdsWrites()).isFalse();
        assertThat(reading.harness.timer()).isNull();
        ProxyInfo info = reading.info();
        assertThat(info).isNotNull();
        return info;
    }

    private static void refuses(String header, int offset, String violation) {
        refuses(TRUSTING, header, offset, violation);
    }

    private static void refuses(ProxyProtocolServer layer, String header, int offset, String violation) {
        var outcome = CodecHarness.decode(layer, header);
        assertThat(outcome.violation()).isEqualTo(violation);
        assertThat(outcome.offset()).isEqualTo(offset);
        assertThat(outcome.messages()).isEmpty();
        assertThat(outcome.ended()).isFalse();
    }

    private static InetSocketAddress at(String host, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(host), port);
    }

    // ---- which peers are trusted

    @Test
    void a_stranger_is_refused_before_it_has_said_anything() {
        var harness = new CodecHarness<>(SUSPICIOUS);
        assertThat(harness.outcome().violation())
                .isEqualTo("expected a connection from a trusted proxy, which peer:1 is not");
    }

    @Test
    void strangers_are_served_if_that_is_asked_for_and_their_headers_are_refused() {
        for (var layer :
                new ProxyProtocolServer[] {SUSPICIOUS.strangersWithoutHeader(), SUSPICIOUS.anybodyWithoutHeader()}) {
            assertThat(CodecHarness.decode(layer, "GET / HTTP/1.1\r\n").messages())
                    .containsExactly("GET / HTTP/1.1\r\n");
            assertThat(CodecHarness.decode(layer, "").ended()).isTrue();
            for (String close : new String[] {
                "P", "PROXY", "PROXYX", "PROPROXY ", "\r", "\r\n\r\n\0\r\nQUIT\r", "\r\n\r\nPROXY ", "xPROXY TCP4"
            }) {
                var outcome = CodecHarness.decode(layer, close);
                assertThat(outcome.messages()).containsExactly(close);
                assertThat(outcome.ended()).isTrue();
            }
            for (String header : new String[] {V1, V2, "PROXY ", SIGNATURE}) {
                var outcome = new CodecHarness<>(layer).feed(header + "x").outcome();
                assertThat(outcome.violation()).isEqualTo("a PROXY header from peer:1, which is no trusted proxy");
                assertThat(outcome.messages()).isEmpty();
            }
        }
    }

    @Test
    void a_strangers_bytes_are_not_kept_back_although_they_may_become_a_header() {
        var harness = new CodecHarness<>(SUSPICIOUS.strangersWithoutHeader());
        assertThat(harness.holdsWrites()).isFalse();
        assertThat(harness.timer()).isNull();
        assertThat(harness.feed("\r\n").outcome().messages()).containsExactly("\r\n");
        assertThat(harness.feed("\r\n\0\r\nQUIT").outcome().violation()).isNull();
        var outcome = harness.feed("\n\041").outcome();
        assertThat(outcome.violation()).contains("no trusted proxy");
        assertThat(outcome.offset()).isEqualTo(11);
        assertThat(outcome.messages()).containsExactly("\r\n", "\r\n\0\r\nQUIT");
    }

    @Test
    void one_who_is_trusted_has_to_send_a_header_though_strangers_need_not() {
        String violation = "expected a PROXY header from peer:1, found 'G' (0x47)";
        refuses(TRUSTING, "GET / HTTP/1.1\r\n", 0, violation);
        refuses(TRUSTING.strangersWithoutHeader(), "GET / HTTP/1.1\r\n", 0, violation);
        refuses("PROXYTCP4", 5, "expected a PROXY header from peer:1, found 'T' (0x54) after 5 bytes of one");
        refuses("\r\n\r\nQUIT\r\n", 4, "expected a PROXY header from peer:1, found 'Q' (0x51) after 4 bytes of one");
        refuses("\u0016\3\1\2\0\1", 0, "expected a PROXY header from peer:1, found 0x16");
    }

    @Test
    void a_predicate_that_throws_refuses() {
        var layer = ProxyProtocol.server(peer -> {
            throw new IllegalStateException("on purpose");
        });
        org.assertj.core.api.Assertions.assertThatIllegalStateException()
                .isThrownBy(() -> new CodecHarness<>(layer))
                .withMessage("on purpose");
    }

    // ---- no header

    @Test
    void writes_wait_for_the_header_and_it_has_its_time() {
        var reading = new Reading(TRUSTING);
        assertThat(reading.harness.holdsWrites()).isTrue();
        assertThat(reading.harness.timer()).isEqualTo(Duration.ofSeconds(5));
        reading.harness.feed("PROXY TCP4 1.2");
        assertThat(reading.info()).isNull();
        assertThat(reading.harness.holdsWrites()).isTrue();
        assertThat(reading.harness.expireTimer().outcome().violation())
                .isEqualTo("no PROXY header has come from peer:1 within 5 s");
        var late =
                new CodecHarness<>(TRUSTING.patience(Duration.ofMillis(2_500)).strangersWithoutHeader());
        assertThat(late.expireTimer().outcome().violation())
                .isEqualTo("no PROXY header has come from peer:1 within 2500 ms");
    }

    @Test
    void if_a_header_may_be_missing_anything_else_is_passed_on() {
        var layer = TRUSTING.anybodyWithoutHeader();
        assertThat(CodecHarness.decode(layer, "GET / HTTP/1.1\r\n").messages()).containsExactly("GET / HTTP/1.1\r\n");
        assertThat(CodecHarness.decode(layer, "PROXY").messages()).containsExactly("PROXY");
        assertThat(CodecHarness.decode(layer, "PROXYX").messages()).containsExactly("PROXYX");
        assertThat(CodecHarness.decode(layer, "\r\n\r\n\0\r\nQUIT").messages()).containsExactly("\r\n\r\n\0\r\nQUIT");
        assertThat(CodecHarness.decode(layer, "").ended()).isTrue();
        assertThat(CodecHarness.decode(layer, V2 + "x").messages()).containsExactly("x");
        var reading = new Reading(layer);
        assertThat(reading.harness.feed("PRO").outcome().messages()).isEmpty();
        assertThat(reading.harness.feed("!").outcome().messages()).containsExactly("PRO!");
        assertThat(reading.harness.feed(V1).outcome().messages())
                .as("later than at the beginning it is no header")
                .containsExactly("PRO!", V1);
        assertThat(reading.info()).isNull();
    }

    @Test
    void if_a_header_may_be_missing_a_bad_one_is_refused_all_the_same() {
        var layer = TRUSTING.anybodyWithoutHeader();
        refuses(layer, "PROXY x\r\n", 6, "expected TCP4, TCP6 or UNKNOWN in a PROXY header, found \"x\"");
        refuses(layer, "PROXY TCP4", 10, "the stream from peer:1 ended within its PROXY header, after 10 bytes of it");
        refuses(layer, SIGNATURE, 12, "the stream from peer:1 ended within its PROXY header, after 12 bytes of it");
        var harness = new CodecHarness<>(layer).feed("PROXY T");
        assertThat(harness.expireTimer().outcome().violation())
                .isEqualTo("no PROXY header has come from peer:1 within 5 s");
        assertThat(new CodecHarness<>(layer).feed("P").expireTimer().outcome().violation())
                .contains("within 5 s");
    }

    @Test
    void if_a_header_may_be_missing_none_is_taken_once_its_time_is_up() {
        var reading = new Reading(TRUSTING.anybodyWithoutHeader());
        assertThat(reading.harness.expireTimer().holdsWrites()).isFalse();
        assertThat(reading.harness.feed(V1 + "x").outcome().violation())
                .isEqualTo("a PROXY header from peer:1 has come after more than 5 s");
        assertThat(reading.info()).isNull();
        var other = new Reading(TRUSTING.anybodyWithoutHeader());
        assertThat(other.harness.expireTimer().feed("x").feed(V1).outcome().messages())
                .containsExactly("x", V1);
    }

    @Test
    void an_end_without_a_header_is_refused() {
        refuses("", 0, "the stream from peer:1 ended before its PROXY header");
        for (String header : new String[] {V1, V2}) {
            for (int i = 1; i < header.length(); i++) {
                refuses(
                        header.substring(0, i),
                        i,
                        "the stream from peer:1 ended within its PROXY header, after " + i + " bytes of it");
            }
        }
    }

    @Test
    void its_limits_have_limits() {
        for (int bad : new int[] {0, 255, 65_552}) {
            assertThatIllegalArgumentException().isThrownBy(() -> TRUSTING.limit(bad));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> TRUSTING.patience(Duration.ZERO));
        assertThat(ProxyProtocol.server(AddressRanges.of("10.0.0.0/8")).anybodyWithoutHeader())
                .hasToString(
                        "PROXY protocol (trusted 10.0.0.0/8, without header FROM_ANYBODY, patience 5 s, limit 4096)");
    }

    // ---- version 1

    @Test
    void a_line_tells_source_and_destination() {
        assertThat(read(V1)).isEqualTo(ProxyInfo.v1(at("192.0.2.1", 56_324), at("198.51.100.2", 443)));
        assertThat(read("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"))
                .isEqualTo(ProxyInfo.v1(at("0.0.0.0", 0), at("255.255.255.255", 65_535)));
        assertThat(read("PROXY TCP6 2001:DB8::1 ::1 1 2\r\n"))
                .isEqualTo(ProxyInfo.v1(at("2001:db8::1", 1), at("::1", 2)));
        assertThat(read("PROXY TCP6 " + "ffff:".repeat(7) + "ffff 0:0:0:0:0:0:0:0 65535 65535\r\n")
                        .source())
                .isEqualTo(at("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65_535));
        assertThat(read("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c000:202 1 2\r\n"))
                .isEqualTo(ProxyInfo.v1(at("192.0.2.1", 1), at("192.0.2.2", 2)));
    }

    @Test
    void of_an_unknown_connection_the_rest_of_the_line_is_ignored() {
        String longest = "PROXY UNKNOWN " + ("ffff:".repeat(7) + "ffff ").repeat(2) + "65535 65535\r\n";
        assertThat(longest).hasSize(107);
        for (String line :
                new String[] {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN \r\n", "PROXY UNKNOWN \0\u00ff what ever\r\n", longest
                }) {
            ProxyInfo info = read(line);
            assertThat(info).isEqualTo(ProxyInfo.v1Unknown());
            assertThat(info.source()).isNull();
            assertThat(info.local()).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2 | 6 | TCP4, TCP6 or UNKNOWN | ''",
                "PROXY tcp4 1.2.3.4 1.2.3.4 1 2 | 6 | TCP4, TCP6 or UNKNOWN | tcp4",
                "PROXY UDP4 1.2.3.4 1.2.3.4 1 2 | 6 | TCP4, TCP6 or UNKNOWN | UDP4",
                "PROXY UNKNOWNX | 6 | TCP4, TCP6 or UNKNOWN | UNKNOWNX",
                "PROXY TCP4 1.2.3 1.2.3.4 1 2 | 11 | an address of IPv4 | 1.2.3",
                "PROXY TCP4 1.2.3.4.5 1.2.3.4 1 2 | 11 | an address of IPv4 | 1.2.3.4.5",
                "PROXY TCP4 1.2.3.256 1.2.3.4 1 2 | 11 | an address of IPv4 | 1.2.3.256",
                "PROXY TCP4 01.2.3.4 1.2.3.4 1 2 | 11 | an address of IPv4 | 01.2.3.4",
                "PROXY TCP4 1.2.3.4 1.2.3.0x1 1 2 | 19 | an address of IPv4 | 1.2.3.0x1",
                "PROXY TCP4 ::1 1.2.3.4 1 2 | 11 | an address of IPv4 | ::1",
                "PROXY TCP4 localhost 1.2.3.4 1 2 | 11 | an address of IPv4 | localhost",
                "PROXY TCP6 1.2.3.4 ::1 1 2 | 11 | an address of IPv6 | 1.2.3.4",
                "PROXY TCP6 fe80::1%eth0 ::1 1 2 | 11 | an address of IPv6 | fe80::1%eth0",
                "PROXY TCP6 [::1] ::1 1 2 | 11 | an address of IPv6 | [::1]",
                "PROXY TCP6 ::1 1::2::3 1 2 | 15 | an address of IPv6 | 1::2::3",
                "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2 | 27 | a port | 65536",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 02 | 29 | a port | 02",
                "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2 | 27 | a port | -1",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 +2 | 29 | a port | +2"
            })
    void a_line_that_is_not_exactly_right_is_refused(String line, int offset, String expected, String found) {
        refuses(line + "\r\n", offset, "expected " + expected + " in a PROXY header, found \"" + found + "\"");
    }

    @Test
    void a_line_with_more_or_fewer_words_is_refused() {
        for (String words : new String[] {
            "TCP4",
            "TCP4 1.2.3.4 1.2.3.4 1",
            "TCP4 1.2.3.4 1.2.3.4 1 2 ",
            "TCP6 ::1 ::1 1 2 3",
            "TCP4 1.2.3.4  1.2.3.4 1 2"
        }) {
            assertThat(CodecHarness.decode(TRUSTING, "PROXY " + words + "\r\n").violation())
                    .startsWith("expected a PROXY header with two addresses and two ports");
        }
    }

    @Test
    void a_line_ends_with_cr_lf_and_within_107_bytes() {
        refuses("PROXY UNKNOWN\n", 13, "expected CR before LF in a PROXY header");
        refuses("PROXY UNKNOWN\rx\r\n", 14, "expected LF after CR in a PROXY header, found 'x' (0x78)");
        refuses("PROXY UNKNOWN\r\r\n", 14, "expected LF after CR in a PROXY header, found CR (0x0D)");
        String tooLong = "PROXY UNKNOWN " + "x".repeat(92) + "\r\n";
        assertThat(tooLong).hasSize(108);
        refuses(tooLong, 107, "expected a PROXY header of at most 107 bytes");
        refuses("PROXY " + "x".repeat(500), 107, "expected a PROXY header of at most 107 bytes");
    }

    // ---- version 2

    @Test
    void a_binary_header_tells_source_and_destination() {
        assertThat(read(V2)).isEqualTo(ProxyInfo.v2(at("192.0.2.1", 56_324), at("198.51.100.2", 443)));
        String v6 = "\040\1\r\u00b8" + "\0".repeat(11) + "\1" + "\0".repeat(15) + "\1" + "\0\1\u00ff\u00ff";
        assertThat(read(SIGNATURE + "\041\041\0\044" + v6))
                .isEqualTo(ProxyInfo.v2(at("2001:db8::1", 1), at("::1", 65_535)));
        assertThat(read(SIGNATURE + "\041\u0012\0\14" + V4))
                .isEqualTo(ProxyInfo.v2(at("192.0.2.1", 56_324), at("198.51.100.2", 443))
                        .datagrams());
        assertThat(read(SIGNATURE + "\041\42\0\044" + v6).datagram()).isTrue();
    }

    private static String path(String path) {
        return path + "\0".repeat(108 - path.length());
    }

    @Test
    void paths_of_unix_domain_sockets_are_told_as_far_as_java_has_words_for_them() {
        String head = SIGNATURE + "\041\061\0\u00d8";
        assertThat(read(head + path("/tmp/a") + path("/tmp/b")))
                .isEqualTo(ProxyInfo.v2(UnixDomainSocketAddress.of("/tmp/a"), UnixDomainSocketAddress.of("/tmp/b")));
        assertThat(read(head + path("") + path("/tmp/b")).source()).isEqualTo(UnixDomainSocketAddress.of(""));
        String longest = "/" + "x".repeat(107);
        assertThat(read(head + longest + path("")).source()).isEqualTo(UnixDomainSocketAddress.of(longest));
        for (String other : new String[] {
            path("\0abstract"),
            path("/a\0b"),
            path("/\u00ff"),
            "/" + path("x\0").substring(2) + "y"
        }) {
            ProxyInfo info = read(head + other + path("/tmp/b"));
            assertThat(info.source()).isNull();
            assertThat(info.destination()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000\0\0", "\u0011\0\14" + V4, "\u00ff\0\3abc", "\041\0\u000b12345678901"})
    void of_a_local_connection_the_rest_is_ignored(String rest) {
        ProxyInfo info = read(SIGNATURE + "\040" + rest);
        assertThat(info).isEqualTo(ProxyInfo.v2Local());
        assertThat(info.local()).isTrue();
        assertThat(info.source()).isNull();
    }

    @Test
    void of_an_unspecified_connection_the_rest_is_ignored() {
        assertThat(read(SIGNATURE + "\041\0\0\0")).isEqualTo(ProxyInfo.v2Unknown());
        ProxyInfo info = read(SIGNATURE + "\041\0\0\3abc");
        assertThat(info).isEqualTo(ProxyInfo.v2Unknown());
        assertThat(info.local()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x01, 0x11, 0x22, 0x2F, 0x31, 0xA1, 0xFF})
    void another_version_or_command_is_refused(int bad) {
        refuses(
                SIGNATURE + (char) bad,
                12,
                "expected version 2 of the PROXY protocol and a command of 0 or 1, found " + Wording.show((byte) bad));
    }

    @ParameterizedTest
    @ValueSource(ints = {0x01, 0x02, 0x10, 0x20, 0x30, 0x13, 0x1F, 0x41, 0x91, 0xF1, 0xFF})
    void another_family_or_kind_is_refused(int bad) {
        refuses(
                SIGNATURE + "\041" + (char) bad,
                13,
                "expected a known kind of addresses in a PROXY header, found " + Wording.show((byte) bad));
    }

    @Test
    void a_length_that_is_too_small_or_above_the_limit_is_refused_at_once() {
        refuses(SIGNATURE + "\041\u0011\0\13", 14, "expected a PROXY header of 28 to 4096 bytes, found one of 27");
        refuses(SIGNATURE + "\041\041\0\043", 14, "expected a PROXY header of 52 to 4096 bytes, found one of 51");
        refuses(SIGNATURE + "\041\061\0\u00d7", 14, "expected a PROXY header of 232 to 4096 bytes, found one of 231");
        refuses(SIGNATURE + "\041\u0011\20\0", 14, "expected a PROXY header of 28 to 4096 bytes, found one of 4112");
        refuses(
                SIGNATURE + "\040\0\u00ff\u00ff",
                14,
                "expected a PROXY header of 16 to 4096 bytes, found one of 65551");
        refuses(
                TRUSTING.limit(256),
                SIGNATURE + "\041\061\0\u00f1",
                14,
                "expected a PROXY header of 232 to 256 bytes, found one of 257");
        var largest = new CodecHarness<>(TRUSTING.limit(65_551))
                .feed(SIGNATURE + "\040\0\u00ff\u00ff" + "x".repeat(65_535) + "y");
        assertThat(largest.outcome().messages()).containsExactly("y");
    }

    // ---- TLVs

    private static String withTlvs(String tlvs) {
        int length = 12 + tlvs.length();
        return SIGNATURE + "\041\u0011" + (char) (length >> 8) + (char) (length & 0xFF) + V4 + tlvs;
    }

    @Test
    void tlvs_with_a_name_and_any_others_are_told() {
        ProxyInfo info =
                read(withTlvs("\1\0\2h2\2\0\u000bexample.com\5\0\3\0\1\2\60\0\2ns\u00e0\0\0\u00e0\0\1x\4\0\2\0\0"));
        assertThat(info.alpn()).isEqualTo("h2");
        assertThat(info.authority()).isEqualTo("example.com");
        assertThat(info.uniqueId()).containsExactly(0, 1, 2);
        assertThat(info.networkNamespace()).isEqualTo("ns");
        assertThat(info.tlv(0xE0)).isEmpty();
        assertThat(info.tlv(0xE1)).isNull();
        assertThat(info.tlvs())
                .extracting(ProxyTlv::type)
                .as("without padding")
                .containsExactly(1, 2, 5, 0x30, 0xE0, 0xE0);
        assertThat(info.checksum()).isFalse();
        assertThat(info.ssl()).isNull();
        assertThat(info)
                .hasToString(
                        "PROXY v2 192.0.2.1:56324 to 198.51.100.2:443 [0x01 (2 bytes), 0x02 (11 bytes), 0x05 (3 bytes), 0x30 (2 bytes), 0xE0 (0 bytes), 0xE0 (1 bytes)]");
    }

    @Test
    void what_is_told_of_tls_is_told() {
        ProxySsl ssl = read(withTlvs("\040\0\u001e\3\0\0\0\0\041\0\7TLSv1.3\42\0\5m\u00c3\u00bccn\043\0\4AES1"))
                .ssl();
        assertThat(ssl).isNotNull();
        assertThat(ssl.tls()).isTrue();
        assertThat(ssl.certificateOnConnection()).isTrue();
        assertThat(ssl.certificateInSession()).isFalse();
        assertThat(ssl.certificateVerified()).isTrue();
        assertThat(ssl.version()).isEqualTo("TLSv1.3");
        assertThat(ssl.commonName()).isEqualTo("mücn");
        assertThat(ssl.cipher()).isEqualTo("AES1");
        assertThat(ssl.keyAlgorithm()).isNull();
        assertThat(read(withTlvs("\040\0\5\6\0\0\0\0")).ssl().tls()).isFalse();
    }

    @Test
    void a_certificate_is_not_verified_if_there_was_none_whatever_the_result() {
        ProxySsl none = read(withTlvs("\040\0\5\1\0\0\0\0")).ssl();
        assertThat(none.certificateVerified()).isFalse();
        ProxySsl bad = read(withTlvs("\040\0\5\7\0\0\0\u0012")).ssl();
        assertThat(bad.certificateVerified()).isFalse();
        assertThat(bad.verifyResult()).isEqualTo(18);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\1", "\1\0", "\1\0\1", "\1\0\2h", "\1\0\2h2\1\0\2h", "\u00e0\u00ff\u00ff"})
    void a_tlv_that_runs_over_the_end_is_refused(String tlvs) {
        refuses(
                withTlvs(tlvs),
                28,
                "expected a TLV that ends with what it is in, found one that is longer in a PROXY header");
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0, ALPN",
        "1, 256, ALPN",
        "2, 0, AUTHORITY",
        "2, 256, AUTHORITY",
        "3, 3, CRC32C",
        "3, 5, CRC32C",
        "5, 129, UNIQUE_ID",
        "32, 4, SSL",
        "48, 0, NETWORK_NAMESPACE"
    })
    void a_value_that_is_too_short_or_too_long_is_refused(int type, int size, String name) {
        String tlv = "" + (char) type + (char) (size >> 8) + (char) (size & 0xFF) + "x".repeat(size);
        assertThat(CodecHarness.decode(TRUSTING, withTlvs(tlv)).violation()).contains(name, "bytes, found " + size);
    }

    @Test
    void texts_are_texts() {
        String utf8 = "expected TLV 0x2 AUTHORITY in UTF-8 without control characters in a PROXY header";
        refuses(withTlvs("\2\0\1\u00ff"), 28, utf8);
        refuses(withTlvs("\2\0\2\u00c0\u0080"), 28, utf8);
        refuses(withTlvs("\2\0\3\u00ed\u00a0\u0080"), 28, utf8);
        refuses(withTlvs("\2\0\3a\nb"), 28, utf8);
        refuses(withTlvs("\2\0\3a\0b"), 28, utf8);
        refuses(
                withTlvs("\60\0\2\u00c3\u00bc"),
                28,
                "expected TLV 0x30 NETWORK_NAMESPACE in ASCII without control characters in a PROXY header");
        refuses(
                withTlvs("\040\0\11\1\0\0\0\0\041\0\1\r"),
                28,
                "expected TLV 0x21 SSL_VERSION in ASCII without control characters in a PROXY header");
    }

    @Test
    void what_may_be_there_once_is_refused_the_second_time() {
        refuses(withTlvs("\2\0\1a\2\0\1b"), 28, "expected TLV 0x2 AUTHORITY once, found it twice in a PROXY header");
        refuses(
                withTlvs("\040\0\5\1\0\0\0\0\040\0\5\1\0\0\0\0"),
                28,
                "expected TLV 0x20 SSL once, found it twice in a PROXY header");
        assertThat(read(withTlvs("\4\0\0\4\0\0\u00e0\0\0\u00e0\0\0")).tlvs()).hasSize(2);
    }

    @Test
    void a_part_of_what_is_told_of_tls_that_runs_over_its_end_is_refused() {
        refuses(
                withTlvs("\040\0\11\1\0\0\0\0\041\0\2x"),
                28,
                "expected a TLV that ends with what it is in, found one that is longer in a PROXY header");
    }

    @Test
    void a_checksum_has_to_be_right() {
        String crc = "\u00f2\u00c5\165\161"; // computed by another program
        String good = withTlvs("\1\0\2h2\3\0\4" + crc);
        assertThat(read(good).checksum()).isTrue();
        assertThat(read(good).tlvs()).extracting(ProxyTlv::type).containsExactly(1);
        refuses(
                withTlvs("\1\0\2h3\3\0\4" + crc),
                28,
                "expected the checksum 0xBBF90856, found 0xF2C57571 in a PROXY header");
        refuses(
                withTlvs("\1\0\2h3\3\0\4\0\0\0\0"),
                28,
                "expected the checksum 0xBBF90856, found 0x00000000 in a PROXY header");
    }
}
