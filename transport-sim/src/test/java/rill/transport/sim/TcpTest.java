package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.ConnectOptions;
import rill.Connection;
import rill.ListenOptions;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.testkit.Leaks;

/** The properties of TCP. */
@ExtendWith(Leaks.class)
class TcpTest {
    private static final int PORT = 7;

    private final Simulation sim = Simulation.seed(42).fix(Freedom.values());
    private final List<Connection<ByteBuf, ByteBuf>> accepted = new ArrayList<>();
    private Host server;
    private Loop serverLoop;
    private Loop loop;
    private Listener listener;

    @BeforeEach
    void open() throws IOException {
        server = sim.host("server");
        serverLoop = server.loop("main");
        loop = sim.host("client").loop("main");
        listener = serverLoop
                .listen(
                        server.address(PORT),
                        Pipeline.bytes(),
                        ListenOptions.defaults().backlog(2),
                        accepted::add)
                .await();
    }

    @AfterEach
    void close() {
        sim.close();
    }

    private Connection<ByteBuf, ByteBuf> connect(ConnectOptions options) throws IOException {
        var connection =
                loop.connect(server.address(PORT), Pipeline.bytes(), options).await();
        sim.run(Duration.ofMillis(10));
        return connection;
    }

    private Connection<ByteBuf, ByteBuf> connect() throws IOException {
        return connect(ConnectOptions.defaults());
    }

    @Test
    void a_reader_that_reads_nothing_stops_the_writer() throws IOException {
        var connection = connect();
        accepted.getFirst().pause();
        var flushed = loop.task("write", () -> {
            for (int i = 0; i < 60; i++) {
                connection.write(Unpooled.directBuffer(16_384).writeZero(16_384));
            }
            return connection.flush().await();
        });
        sim.run(Duration.ofHours(1));
        assertThat(flushed.isDone()).isFalse();
        accepted.getFirst().onMessage(ByteBuf::release);
        accepted.getFirst().resume();
        flushed.await();
    }

    @Test
    void ends_of_streams_pass_each_other() throws IOException {
        var connection = connect();
        loop.submit(() -> connection.write(Echo.text("bye"))).await();
        connection.close();
        var peer = accepted.getFirst();
        String last = serverLoop.run(() -> {
            ByteBuf bytes = peer.receive().await();
            String text = bytes.toString(java.nio.charset.StandardCharsets.US_ASCII);
            bytes.release();
            assertThat(peer.receive().await()).isNull();
            peer.close();
            return text;
        });
        assertThat(last).isEqualTo("bye");
        connection.closed().await();
        peer.closed().await();
    }

    @Test
    void closing_with_unread_input_resets() throws IOException {
        var wires = new RawEnds(sim);
        wires.client.write(Echo.text("never read"));
        wires.client.flush();
        sim.run(Duration.ofMillis(1));
        wires.server.close();
        wires.selectUntil(() -> wires.clientEvents.contains("closed"));
        assertThat(wires.clientFailure).isInstanceOf(SocketException.class).hasMessageContaining("Connection reset");
        wires.close();
    }

    @Test
    void a_backlog_of_two_lets_three_in_and_makes_the_next_one_try_again() throws IOException {
        listener.pause();
        loop.connect(server.address(PORT), Pipeline.bytes()).await();
        loop.connect(server.address(PORT), Pipeline.bytes()).await();
        loop.connect(server.address(PORT), Pipeline.bytes()).await();
        var fourth = loop.connect(server.address(PORT), Pipeline.bytes());
        sim.run(Duration.ofSeconds(2));
        assertThat(fourth.isDone()).isFalse();
        listener.resume();
        fourth.await();
        assertThat(sim.elapsed()).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(4));
    }

    @Test
    void a_silent_peer_that_is_gone_is_found_by_keep_alive() throws IOException {
        var connection = connect(ConnectOptions.defaults()
                .option(StandardSocketOptions.SO_KEEPALIVE, true)
                .option(ExtendedSocketOptions.TCP_KEEPIDLE, 60)
                .option(ExtendedSocketOptions.TCP_KEEPINTERVAL, 10)
                .option(ExtendedSocketOptions.TCP_KEEPCOUNT, 3));
        var next = connection.receive();
        sim.run(Duration.ofHours(1));
        assertThat(next.isDone()).isFalse();
        sim.inject(Faults.cut("client", "server"));
        Duration cut = sim.elapsed();
        assertThatThrownBy(next::await).isInstanceOf(SocketException.class).hasMessageContaining("timed out");
        assertThat(sim.elapsed().minus(cut)).isBetween(Duration.ofSeconds(30), Duration.ofSeconds(95));
    }

    @Test
    void without_keep_alive_an_idle_connection_outlives_a_cut() throws IOException {
        var connection = connect();
        try (var cut = sim.inject(Faults.cut("client", "server"))) {
            sim.run(Duration.ofDays(1));
            assertThat(cut.toString()).isEqualTo("cut client – server");
        }
        accepted.getFirst().write(Echo.text("still there"));
        ByteBuf bytes = connection.receive().await();
        assertThat(bytes.readableBytes()).isEqualTo(11);
        bytes.release();
    }

    @Test
    void where_nobody_listens_it_is_refused_and_where_nobody_is_there_is_no_route() {
        assertThatThrownBy(
                        () -> loop.connect(server.address(8), Pipeline.bytes()).await())
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("server/10.0.0.1:8: Connection refused");
        assertThatThrownBy(() -> loop.connect(new InetSocketAddress("10.9.9.9", 7), Pipeline.bytes())
                        .await())
                .isInstanceOf(NoRouteToHostException.class)
                .hasMessageContaining("/10.9.9.9:7: No route to host");
    }

    @Test
    void a_request_that_nobody_answers_times_out_after_two_minutes() {
        sim.inject(Faults.isolate("server"));
        var patient = ConnectOptions.defaults().timeout(Duration.ofHours(1));
        assertThatThrownBy(() -> loop.connect(server.address(PORT), Pipeline.bytes(), patient)
                        .await())
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("Connection timed out");
        assertThat(sim.elapsed()).isEqualTo(Duration.ofSeconds(127));
    }

    @Test
    void small_writes_wait_for_the_acknowledgement_only_without_no_delay() throws IOException {
        var connection = connect(ConnectOptions.defaults().option(StandardSocketOptions.TCP_NODELAY, false));
        accepted.getFirst().onMessage(ByteBuf::release);
        long before = sim.segments();
        for (int i = 0; i < 5; i++) {
            loop.submit(() -> connection.write(Echo.text("x"))).await();
        }
        sim.run(Duration.ofSeconds(1));
        assertThat(sim.segments() - before).isEqualTo(4); // "x", its acknowledgement, "xxxx", and its acknowledgement
    }
}
