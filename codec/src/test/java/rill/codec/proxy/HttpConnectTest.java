package rill.codec.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testkit.CodecHarness;

/** Tests what is sent to an HTTP proxy, and how each of its possible answers is handled. */
final class HttpConnectTest {
    private static final HttpConnect PROXY = HttpConnect.at(InetSocketAddress.createUnresolved("proxy", 3128));
    private static final HttpConnect WITH_USER = PROXY.user("me", "secret");
    private static final SocketAddress TARGET = InetSocketAddress.createUnresolved("example.com", 443);
    private static final String ASKED = "connect to example.com:443 through the HTTP proxy at proxy:3128: ";

    private static CodecHarness.Outcome decode(String answer) {
        return decode(PROXY, answer);
    }

    private static CodecHarness.Outcome decode(HttpConnect proxy, String answer) {
        return CodecHarness.decode(proxy.to(TARGET), answer);
    }

    private static void refuses(String answer, int offset, String violation) {
        refuses(PROXY, answer, offset, violation);
    }

    private static void refuses(HttpConnect proxy, String answer, int offset, String violation) {
        var outcome = decode(proxy, answer);
        assertThat(outcome.violation()).isEqualTo(ASKED + violation);
        assertThat(outcome.offset()).isEqualTo(offset);
        assertThat(outcome.messages()).isEmpty();
    }

    private static String request(HttpConnect proxy, SocketAddress target) {
        return new CodecHarness<>(proxy.to(target)).answered();
    }

    @Test
    void it_asks_for_the_target_and_names_it_as_the_host() {
        assertThat(request(PROXY, TARGET))
                .isEqualTo("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
        assertThat(request(PROXY, InetSocketAddress.createUnresolved("192.0.2.1", 80)))
                .startsWith("CONNECT 192.0.2.1:80 HTTP/1.1\r\nHost: 192.0.2.1:80\r\n");
        assertThat(request(PROXY, InetSocketAddress.createUnresolved("2001:db8::1", 80)))
                .startsWith("CONNECT [2001:db8:0:0:0:0:0:1]:80 HTTP/1.1\r\n");
    }

    @Test
    void with_a_user_it_authenticates_from_the_beginning() {
        assertThat(request(WITH_USER, TARGET))
                .isEqualTo(
                        "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n");
        assertThat(request(PROXY.user("ü", ""), TARGET)).contains("Proxy-Authorization: Basic w7w6\r\n");
        assertThat(WITH_USER).hasToString("HTTP proxy at proxy:3128");
    }

    @Test
    void a_user_that_can_not_be_sent_is_refused_and_not_shown() {
        for (String bad : new String[] {"a\r\nb", "a\0", "\177", "a:b\n"}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> PROXY.user(bad, ""))
                    .withMessage("the user has a control character");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> PROXY.user("", bad))
                    .withMessage("the password has a control character");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PROXY.user("a:b", ""))
                .withMessageContaining("colon")
                .withMessageNotContaining("a:b");
    }

    @Test
    void a_target_that_it_has_no_words_for_is_refused_at_once() {
        assertThatIllegalArgumentException().isThrownBy(() -> PROXY.to(UnixDomainSocketAddress.of("/tmp/socket")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PROXY.to(InetSocketAddress.createUnresolved("a\r\nX: y", 80)));
        assertThatIllegalArgumentException().isThrownBy(() -> PROXY.to(InetSocketAddress.createUnresolved("", 80)));
    }

    @Test
    void writes_are_held_until_the_empty_line() {
        var harness = new CodecHarness<ByteBuf, ByteBuf>(PROXY.to(TARGET));
        assertThat(harness.feed("HTTP/1.1 200 OK\r\nA: b\r\n\r").holdsWrites()).isTrue();
        assertThat(harness.feed("\n").holdsWrites()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 Connection established\r\n\r\n",
                "HTTP/1.0 200 \r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n",
                "HTTP/1.1 204 \tfine \u00fc\r\nA:\r\nB:b\r\nC: \t c \u00ff \t\r\n\r\n",
                "HTTP/1.1 299 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
            })
    void any_2xx_is_success_and_what_follows_its_head_belongs_to_the_layer_above(String head) {
        var outcome = decode(head + "\r\n\0HTTP");
        assertThat(outcome.messages()).containsExactly("\r\n\0HTTP");
        assertThat(outcome.ended()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "300 Multiple Choices",
                "400 Bad Request",
                "403 Filtered",
                "404 ",
                "500 Unable to connect",
                "502 Bad Gateway",
                "503 No",
                "599 ?"
            })
    void any_other_status_fails_with_its_line(String status) {
        refuses("HTTP/1.1 " + status + "\r\nContent-Length: 5\r\n\r\nhello", -1, "it has answered HTTP/1.1 " + status);
    }

    @Test
    void a_port_that_the_proxy_may_not_like_is_named_as_the_reason() {
        var to8080 = InetSocketAddress.createUnresolved("example.com", 8080);
        for (String status : new String[] {"403 Access violation", "405 Method Not Allowed"}) {
            assertThat(CodecHarness.decode(PROXY.to(to8080), "HTTP/1.1 " + status + "\r\n\r\n")
                            .violation())
                    .endsWith(status + "; many proxies let clients CONNECT to port 443 alone");
        }
        assertThat(decode(PROXY, "HTTP/1.1 403 Filtered\r\n\r\n").violation()).endsWith("403 Filtered");
    }

    @Test
    void a_407_says_what_to_do() {
        String basic =
                "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Digest realm=\"x\"\r\nproxy-authenticate: bAsic realm=\"y\"\r\n\r\n";
        String answered = "it has answered HTTP/1.1 407 Proxy Authentication Required; ";
        refuses(basic, -1, answered + "give it a user and a password, by HttpConnect.basic");
        refuses(WITH_USER, basic, -1, answered + "it does not accept the user and the password");
        String others =
                "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n";
        refuses(
                WITH_USER,
                others,
                -1,
                answered + "it wants authentication of the kind Negotiate, NTLM, and there is only Basic here");
        refuses(
                WITH_USER,
                "HTTP/1.0 401 Unauthorized\r\n\r\n",
                -1,
                "it has answered HTTP/1.0 401 Unauthorized; it does not accept the user and the password");
        refuses(
                "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
                -1,
                answered + "give it a user and a password, by HttpConnect.basic");
    }

    @Test
    void what_is_no_answer_of_http_1_is_refused() {
        String expected = "expected a status line of HTTP/1, such as \"HTTP/1.1 200 OK\", found ";
        refuses("SSH-2.0-OpenSSH_9.2\r\n", 0, expected + "\"SSH-2.0-OpenSSH_9.2\"");
        refuses("HTTP/2 200 \r\n", 0, expected + "\"HTTP/2 200 \"");
        refuses("HTTP/1.x 200 \r\n", 0, expected + "\"HTTP/1.x 200 \"");
        refuses("http/1.1 200 OK\r\n", 0, expected + "\"http/1.1 200 OK\"");
        refuses("HTTP/1.1  200 OK\r\n", 0, expected + "\"HTTP/1.1  200 OK\"");
        refuses("HTTP/1.1 200\r\n", 0, expected + "\"HTTP/1.1 200\"");
        refuses("HTTP/1.1 20 OK\r\n", 0, expected + "\"HTTP/1.1 20 OK\"");
        refuses("HTTP/1.1 2000 OK\r\n", 0, expected + "\"HTTP/1.1 2000 OK\"");
        refuses("HTTP/1.1 099 OK\r\n", 0, expected + "\"HTTP/1.1 099 OK\"");
        refuses("HTTP/1.1 600 OK\r\n", 0, expected + "\"HTTP/1.1 600 OK\"");
        refuses("HTTP/1.1 +20 OK\r\n", 0, expected + "\"HTTP/1.1 +20 OK\"");
        refuses("\r\n", 0, expected + "\"\"");
        refuses("\u00ff\tx\r\n", 0, expected + "\"? x\"");
        refuses(
                "HTTP/1.1 101 Switching Protocols\r\n",
                9,
                "expected an answer to CONNECT, found 101, a change to another protocol");
        refuses("\5\0", 0, "expected text before its answer, found 0x05; it seems to speak SOCKS5: try Socks5");
    }

    @Test
    void bare_line_ends_nul_and_control_bytes_are_refused_wherever_they_are() {
        refuses("HTTP/1.1 200 OK\n\n", 15, "expected CR before LF within its answer");
        refuses("HTTP/1.1 200 OK\r\r\n", 16, "expected LF after CR within its answer, found CR (0x0D)");
        refuses("HTTP/1.1 200 OK\r\nA: b\n\r\n", 21, "expected CR before LF within its answer HTTP/1.1 200 OK");
        refuses(
                "HTTP/1.1 200 OK\r\nA: b\rc\r\n",
                22,
                "expected LF after CR within its answer HTTP/1.1 200 OK, found 'c' (0x63)");
        refuses("\n", 0, "expected CR before LF before its answer");
        for (char bad : new char[] {0, 1, 8, 11, 12, 27, 31, 127}) {
            String found = ", found " + String.format("0x%02X", (int) bad);
            refuses("HTTP/1.1 200 O" + bad, 14, "expected text within its answer" + found);
            refuses("HTTP/1.1 200 OK\r\nA: " + bad, 20, "expected text within its answer HTTP/1.1 200 OK" + found);
            refuses("HTTP/1.1 200 OK\r\n" + bad, 17, "expected text within its answer HTTP/1.1 200 OK" + found);
        }
    }

    @Test
    void what_is_no_field_is_refused() {
        String expected = "expected a field, as \"name: value\", in the answer HTTP/1.1 200 OK, found ";
        refuses("HTTP/1.1 200 OK\r\nno colon\r\n", 19, expected + "\"no colon\"");
        refuses("HTTP/1.1 200 OK\r\n: value\r\n", 17, expected + "\": value\"");
        refuses("HTTP/1.1 200 OK\r\nA : b\r\n", 18, expected + "\"A : b\"");
        refuses("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n", 23, expected + "\" folded\"");
        refuses("HTTP/1.1 200 OK\r\n\tA: b\r\n", 17, expected + "\" A: b\"");
        refuses("HTTP/1.1 200 OK\r\nA\u00fc: b\r\n", 18, expected + "\"A?: b\"");
        refuses("HTTP/1.1 200 OK\r\nA\r\n", 18, expected + "\"A\"");
    }

    @Test
    void a_head_at_the_limit_passes_and_one_above_it_does_not() {
        String start = "HTTP/1.1 200 OK\r\nA: ";
        String fits = start + "x".repeat(8192 - start.length() - 4) + "\r\n\r\n";
        assertThat(new CodecHarness<>(PROXY.to(TARGET))
                        .feed(fits + "y")
                        .outcome()
                        .messages())
                .containsExactly("y");
        String longer = start + "x".repeat(8192 - start.length() - 3) + "\r\n\r\n";
        var outcome = new CodecHarness<>(PROXY.to(TARGET)).feed(longer).outcome();
        assertThat(outcome.violation()).isEqualTo(ASKED + "expected a head of at most 8192 bytes");
        assertThat(outcome.offset()).isEqualTo(8192);
        assertThat(outcome.messages()).isEmpty();
    }

    @Test
    void interim_answers_without_end_are_bounded_and_so_is_a_line_without_end() {
        var interim = new CodecHarness<>(PROXY.to(TARGET))
                .feed("HTTP/1.1 100 Continue\r\n\r\n".repeat(400))
                .outcome();
        assertThat(interim.violation()).endsWith("expected a head of at most 8192 bytes");
        var harness = new CodecHarness<ByteBuf, ByteBuf>(PROXY.to(TARGET));
        assertThat(harness.feed("x".repeat(8192)).outcome().violation()).isNull();
        assertThat(harness.feed("x").outcome().violation()).endsWith("expected a head of at most 8192 bytes");
    }

    @Test
    void an_end_is_told_with_where_it_came() {
        refuses("", 0, "the proxy has ended the connection before its answer");
        refuses("HTTP/1.1 200 ", 13, "the proxy has ended the connection within its answer");
        refuses("HTTP/1.1 503 No\r\n", 17, "the proxy has ended the connection within its answer HTTP/1.1 503 No");
        refuses(
                "HTTP/1.1 503 No\r\nA: b\r\n\r",
                24,
                "the proxy has ended the connection within its answer HTTP/1.1 503 No");
    }
}
