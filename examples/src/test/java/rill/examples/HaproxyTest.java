package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.ProtocolException;
import rill.Report;
import rill.codec.proxy.AddressRanges;
import rill.codec.proxy.ProxyInfo;
import rill.codec.proxy.ProxyProtocol;
import rill.codec.proxy.ProxyProtocolServer;
import rill.codec.proxy.ProxySsl;
import rill.testing.RecordingReporter;
import rill.testing.TextLines;
import rill.testing.UnderTest;
import rill.testkit.Leaks;

/** haproxy tells our server who its clients are, and accepts what our client tells it. */
@Tag("slow")
@ExtendWith(Leaks.class)
@ParameterizedClass(name = "over {0}")
@MethodSource("rill.testing.UnderTest#names")
class HaproxyTest {
    @Parameter
    private String transport;

    private static final ProxyProtocolServer TRUSTING = ProxyProtocol.server(AddressRanges.of("127.0.0.0/8"));

    private final RecordingReporter reporter = new RecordingReporter();
    private final BlockingQueue<ProxyInfo> told = new LinkedBlockingQueue<>();
    private Loop loop;

    @BeforeEach
    void start() throws IOException {
        loop = Loop.open(LoopOptions.defaults()
                .transport(UnderTest.transport(transport))
                .reporter(reporter)
                .slowHandle(Duration.ZERO));
    }

    @AfterEach
    void stop() {
        loop.close();
        reporter.assertNone();
    }

    /** A server that greets first, and answers each line; both wait for the header. */
    private int serve(ProxyProtocolServer layer) throws IOException {
        Listener listener = loop.listen(Loopback.ANY_PORT, TextLines.pipeline().over(layer), each -> {
                    each.onFailure(
                            failure -> { // haproxy resets a connection whose client has gone
                                if (failure.cause() instanceof ProtocolException) {
                                    failure.report();
                                }
                            });
                    each.write("hello");
                    each.onMessage(
                            line -> {
                                told.add(each.info(ProxyInfo.class).orElseThrow());
                                each.write("you said " + line);
                            },
                            () -> {
                                each.info(ProxyInfo.class).ifPresent(told::add);
                                each.close();
                            });
                })
                .await();
        loop.start();
        return listener.port();
    }

    /** haproxy with these sections after the usual ones; {@code %1$d} and so on are its ports. */
    private static LocalServer haproxy(int ports, String sections) throws IOException {
        return new LocalServer("haproxy", ports, (folder, chosen) -> {
            Path file = folder.resolve("haproxy.cfg");
            Object[] arguments = new Object[chosen.length];
            for (int i = 0; i < chosen.length; i++) {
                arguments[i] = chosen[i];
            }
            String usual = """
                    global
                      maxconn 100
                    defaults
                      mode tcp
                      timeout connect 10s
                      timeout client 30s
                      timeout server 30s
                    """;
            Files.writeString(file, usual + sections.formatted(arguments));
            return List.of("-db", "-f", file.toString());
        });
    }

    private ProxyInfo told() throws InterruptedException {
        ProxyInfo info = told.poll(20, TimeUnit.SECONDS);
        assertThat(info).as("what haproxy has told").isNotNull();
        return info;
    }

    /** Skips the readiness probe, which haproxy forwards as well. */
    private ProxyInfo toldOf(SocketAddress source) throws InterruptedException {
        ProxyInfo info = told();
        while (!source.equals(info.source())) {
            info = told();
        }
        return info;
    }

    private ProxyInfo toldThrough(LocalServer server, int port) throws Exception {
        try (var socket = new java.net.Socket()) {
            socket.connect(server.address(port));
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write("who?\n".getBytes(StandardCharsets.US_ASCII));
            String expected = "hello\nyou said who?\n";
            assertThat(new String(socket.getInputStream().readNBytes(expected.length()), StandardCharsets.US_ASCII))
                    .isEqualTo(expected);
            ProxyInfo info = toldOf(socket.getLocalSocketAddress());
            assertThat(info.destination()).isEqualTo(server.address(port));
            return info;
        }
    }

    // ---- haproxy tells our server

    @Test
    void haproxy_tells_our_server_in_version_1() throws Exception {
        int ours = serve(TRUSTING);
        try (var server =
                haproxy(1, "listen a\n  bind 127.0.0.1:%1$d\n  server ours 127.0.0.1:" + ours + " send-proxy\n")) {
            assertThat(toldThrough(server, 0).version()).isEqualTo(1);
        }
    }

    @Test
    void haproxy_tells_our_server_in_version_2_with_what_else_there_is() throws Exception {
        int ours = serve(TRUSTING);
        String sections = """
                listen plain
                  bind 127.0.0.1:%1$d
                  server ours 127.0.0.1:OURS send-proxy-v2
                listen more
                  bind 127.0.0.1:%2$d
                  unique-id-format id-%%ci:%%cp
                  server ours 127.0.0.1:OURS send-proxy-v2 proxy-v2-options unique-id,crc32c,ssl
                """.replace("OURS", "" + ours);
        try (var server = haproxy(2, sections)) {
            ProxyInfo plain = toldThrough(server, 0);
            assertThat(plain.version()).isEqualTo(2);
            assertThat(plain.checksum()).isFalse();
            assertThat(plain.tlvs()).isEmpty();
            ProxyInfo more = toldThrough(server, 1);
            assertThat(more.checksum()).isTrue();
            var source = (InetSocketAddress) more.source();
            assertThat(new String(more.uniqueId(), StandardCharsets.US_ASCII))
                    .isEqualTo("id-127.0.0.1:" + source.getPort());
            assertThat(more.ssl()).isNotNull();
            assertThat(more.ssl().tls()).isFalse();
            assertThat(more.ssl().certificateVerified()).isFalse();
        }
    }

    @Test
    void a_probe_of_haproxys_own_is_local() throws Exception {
        int ours = serve(TRUSTING);
        String sections = "listen a\n  bind 127.0.0.1:%1$d\n  option tcp-check\n  tcp-check connect send-proxy\n"
                + "  tcp-check send are-you-there\\n\n  tcp-check expect string are-you-there\n"
                + "  server ours 127.0.0.1:" + ours + " send-proxy-v2 check inter 100ms\n";
        try (var server = haproxy(1, sections)) {
            ProxyInfo info = told();
            while (!info.local()) {
                info = told();
            }
            assertThat(info.version()).isEqualTo(2);
            assertThat(info.source()).isNull();
            assertThat(toldThrough(server, 0).local()).isFalse();
        }
    }

    @Test
    void who_is_not_trusted_is_refused_though_it_is_haproxy() throws Exception {
        int ours = serve(ProxyProtocol.server(AddressRanges.of("10.0.0.0/8", "192.0.2.1")));
        try (var server = haproxy(
                        1, "listen a\n  bind 127.0.0.1:%1$d\n  server ours 127.0.0.1:" + ours + " send-proxy-v2\n");
                var caller = new Caller(server.address())) {
            assertThat(caller.send("who?\n").readToEnd()).isEmpty();
            Throwable cause = reporter.await(Report.ConnectionFailed.class).cause();
            assertThat(cause)
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageStartingWith("expected a connection from a trusted proxy, which 127.0.0.1:");
        }
        loop.close();
        reporter.take(Report.ConnectionFailed.class); // the readiness probe's connection
        assertThat(told).isEmpty();
    }

    // ---- our client tells haproxy

    private static final String BELIEVING = """
            frontend a
              bind 127.0.0.1:%1$d accept-proxy
              mode http
              http-request return status 200 content-type text/plain lf-string "%%[src]:%%[src_port] %%[dst]:%%[dst_port] %%[fc_pp_authority] %%[fc_pp_unique_id]\\n"
            """;

    private static final InetSocketAddress CLIENT = at("192.0.2.77", 4_711);
    private static final InetSocketAddress SERVICE = at("198.51.100.2", 443);

    private static InetSocketAddress at(String host, int port) {
        return new InetSocketAddress(java.net.InetAddress.ofLiteral(host), port);
    }

    /** Returns the last line of haproxy's response to a request behind this header. */
    private String believed(SocketAddress haproxy, ProxyInfo header) throws IOException {
        Pipeline<String, String> pipeline = TextLines.pipeline().over(ProxyProtocol.client(header));
        Connection<String, String> connection = loop.connect(haproxy, pipeline).await();
        return loop.task("ask", () -> {
                    connection.write("GET / HTTP/1.0\r");
                    connection.write("\r");
                    String last = "";
                    for (String line = connection.receive().await();
                            line != null;
                            line = connection.receive().await()) {
                        last = line;
                    }
                    connection.close();
                    return last.strip();
                })
                .await();
    }

    @Test
    void haproxy_believes_our_client() throws Exception {
        loop.start();
        try (var server = haproxy(1, BELIEVING)) {
            SocketAddress there = server.address();
            String both = "192.0.2.77:4711 198.51.100.2:443";
            assertThat(believed(there, ProxyInfo.v1(CLIENT, SERVICE))).isEqualTo(both);
            assertThat(believed(there, ProxyInfo.v2(CLIENT, SERVICE))).isEqualTo(both);
            assertThat(believed(there, ProxyInfo.v2(CLIENT, SERVICE).withChecksum()))
                    .isEqualTo(both);
            ProxyInfo more = ProxyInfo.v2(CLIENT, SERVICE)
                    .alpn("http/1.0")
                    .authority("example.com")
                    .uniqueId("an-id".getBytes(StandardCharsets.US_ASCII))
                    .ssl(ProxySsl.of("TLSv1.3")
                            .cipher("TLS_AES_128_GCM_SHA256")
                            .certificate(true, true)
                            .commonName("me"))
                    .withChecksum();
            assertThat(believed(there, more)).isEqualTo(both + " example.com an-id");
            var v6 = at("2001:db8::1", 1);
            assertThat(believed(there, ProxyInfo.v1(v6, at("::1", 2)))).isEqualTo("2001:db8::1:1 ::1:2");
            assertThat(believed(there, ProxyInfo.v2(v6, at("::1", 2)))).isEqualTo("2001:db8::1:1 ::1:2");
            assertThat(believed(there, ProxyInfo.v2Local())).startsWith("127.0.0.1:");
            assertThat(believed(there, ProxyInfo.v1Unknown())).startsWith("127.0.0.1:");
        }
    }
}
