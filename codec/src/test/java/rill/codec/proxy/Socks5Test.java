package rill.codec.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import rill.testkit.CodecHarness;

/** Tests what is sent to a SOCKS5 proxy, and how each of its possible answers is handled. */
final class Socks5Test {
    private static final Socks5 PROXY = Socks5.at(InetSocketAddress.createUnresolved("proxy", 1080));
    private static final Socks5 WITH_USER = PROXY.user("me", "secret");
    private static final SocketAddress TARGET = InetSocketAddress.createUnresolved("example.com", 443);
    private static final String ASKED = "connect to example.com:443 through the SOCKS5 proxy at proxy:1080: ";
    private static final String REQUEST = "\5\1\0\3\u000bexample.com\1\u00bb";
    private static final String BOUND = "\1\0\0\0\0\0\0";

    private static CodecHarness<ByteBuf, ByteBuf> harness(Socks5 proxy) {
        return new CodecHarness<>(proxy.to(TARGET));
    }

    private static CodecHarness.Outcome decode(Socks5 proxy, String answers) {
        return CodecHarness.decode(proxy.to(TARGET), answers);
    }

    private static void refuses(Socks5 proxy, String answers, int offset, String violation) {
        var outcome = decode(proxy, answers);
        assertThat(outcome.violation()).isEqualTo(ASKED + violation);
        assertThat(outcome.offset()).isEqualTo(offset);
        assertThat(outcome.messages()).isEmpty();
    }

    /** Returns the request for this target. */
    private static String request(SocketAddress target) {
        return new CodecHarness<>(PROXY.to(target)).feed("\5\0").answered().substring(3);
    }

    @Test
    void without_a_user_it_offers_no_authentication_and_then_asks() {
        var harness = harness(PROXY);
        assertThat(harness.answered()).isEqualTo("\5\1\0");
        assertThat(harness.holdsWrites()).isTrue();
        assertThat(harness.feed("\5\0").answered()).isEqualTo("\5\1\0" + REQUEST);
        assertThat(harness.holdsWrites()).isTrue();
        assertThat(harness.feed("\5\0\0" + BOUND).holdsWrites()).isFalse();
    }

    @Test
    void with_a_user_it_offers_both_and_logs_in_if_the_proxy_wants_that() {
        var harness = harness(WITH_USER);
        assertThat(harness.answered()).isEqualTo("\5\2\0\2");
        assertThat(harness.feed("\5\2").answered()).isEqualTo("\5\2\0\2\1\2me\6secret");
        assertThat(harness.feed("\1\0").answered()).isEqualTo("\5\2\0\2\1\2me\6secret" + REQUEST);
        assertThat(harness.feed("\5\0\0" + BOUND).holdsWrites()).isFalse();
    }

    @Test
    void with_a_user_a_proxy_that_wants_none_is_not_told_of_it() {
        assertThat(harness(WITH_USER).feed("\5\0").answered()).isEqualTo("\5\2\0\2" + REQUEST);
    }

    @Test
    void addresses_are_given_as_addresses_and_names_as_names() throws Exception {
        InetAddress v4 = InetAddress.getByAddress("a name", new byte[] {(byte) 192, 0, 2, 1});
        assertThat(request(new InetSocketAddress(v4, 80))).isEqualTo("\5\1\0\1\u00c0\0\2\1\0P");
        assertThat(request(InetSocketAddress.createUnresolved("192.0.2.1", 80))).isEqualTo("\5\1\0\1\u00c0\0\2\1\0P");
        String v6 = "\5\1\0\4\040\1\r\u00b8" + "\0".repeat(11) + "\1\u00ff\u00ff";
        assertThat(request(InetSocketAddress.createUnresolved("2001:db8::1", 65_535)))
                .isEqualTo(v6);
        assertThat(request(InetSocketAddress.createUnresolved("1.2.3.4.5", 1))).isEqualTo("\5\1\0\3\t1.2.3.4.5\0\1");
        String longest = "a".repeat(255);
        assertThat(request(InetSocketAddress.createUnresolved(longest, 1)))
                .isEqualTo("\5\1\0\3\u00ff" + longest + "\0\1");
    }

    @Test
    void a_target_that_it_has_no_words_for_is_refused_at_once() throws Exception {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PROXY.to(UnixDomainSocketAddress.of("/tmp/socket")))
                .withMessageContaining("/tmp/socket");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PROXY.to(InetSocketAddress.createUnresolved("a", 0)))
                .withMessageContaining("port 0");
        var scoped = java.net.Inet6Address.getByAddress(
                null, InetAddress.ofLiteral("fe80::1").getAddress(), 3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PROXY.to(new InetSocketAddress(scoped, 1)))
                .withMessageContaining("scope");
    }

    @ParameterizedTest
    @CsvSource({
        "'', 1 to 255 bytes",
        "'a b', 0x20 at index 1",
        "'a\0b', 0x00",
        "'a\nb', LF",
        "'a/b', '/'",
        "'a:80', ':'",
        "'user@a', '@'",
        "bücher.example, IDN"
    })
    void a_name_that_could_be_taken_for_something_else_is_refused(String name, String why) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PROXY.to(InetSocketAddress.createUnresolved(name, 1)))
                .withMessageContaining(why);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PROXY.to(InetSocketAddress.createUnresolved("a".repeat(256), 1)))
                .withMessageContaining("not 256");
    }

    @Test
    void what_comes_after_the_reply_belongs_to_the_layer_above() {
        var outcome = decode(PROXY, "\5\0\5\0\0" + BOUND + "\5\1\0 all of this");
        assertThat(outcome.messages()).containsExactly("\5\1\0 all of this");
        assertThat(outcome.ended()).isTrue();
        assertThat(outcome.answered()).isEqualTo("\5\1\0" + REQUEST);
        assertThat(decode(WITH_USER, "\5\2\1\0\5\0\0" + BOUND + "\0").messages())
                .containsExactly("\0");
    }

    @Test
    void the_bound_address_may_be_of_any_kind() {
        assertThat(decode(PROXY, "\5\0\5\0\0\4" + "\u00ff".repeat(18) + "x").messages())
                .containsExactly("x");
        assertThat(decode(PROXY, "\5\0\5\0\0\3\1ab\0x").messages()).containsExactly("x");
        assertThat(decode(PROXY, "\5\0\5\0\0\3\u00ff" + "a".repeat(257) + "x").messages())
                .containsExactly("x");
    }

    static IntStream replies() {
        return IntStream.rangeClosed(1, 255);
    }

    /** The meanings of the reply codes of RFC 1928, section 6, from 1 on. */
    private static final List<String> KNOWN = List.of(
            "it has failed, without a reason",
            "its rules do not allow this connection",
            "it can't reach that network",
            "it can't reach that host, or can't look up its name",
            "the connection was refused there: nobody listens at that port, or a firewall refuses",
            "that host is too far away, or a route goes in circles (TTL expired)",
            "it does not know the command CONNECT",
            "it does not know this kind of address: give it a name, or an address of the other version of IP");

    @ParameterizedTest
    @MethodSource("replies")
    void every_reply_but_success_is_told_in_words(int reply) {
        String words =
                reply <= KNOWN.size() ? KNOWN.get(reply - 1) : "it has failed for a reason that RFC 1928 does not know";
        refuses(PROXY, "\5\0\5" + (char) reply + "\0" + BOUND, -1, words + " (reply " + reply + ")");
    }

    @Test
    void a_failure_is_told_although_the_proxy_leaves_out_the_rest() {
        refuses(
                PROXY,
                "\5\0\5\5",
                -1,
                "the connection was refused there: nobody listens at that port, or a firewall refuses (reply 5)");
    }

    @Test
    void a_proxy_that_takes_none_of_the_methods_is_told_with_what_to_do() {
        refuses(
                PROXY,
                "\5\u00ff",
                -1,
                "it wants authentication (method 255): give it a user and a password, by Socks5.user");
        refuses(WITH_USER, "\5\u00ff", -1, "it takes neither a user with a password nor none (method 255)");
        refuses(PROXY, "\5\2", 1, "expected one of the methods that were offered, found 0x02");
        refuses(WITH_USER, "\5\1", 1, "expected one of the methods that were offered, found 0x01");
    }

    @Test
    void a_user_that_is_not_accepted_is_told_and_not_shown() {
        for (int status : new int[] {1, 255}) {
            var outcome = decode(WITH_USER, "\5\2\1" + (char) status);
            assertThat(outcome.violation())
                    .isEqualTo(ASKED + "it does not accept the user and the password (status " + status + ")")
                    .doesNotContain("secret");
        }
    }

    @Test
    void a_proxy_that_speaks_something_else_is_told_as_such() {
        refuses(PROXY, "\4", 0, "expected 0x05 before its choice of a method, found 0x04");
        refuses(
                PROXY,
                "HTTP/1.1 400 Bad Request\r\n",
                0,
                "expected 0x05 before its choice of a method, found 'H' (0x48); it seems to speak HTTP: try HttpConnect");
        refuses(
                PROXY,
                "\0\133",
                0,
                "expected 0x05 before its choice of a method, found 0x00; it seems to speak SOCKS4");
        refuses(WITH_USER, "\5\2\5\0", 2, "expected 0x01 before its answer to user and password, found 0x05");
        refuses(PROXY, "\5\0\1\0", 2, "expected 0x05 before its reply to the request, found 0x01");
        refuses(PROXY, "\5\0\5\0\1" + BOUND, 4, "expected 0, which is reserved, found 0x01");
        refuses(PROXY, "\5\0\5\0\0\2\0\0\0\0\0\0", 5, "expected an address of type 1, 3 or 4, found 0x02");
        refuses(PROXY, "\5\0\5\0\0\5\0\0\0\0\0\0", 5, "expected an address of type 1, 3 or 4, found 0x05");
        refuses(PROXY, "\5\0\5\0\0\3\0\0\0", 6, "expected a name of 1 to 255 bytes, found an empty one");
    }

    @Test
    void an_end_is_told_with_where_it_came() {
        refuses(PROXY, "", 0, "the proxy has ended the connection before its choice of a method");
        refuses(
                PROXY,
                "\5",
                1,
                "the proxy has ended the connection within its choice of a method, after 1 bytes of it");
        refuses(WITH_USER, "\5\2", 2, "the proxy has ended the connection before its answer to user and password");
        refuses(PROXY, "\5\0", 2, "the proxy has ended the connection before its reply to the request");
        String reply = "\5\0\0\3\3abc\0\1";
        for (int i = 2; i < reply.length(); i++) {
            refuses(
                    PROXY,
                    "\5\0" + reply.substring(0, i),
                    2 + i,
                    "the proxy has ended the connection within its reply to the request, after " + i + " bytes of it");
        }
    }

    @Test
    void user_and_password_have_limits_and_are_shown_nowhere() {
        for (String bad : new String[] {"", "x".repeat(256), "ü".repeat(128)}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> PROXY.user(bad, "secret"))
                    .withMessageMatching("the user has 1 to 255 bytes, not \\d+");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> PROXY.user("me", bad))
                    .withMessageMatching("the password has 1 to 255 bytes, not \\d+");
        }
        String longest = "x".repeat(255);
        assertThat(harness(PROXY.user(longest, longest)).feed("\5\2").answered())
                .endsWith("\1\u00ff" + longest + "\u00ff" + longest);
        assertThat(WITH_USER).hasToString("SOCKS5 proxy at proxy:1080");
        assertThat(Socks5.at(new InetSocketAddress(InetAddress.ofLiteral("::1"), 7)))
                .hasToString("SOCKS5 proxy at [0:0:0:0:0:0:0:1]:7");
    }
}
