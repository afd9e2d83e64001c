package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import rill.ConnectOptions;
import rill.Connection;
import rill.Listener;
import rill.Pipeline;
import rill.Proxy;
import rill.codec.proxy.HttpConnect;
import rill.codec.proxy.Socks5;
import rill.codec.tls.Identity;
import rill.codec.tls.Tls;
import rill.codec.tls.TlsException;
import rill.testing.TextLines;
import rill.testing.UnderTest;
import rill.testkit.Authority;
import rill.testkit.Leaks;

/** Connections through other projects' proxies: dante and microsocks for SOCKS5, tinyproxy for CONNECT. */
@Tag("slow")
@ExtendWith(Leaks.class)
@ParameterizedClass(name = "over {0}")
@MethodSource("rill.testing.UnderTest#names")
class ProxyPeersTest {
    @Parameter
    private String transport;

    private static final int NOBODY_LISTENS = 1;

    private ProxiedEcho echo;

    @BeforeEach
    void start() throws IOException {
        echo = new ProxiedEcho(UnderTest.transport(transport));
    }

    @AfterEach
    void stop() {
        echo.close();
    }

    private SocketAddress named() {
        return InetSocketAddress.createUnresolved("localhost", echo.port());
    }

    private static SocketAddress nobody() {
        return Loopback.port(NOBODY_LISTENS);
    }

    private void fails(SocketAddress target, Proxy proxy, String message) {
        assertThatThrownBy(() -> echo.connect(target, proxy))
                .isInstanceOf(ConnectException.class)
                .hasMessageStartingWith("connect to ")
                .hasMessageContaining(" through the " + proxy + ": ")
                .hasMessageContaining(message)
                .hasMessageNotContaining("secret");
    }

    // ---- SOCKS5

    /** A proxy that permits all addresses but one. */
    private static LocalServer dante() throws IOException {
        String user = System.getProperty("user.name");
        return new LocalServer("danted", 1, (folder, ports) -> {
            Path file = folder.resolve("danted.conf");
            Files.writeString(file, """
                    logoutput: stderr
                    internal: 127.0.0.1 port = %d
                    external: lo
                    clientmethod: none
                    socksmethod: none
                    user.privileged: %s
                    user.unprivileged: %s
                    client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
                    socks block { from: 0.0.0.0/0 to: 127.0.0.3/32 }
                    socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 command: connect }
                    """.formatted(ports[0], user, user));
            return List.of("-f", file.toString(), "-p", folder.resolve("pid").toString());
        });
    }

    @Test
    void dante_connects_on_to_names_and_addresses_and_says_why_not() throws IOException {
        try (var server = dante()) {
            var proxy = Socks5.at(server.address());
            assertThat(echo.say("by name", named(), proxy)).isEqualTo("by name");
            assertThat(echo.say("by address", echo.address(), proxy)).isEqualTo("by address");
            assertThat(echo.say("without a login", named(), proxy.user("me", "secret")))
                    .isEqualTo("without a login");
            fails(nobody(), proxy, "the connection was refused there");
            fails(
                    new InetSocketAddress(InetAddress.ofLiteral("127.0.0.3"), echo.port()),
                    proxy,
                    "its rules do not allow this connection (reply 2)");
        }
    }

    private static LocalServer microsocks() throws IOException {
        return new LocalServer(
                "microsocks",
                1,
                (folder, ports) -> List.of("-i", "127.0.0.1", "-p", "" + ports[0], "-u", "me", "-P", "secret"));
    }

    @Test
    void microsocks_wants_a_user_and_a_password() throws IOException {
        try (var server = microsocks()) {
            var proxy = Socks5.at(server.address());
            assertThat(echo.say("by address", echo.address(), proxy.user("me", "secret")))
                    .isEqualTo("by address");
            assertThat(echo.say(
                            "by name",
                            InetSocketAddress.createUnresolved("127.0.0.1", echo.port()),
                            proxy.user("me", "secret")))
                    .isEqualTo("by name");
            fails(nobody(), proxy.user("me", "secret"), "(reply 5)");
            fails(
                    named(),
                    proxy,
                    "it wants authentication (method 255): give it a user and a password, by Socks5.user");
            fails(named(), proxy.user("me", "secret-not"), "it does not accept the user and the password");
        }
    }

    // ---- CONNECT

    private static LocalServer tinyproxy(String more) throws IOException {
        return new LocalServer("tinyproxy", 1, (folder, ports) -> {
            Path file = folder.resolve("tinyproxy.conf");
            Files.writeString(file, """
                    Port %d
                    Listen 127.0.0.1
                    Timeout 60
                    Allow 127.0.0.1
                    LogLevel Warning
                    %s
                    """.formatted(ports[0], more));
            return List.of("-d", "-c", file.toString());
        });
    }

    @Test
    void tinyproxy_connects_on_to_names_and_addresses_and_says_why_not() throws IOException {
        try (var server = tinyproxy("ConnectPort " + echo.port() + "\nConnectPort " + NOBODY_LISTENS)) {
            var proxy = HttpConnect.at(server.address());
            assertThat(echo.say("by name", named(), proxy)).isEqualTo("by name");
            assertThat(echo.say("by address", echo.address(), proxy)).isEqualTo("by address");
            fails(nobody(), proxy, "it has answered HTTP/1.");
            fails(Loopback.port(9), proxy, "403");
        }
    }

    @Test
    void tinyproxy_wants_a_user_and_a_password() throws IOException {
        try (var server = tinyproxy("BasicAuth me secret")) {
            var proxy = HttpConnect.at(server.address());
            assertThat(echo.say("by name", named(), proxy.user("me", "secret"))).isEqualTo("by name");
            fails(
                    named(),
                    proxy,
                    "407 Proxy Authentication Required; give it a user and a password, by HttpConnect.basic");
            fails(named(), proxy.user("me", "secret-not"), "; it does not accept the user and the password");
        }
    }

    // ---- and TLS on top

    @Test
    void tls_through_proxies_verifies_the_name_of_the_target() throws Exception {
        Authority authority = Authority.create();
        Authority.Issued issued = authority.issue("localhost");
        Pipeline<String, String> secure =
                TextLines.pipeline().over(Tls.client().trust(List.of(authority.certificate())));
        Listener listener = echo.loop()
                .listen(
                        Loopback.ANY_PORT,
                        TextLines.pipeline().over(Tls.server(Identity.of(issued.key(), issued.chain()))),
                        each -> each.onMessage(each::write, each::close))
                .await();
        int port = listener.port();
        try (var http = tinyproxy("");
                var socks = microsocks()) {
            for (Proxy proxy : List.of(
                    HttpConnect.at(http.address()), Socks5.at(socks.address()).user("me", "secret"))) {
                ConnectOptions through = ConnectOptions.defaults().proxy(proxy);
                var named = InetSocketAddress.createUnresolved("localhost", port);
                Connection<String, String> connection =
                        echo.loop().connect(named, secure, through).await();
                assertThat(echo.loop()
                                .task("say", () -> {
                                    connection.write("hello");
                                    return connection.receive().await();
                                })
                                .await())
                        .isEqualTo("hello");
                connection.finish().await();
                assertThatThrownBy(() -> echo.loop()
                                .connect(Loopback.port(port), secure, through)
                                .await())
                        .isInstanceOf(TlsException.class)
                        .hasMessageContaining("127.0.0.1");
                assertThat(echo.handshakeThatFailed()).hasMessageContaining("it does not accept our certificate");
            }
        }
    }

    @Test
    void a_proxy_that_speaks_socks_and_is_asked_by_http_ends_the_connection_and_is_told() throws IOException {
        try (var server = microsocks()) {
            assertThatThrownBy(() -> echo.connect(named(), HttpConnect.at(server.address())))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("localhost")
                    .hasMessageContaining("through the ");
        }
    }
}
