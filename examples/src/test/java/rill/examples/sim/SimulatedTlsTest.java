package rill.examples.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Connection;
import rill.DeadlineException;
import rill.Loop;
import rill.Pipeline;
import rill.codec.Text;
import rill.codec.tls.Identity;
import rill.codec.tls.Tls;
import rill.codec.tls.TlsClient;
import rill.codec.tls.TlsInfo;
import rill.codec.tls.TlsServer;
import rill.testkit.Authority;
import rill.transport.sim.Host;
import rill.transport.sim.Simulated;
import rill.transport.sim.Simulation;

/** TLS on the simulated network: handshakes in virtual time, with keys from the seed. */
@Tag("slow")
class SimulatedTlsTest {
    private static final int PORT = 443;
    private static final Duration BOOTED = Duration.ofMillis(20); // when servers listen, whatever the seed delays
    private static final SocketAddress SERVER = InetSocketAddress.createUnresolved("server", PORT);
    private static final Authority AUTHORITY = Authority.create();
    private static final Pipeline<String, String> LINES = Text.lines();

    private static TlsServer server() {
        Authority.Issued issued = AUTHORITY.issue(Authority.Wish.usual().kind("Ed25519"), "server");
        return Tls.server(Identity.of(issued.key(), issued.chain()));
    }

    private static TlsClient client() {
        return Tls.client().trust(List.of(AUTHORITY.certificate()));
    }

    private static void echo(Host host, TlsServer tls) {
        host.loop("main")
                .<String, String>listen(
                        host.address(PORT),
                        LINES.over(tls),
                        connection -> connection.onMessage(connection::write, connection::close));
    }

    private static void talk(Simulation simulation, TlsServer tls) throws IOException {
        simulation.host("server", host -> echo(host, tls));
        simulation.run(BOOTED);
        Loop loop = simulation.host("client").loop("main");
        loop.run(() -> {
            Connection<String, String> connection =
                    loop.connect(SERVER, LINES.over(client())).await();
            assertThat(connection.info(TlsInfo.class).orElseThrow().serverName())
                    .isEqualTo("server");
            for (String line : List.of("hello", "x".repeat(5_000), "")) {
                connection.write(line);
                assertThat(connection.receive().await()).isEqualTo(line);
            }
            connection.shutdownOutput();
            assertThat(connection.receive().await()).isNull();
            connection.finish().await();
            return null;
        });
    }

    @Simulated(seeds = 20)
    void lines_over_tls_come_back_however_the_network_cuts_them(Simulation simulation) throws IOException {
        talk(simulation, server());
    }

    @Test
    void the_same_seed_gives_the_same_run_down_to_the_bytes_of_the_handshake() throws IOException {
        TlsServer tls = server();
        var hashes = new TreeSet<String>();
        for (int i = 0; i < 3; i++) {
            try (Simulation simulation = Simulation.seed(4711)) {
                talk(simulation, tls);
                hashes.add(simulation.traceHash());
            }
        }
        assertThat(hashes).hasSize(1);
    }

    @Simulated(seeds = 5)
    void a_server_that_never_answers_the_handshake_is_given_up_in_virtual_time(Simulation simulation)
            throws IOException {
        simulation.host(
                "server",
                host -> host.loop("main").<String, String>listen(host.address(PORT), LINES, Connection::pause));
        simulation.run(BOOTED);
        Loop loop = simulation.host("client").loop("main");
        loop.run(() -> {
            assertThatThrownBy(() -> loop.connect(SERVER, LINES.over(client().handshakeTimeout(Duration.ofSeconds(3))))
                            .await())
                    .isInstanceOf(DeadlineException.class)
                    .hasMessageContaining("no handshake within 3000 ms");
            return null;
        });
        assertThat(simulation.elapsed()).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(8));
    }
}
