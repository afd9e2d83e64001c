package rill.examples.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import rill.ConnectOptions;
import rill.Connection;
import rill.DeadlineException;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Proxy;
import rill.Report;
import rill.codec.proxy.AddressRanges;
import rill.codec.proxy.HttpConnect;
import rill.codec.proxy.ProxyInfo;
import rill.codec.proxy.ProxyProtocol;
import rill.codec.proxy.Socks5;
import rill.codec.tls.Tls;
import rill.testing.TextLines;
import rill.transport.sim.Host;
import rill.transport.sim.Simulated;
import rill.transport.sim.Simulation;

/** Routes through proxies on the simulated network, where bytes arrive in pieces of any size, and only the proxy knows the target's name. */
@Tag("slow")
class SimulatedProxiesTest {
    private static final int PORT = 7;
    private static final Duration BOOTED = Duration.ofMillis(20); // when servers listen, whatever the seed delays
    private static final int PROXY_PORT = 1080;
    private static final SocketAddress TARGET = InetSocketAddress.createUnresolved("server", PORT);

    private static ByteBuf latin1(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    private static void echo(Host host) {
        host.loop("main")
                .listen(host.address(PORT), TextLines.pipeline(), each -> each.onMessage(each::write, each::close));
    }

    // ---- a proxy, as small as can be

    /** One step of the proxy's side of the conversation: what it waits for, and what it then says. */
    private record Step(String awaited, String said) {}

    private static void proxy(Host host, List<Step> steps) {
        Loop loop = host.loop("main");
        loop.listenWithTask(host.address(PROXY_PORT), Pipeline.bytes(), client -> {
            for (int i = 0; i < steps.size() - 1; i++) {
                expect(client, steps.get(i).awaited);
                client.write(latin1(steps.get(i).said));
            }
            expect(client, steps.getLast().awaited);
            Connection<ByteBuf, ByteBuf> server =
                    loop.connect(TARGET, Pipeline.bytes()).await();
            client.write(latin1(steps.getLast().said));
            server.onMessage(client::write, client::shutdownOutput);
            for (ByteBuf bytes = client.receive().await();
                    bytes != null;
                    bytes = client.receive().await()) {
                server.write(bytes);
            }
            server.finish().await();
        });
    }

    private static void expect(Connection<ByteBuf, ByteBuf> client, String awaited) throws IOException {
        var heard = new StringBuilder();
        while (heard.length() < awaited.length()) {
            ByteBuf bytes = client.receive().await();
            if (bytes == null) {
                throw new IOException("the client has ended after: " + heard);
            }
            heard.append(bytes.toString(StandardCharsets.ISO_8859_1));
            bytes.release();
        }
        assertThat(heard).hasToString(awaited);
    }

    private static void saysThrough(Simulation simulation, Proxy proxy, List<Step> steps) throws IOException {
        simulation.host("server", SimulatedProxiesTest::echo);
        simulation.host("proxy", host -> proxy(host, steps));
        simulation.run(BOOTED);
        Loop loop = simulation.host("client").loop("main");
        loop.run(() -> {
            ConnectOptions options = ConnectOptions.defaults().proxy(proxy);
            Connection<String, String> connection =
                    loop.connect(TARGET, TextLines.pipeline(), options).await();
            for (String line : List.of("hello", "", "x".repeat(5_000))) {
                connection.write(line);
                assertThat(connection.receive().await()).isEqualTo(line);
            }
            connection.shutdownOutput();
            assertThat(connection.receive().await()).isNull();
            connection.finish().await();
            return null;
        });
    }

    private static SocketAddress proxyAddress() {
        return InetSocketAddress.createUnresolved("proxy", PROXY_PORT);
    }

    @Simulated(seeds = 20)
    void a_connection_through_a_socks5_proxy(Simulation simulation) throws IOException {
        saysThrough(
                simulation,
                Socks5.at(proxyAddress()).user("me", "secret"),
                List.of(
                        new Step("\5\2\0\2", "\5\2"),
                        new Step("\1\2me\6secret", "\1\0"),
                        new Step("\5\1\0\3\6server\0\7", "\5\0\0\3\2ab\0\1")));
    }

    @Simulated(seeds = 20)
    void a_connection_through_an_http_proxy(Simulation simulation) throws IOException {
        String request =
                "CONNECT server:7 HTTP/1.1\r\nHost: server:7\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n";
        saysThrough(
                simulation,
                HttpConnect.at(proxyAddress()).user("me", "secret"),
                List.of(new Step(request, "HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 OK\r\nVia: me\r\n\r\n")));
    }

    @Simulated(seeds = 5)
    void a_proxy_that_takes_its_time_takes_none_of_the_handshake_behind_it(Simulation simulation) throws IOException {
        simulation.host("silent", host -> host.loop("main").listen(host.address(PORT), Pipeline.bytes(), each -> {}));
        simulation.host(
                "proxy",
                host -> host.loop("main").listenWithTask(host.address(PROXY_PORT), Pipeline.bytes(), client -> {
                    expect(client, "\5\1\0");
                    client.write(latin1("\5\0"));
                    host.loop("main").delay(Duration.ofSeconds(8)).await();
                    expect(client, "\5\1\0\3\6silent\0\7");
                    client.write(latin1("\5\0\0\3\2ab\0\1"));
                    while (client.receive().await() instanceof ByteBuf hello) {
                        hello.release();
                    }
                }));
        simulation.run(BOOTED);
        Loop loop = simulation.host("client").loop("main");
        ConnectOptions patient =
                ConnectOptions.defaults().timeout(Duration.ofMinutes(1)).proxy(Socks5.at(proxyAddress()));
        Future<?> connecting = loop.connect(
                InetSocketAddress.createUnresolved("silent", PORT),
                Pipeline.bytes().over(Tls.client().handshakeTimeout(Duration.ofSeconds(5))),
                patient);
        simulation.runUntil(connecting::isDone, Duration.ofMinutes(2));
        assertThat(simulation.elapsed())
                .as("8 s of the proxy, and 5 s of TLS")
                .isBetween(Duration.ofSeconds(13), Duration.ofSeconds(15));
        assertThat(connecting.failure())
                .isInstanceOf(DeadlineException.class)
                .hasMessageContaining("no handshake within 5000 ms; the peer has sent nothing");
    }

    // ---- the PROXY protocol

    @Simulated(seeds = 20)
    void a_server_is_told_who_the_client_is(Simulation simulation) throws IOException {
        var told = new ArrayList<ProxyInfo>();
        simulation.host(
                "server",
                host -> host.loop("main")
                        .listen(
                                host.address(PORT),
                                TextLines.pipeline().over(ProxyProtocol.server(AddressRanges.of("10.0.0.0/8"))),
                                each -> each.onMessage(
                                        line -> {
                                            told.add(each.info(ProxyInfo.class).orElseThrow());
                                            each.write(line);
                                        },
                                        each::close)));
        simulation.run(BOOTED);
        Loop loop = simulation.host("proxy").loop("main");
        var client = new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 1);
        List<ProxyInfo> headers = List.of(
                ProxyInfo.v1(client, client),
                ProxyInfo.v2(client, client).authority("example.com").withChecksum(),
                ProxyInfo.v2Local());
        loop.run(() -> {
            for (ProxyInfo header : headers) {
                Pipeline<String, String> pipeline = TextLines.pipeline().over(ProxyProtocol.client(header));
                Connection<String, String> connection =
                        loop.connect(TARGET, pipeline).await();
                connection.write("PROXY is a word");
                assertThat(connection.receive().await()).isEqualTo("PROXY is a word");
                connection.finish().await();
            }
            return null;
        });
        assertThat(told).isEqualTo(headers);
    }

    /** Only the connection without a header times out. */
    @Simulated(seeds = 5)
    void a_header_that_does_not_come_fails_the_connection_in_time(Simulation simulation) throws IOException {
        var failures = new ArrayList<Throwable>();
        simulation.host(
                "server",
                host -> host.loop(LoopOptions.defaults().reporter(report -> {
                            if (report instanceof Report.ConnectionFailed failed) {
                                failures.add(failed.cause());
                            }
                        }))
                        .listen(
                                host.address(PORT),
                                TextLines.pipeline()
                                        .over(ProxyProtocol.server(AddressRanges.of("10.0.0.0/8"))
                                                .patience(Duration.ofMinutes(1))),
                                each -> each.onMessage(each::write)));
        simulation.run(BOOTED);
        Loop loop = simulation.host("proxy").loop("main");
        loop.run(() -> {
            Connection<ByteBuf, ByteBuf> connection =
                    loop.connect(TARGET, Pipeline.bytes()).await();
            connection.write(latin1("PROXY TCP4 192.0.2.1"));
            assertThat(connection.receive().await()).isNull();
            connection.finish().await();
            return null;
        });
        assertThat(failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .isInstanceOf(DeadlineException.class)
                        .hasMessageStartingWith("no PROXY header has come from ")
                        .hasMessageEndingWith(" within 60 s"));
        assertThat(simulation.elapsed()).isBetween(Duration.ofSeconds(60), Duration.ofSeconds(70));
    }
}
