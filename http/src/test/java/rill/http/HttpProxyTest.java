package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import org.junit.jupiter.api.Test;
import rill.CallFailedException.Fate;
import rill.ConnectOptions;
import rill.codec.proxy.Socks5;
import rill.testkit.memory.MemoryTransport;

/** Tests requests through an HTTP proxy. */
final class HttpProxyTest extends HttpClientRig {
    private static final SocketAddress SOMEWHERE = InetSocketAddress.createUnresolved("proxy", 3128);

    private HttpClient through(HttpProxy proxy) {
        return HttpClient.on(loop, DEFAULTS.inflate(false).proxy(proxy));
    }

    private static HttpProxy proxyAt(int port) {
        return HttpProxy.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    @Test
    void a_proxy_is_asked_for_the_whole_uri_on_one_connection() throws IOException {
        var proxy = server((peer, request) -> peer.say(OK));
        loop.run(() -> {
            HttpClient client = through(proxyAt(proxy.port));
            assertThat(text(client, "http://some.where/a?b=c#d")).isEqualTo("ok");
            assertThat(text(client, "http://some.where")).isEqualTo("ok");
            client.send(ClientRequest.of("OPTIONS", URI.create("http://some.where:81"))
                            .target("*"))
                    .await()
                    .discard();
            client.send(ClientRequest.get("http://some.where/x").target("/given%20as/it?is"))
                    .await()
                    .discard();
        });
        assertThat(proxy.requests)
                .containsExactly(
                        "GET http://some.where/a?b=c HTTP/1.1\r\nHost: some.where\r\n\r\n",
                        "GET http://some.where/ HTTP/1.1\r\nHost: some.where\r\n\r\n",
                        "OPTIONS http://some.where:81 HTTP/1.1\r\nHost: some.where:81\r\n\r\n",
                        "GET http://some.where/given%20as/it?is HTTP/1.1\r\nHost: some.where\r\n\r\n");
        assertThat(proxy.peers).as("of two origins").hasSize(2);
    }

    @Test
    void a_proxy_that_wants_a_password_is_given_it_with_each_request_and_nobody_else_is() throws IOException {
        var server = server((peer, request) -> peer.say(OK));
        var proxy = server((peer, request) -> peer.say(
                request.contains("/moved")
                        ? "HTTP/1.1 302 Found\nLocation: " + server.uri() + "/\nContent-Length: 0\n\n"
                        : OK));
        HttpProxy withPassword = proxyAt(proxy.port).user("me", "secret").except("127.0.0.1");
        loop.run(() -> {
            HttpClient client = HttpClient.on(loop, DEFAULTS.redirects(1).proxy(withPassword));
            text(client, "http://some.where/1");
            client.send(ClientRequest.get("http://some.where/2").with("Proxy-Authorization", "Mine x"))
                    .await()
                    .text()
                    .await();
            text(client, "http://some.where/moved");
        });
        assertThat(proxy.requests).hasSize(3);
        assertThat(proxy.requests.get(0)).contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n");
        assertThat(proxy.requests.get(1)).contains("Mine x").doesNotContain("Basic");
        assertThat(server.requests).hasSize(1);
        assertThat(server.requests.getFirst()).startsWith("GET / HTTP/1.1").doesNotContain("Proxy-Authorization");
        assertThat(withPassword.toString()).doesNotContain("secret");
    }

    @Test
    void hosts_are_excepted_by_name_and_by_the_end_of_it() {
        HttpProxy proxy =
                HttpProxy.at(SOMEWHERE).except("LocalHost", ".internal").except("::1");
        assertThat(proxy.isFor("localhost")).isFalse();
        assertThat(proxy.isFor("a.internal")).isFalse();
        assertThat(proxy.isFor("::1")).isFalse();
        assertThat(proxy.isFor("internal")).isTrue();
        assertThat(proxy.isFor("notlocalhost")).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> proxy.except(""));
    }

    @Test
    void an_exception_that_could_never_be_met_is_none() {
        HttpProxy proxy = HttpProxy.at(SOMEWHERE);
        for (String each : new String[] {
            ".",
            "..",
            "*",
            "*.internal",
            "10.0.0.0/8",
            "localhost:8080",
            "[::1]:80",
            "[::1",
            "http://a",
            " a",
            "a,b",
            "a."
        }) {
            assertThatIllegalArgumentException().as(each).isThrownBy(() -> proxy.except(each));
        }
        assertThat(proxy.except("[::1]").isFor("::1")).isFalse();
        assertThat(proxy.except("FE80::1%eth0").isFor("fe80::1%eth0")).isFalse();
        assertThat(proxy.except("10.0.0.1").isFor("10.0.0.1")).isFalse();
        assertThat(proxy.except("my_host").isFor("my_host")).isFalse();
        assertThat(proxy.except(".internal").isFor("db.internal.")).isFalse();
    }

    @Test
    void what_is_encrypted_goes_through_a_tunnel_and_a_refusal_says_why() throws IOException {
        var proxy = server((peer, request) -> peer.say("HTTP/1.1 403 Forbidden\n\n"));
        loop.run(() -> {
            HttpClient client = through(proxyAt(proxy.port).user("me", "secret"));
            assertFails(
                    client.get("https://some.where:8443/"),
                    Fate.NEVER_SENT,
                    "it has answered HTTP/1.1 403 Forbidden; many proxies let clients CONNECT to port 443 alone");
        });
        assertThat(proxy.requests)
                .containsExactly("CONNECT some.where:8443 HTTP/1.1\r\nHost: some.where:8443\r\n"
                        + "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n");
    }

    @Test
    void what_a_proxy_answers_is_the_response_and_one_that_is_not_there_is_named() throws IOException {
        var proxy = server((peer, request) -> peer.say("HTTP/1.1 502 Bad Gateway\nContent-Length: 2\n\nno"));
        loop.run(() -> {
            assertThat(through(proxyAt(proxy.port))
                            .get("http://some.where/")
                            .await()
                            .status())
                    .isEqualTo(502);
            var nobody = loop.listen(MemoryTransport.ANY, rill.Pipeline.bytes(), connection -> {})
                    .await();
            int port = ((InetSocketAddress) nobody.address()).getPort();
            nobody.close();
            assertFails(
                    through(proxyAt(port)).get("http://some.where/"),
                    Fate.NEVER_SENT,
                    "GET http://some.where/: the HTTP proxy at ");
        });
    }

    @Test
    void there_is_one_proxy() {
        ConnectOptions socks = ConnectOptions.defaults().proxy(Socks5.at(SOMEWHERE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.connect(socks).proxy(HttpProxy.at(SOMEWHERE)))
                .withMessageContaining("one proxy");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.proxy(HttpProxy.at(SOMEWHERE)).connect(socks));
    }
}
