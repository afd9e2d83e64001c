package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.ConnectOptions;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.testkit.Leaks;

/** The observed behaviour of Linux, row by row of the table in docs/simulation.md. */
@ExtendWith(Leaks.class)
class FidelityTest {
    private static final Duration WAY = Duration.ofMillis(50);

    private final Simulation sim = Simulation.seed(42).fix(Freedom.values()).latency(Latency.fixed(WAY));
    private final List<Connection<ByteBuf, ByteBuf>> accepted = new ArrayList<>();
    private Host server;
    private Host client;
    private Loop loop;

    @BeforeEach
    void open() {
        server = sim.host(
                "server", host -> host.loop("main").listen(host.address(Echo.PORT), Pipeline.bytes(), accepted::add));
        client = sim.host("client");
        loop = client.loop("main");
    }

    @AfterEach
    void close() {
        sim.close();
    }

    private Connection<ByteBuf, ByteBuf> connect(ConnectOptions options) throws IOException {
        var connection = loop.connect(server.address(Echo.PORT), Pipeline.bytes(), options)
                .await();
        sim.run(Duration.ofMillis(200));
        return connection;
    }

    private Connection<ByteBuf, ByteBuf> connect() throws IOException {
        return connect(ConnectOptions.defaults());
    }

    private static String textOf(ByteBuf bytes) {
        String text = bytes.toString(StandardCharsets.US_ASCII);
        bytes.release();
        return text;
    }

    private Duration since(Duration moment) {
        return sim.elapsed().minus(moment);
    }

    // ---- the end of a connection

    @Test
    void an_old_duplicate_at_an_end_that_has_closed_is_acknowledged_and_destroys_no_answer() throws IOException {
        var connection = connect();
        var peer = accepted.getFirst();
        try (var _ = sim.inject(Faults.cutOneWay("server", "client"))) {
            peer.onMessage(bytes -> {
                bytes.release();
                peer.write(Echo.text("answer"));
                peer.close();
            });
            loop.submit(() -> connection.write(Echo.text("request"))).await();
            connection.shutdownOutput(); // its acknowledgement is lost as well, so everything is retransmitted
            sim.run(Duration.ofSeconds(1));
        }
        assertThat(textOf(connection.receive().await())).isEqualTo("answer");
        assertThat(connection.receive().await()).isNull();
    }

    @Test
    void who_ends_first_remembers_the_connection_for_a_minute_and_no_other_has_its_ports() throws IOException {
        var connection = connect();
        var local = (InetSocketAddress) connection.localAddress();
        var same = ConnectOptions.defaults().local(local);
        connection.close();
        accepted.getFirst().receive().await();
        accepted.getFirst().close();
        sim.run(Duration.ofSeconds(30));
        assertThatThrownBy(() -> connect(same))
                .isInstanceOf(BindException.class)
                .hasMessageContaining("Address already in use");
        sim.run(Duration.ofSeconds(31));
        connect(same).close();
    }

    @Test
    void two_connections_never_have_the_same_four_addresses_and_ports() throws IOException {
        var connection = connect();
        var same = ConnectOptions.defaults().local((InetSocketAddress) connection.localAddress());
        assertThatThrownBy(() -> connect(same))
                .isInstanceOf(BindException.class)
                .hasMessageContaining("Address already in use");
    }

    @Test
    void ports_run_out() throws IOException {
        var remote = server.address(Echo.PORT);
        for (int n = 32_768; n <= 60_999; n++) {
            InetSocketAddress local = client.ports.toConnectFrom(client.address(0), remote);
            new Tcp(sim.network(), client, server, local, remote, 0);
        }
        assertThatThrownBy(() -> connect())
                .isInstanceOf(BindException.class)
                .hasMessageContaining("Cannot assign requested address");
        assertThat(client.ports.toConnectFrom(client.address(0), server.address(8)))
                .isNotNull();
        List.copyOf(client.tcps).forEach(each -> each.leave(false));
    }

    @Test
    void a_repeated_request_reaches_the_listener_of_a_host_that_came_back() throws IOException {
        Future<Connection<ByteBuf, ByteBuf>> connecting;
        try (var _ = sim.inject(Faults.cutOneWay("server", "client"))) {
            connecting = loop.connect(server.address(Echo.PORT), Pipeline.bytes());
            sim.run(Duration.ofMillis(100)); // the answer to the first SYN is lost
            sim.inject(Faults.crash("server")).close();
        }
        connecting.await();
        assertThat(sim.elapsed()).isEqualTo(Duration.ofMillis(1_100));
        sim.run(Duration.ofMillis(100));
        assertThat(accepted).hasSize(1);
    }

    @Test
    void a_reset_travels() throws IOException {
        var connection = connect();
        Future<ByteBuf> next = connection.receive();
        sim.inject(Faults.reset("client", "server"));
        Duration before = sim.elapsed();
        assertThatThrownBy(next::await).isInstanceOf(SocketException.class).hasMessageContaining("Connection reset");
        assertThat(since(before)).isEqualTo(WAY);
    }

    @Test
    void an_address_that_nobody_has_is_unreachable_after_three_seconds() {
        assertThatThrownBy(() -> loop.connect(new InetSocketAddress("10.9.9.9", 7), Pipeline.bytes())
                        .await())
                .isInstanceOf(NoRouteToHostException.class);
        assertThat(sim.elapsed()).isEqualTo(Duration.ofSeconds(3));
    }

    // ---- the network path

    @Test
    void a_cut_loses_what_is_under_way_though_it_is_over_before_that_arrives() throws IOException {
        var connection = connect();
        Duration before = sim.elapsed();
        loop.submit(() -> connection.write(Echo.text("lost once"))).await();
        sim.run(Duration.ofMillis(10));
        sim.inject(Faults.cut("client", "server")).close();
        assertThat(textOf(accepted.getFirst().receive().await())).isEqualTo("lost once");
        assertThat(since(before)).isGreaterThan(Duration.ofMillis(200));
    }

    @Test
    void a_queue_that_is_full_drops_and_the_stream_stays_whole() throws IOException {
        var received = new long[1];
        int size = 600_000;
        var connections = List.of(connect(), connect(), connect());
        sim.inject(Faults.bandwidth("client", "server", 200_000));
        for (int i = 0; i < 3; i++) {
            var connection = connections.get(i);
            accepted.get(i).onMessage(bytes -> {
                received[0] += bytes.readableBytes();
                bytes.release();
            });
            loop.task("write", () -> {
                for (int n = 0; n < size; n += 20_000) {
                    connection
                            .write(Unpooled.directBuffer(20_000).writeZero(20_000))
                            .await();
                }
                return connection.flush().await();
            });
        }
        sim.record();
        sim.runUntil(() -> received[0] == 3L * size, Duration.ofMinutes(2));
        assertThat(sim.trace().entries()).anyMatch(each -> each.kind() == Trace.Kind.LOST);
    }

    // ---- flow and congestion

    @Test
    void a_send_buffer_that_becomes_smaller_than_what_is_in_it_harms_nobody() throws IOException {
        var wires = new RawEnds(sim.latency(Latency.fixed(Duration.ofMillis(1))));
        wires.client.write(Unpooled.directBuffer(60_000).writeZero(60_000));
        wires.client.flush();
        wires.client.set(StandardSocketOptions.SO_SNDBUF, 4_096);
        wires.client.write(Echo.text("more"));
        wires.client.flush();
        assertThat(wires.clientFailure).isNull();
        wires.close();
    }

    @Test
    void the_first_round_trip_takes_ten_segments_and_the_next_twice_as_many() throws IOException {
        var connection = connect();
        accepted.getFirst().onMessage(ByteBuf::release);
        sim.record();
        loop.task("write", () -> connection.write(Unpooled.directBuffer(60_000).writeZero(60_000)));
        sim.run(Duration.ofMillis(90));
        assertThat(bytesSent()).isEqualTo(10 * Outgoing.MSS);
        sim.run(Duration.ofMillis(100));
        assertThat(bytesSent()).isEqualTo(30 * Outgoing.MSS);
    }

    private long bytesSent() {
        return sim.trace().entries().stream()
                .filter(each -> each.kind() == Trace.Kind.SENT)
                .mapToLong(Trace.Entry::length)
                .sum();
    }

    @Test
    void throughput_under_loss_is_near_the_rule_of_mathis() throws IOException {
        sim.inject(Faults.loss("client", "server", 0.01));
        var connection = connect();
        var received = new long[1];
        accepted.getFirst().onMessage(bytes -> {
            received[0] += bytes.readableBytes();
            bytes.release();
        });
        loop.task("write", () -> {
            while (true) {
                connection
                        .write(Unpooled.directBuffer(16_384).writeZero(16_384))
                        .await();
            }
        });
        sim.run(Duration.ofMinutes(5));
        double rule = 0.93 * Outgoing.MSS / (0.1 * Math.sqrt(0.01));
        assertThat(received[0] / 300.0).isBetween(rule / 1.5, rule * 1.5);
    }

    @Test
    void a_timer_starts_anew_with_every_acknowledgement_so_nothing_is_sent_twice_for_nothing() throws IOException {
        var connection = connect();
        accepted.getFirst().onMessage(ByteBuf::release);
        sim.record();
        loop.task("write", () -> {
            for (int n = 0; n < 200; n++) {
                connection.write(Unpooled.directBuffer(100).writeZero(100));
                loop.delay(Duration.ofMillis(60)).await(); // so that something is always in flight
            }
            return null;
        });
        sim.run(Duration.ofSeconds(20));
        assertThat(bytesSent()).isEqualTo(200 * 100);
    }

    @Test
    void a_window_that_opens_unheard_is_asked_for() throws IOException {
        var connection = connect();
        var peer = accepted.getFirst();
        peer.pause();
        int size = 1_000_000;
        loop.task("write", () -> {
            for (int n = 0; n < size; n += 20_000) {
                connection
                        .write(Unpooled.directBuffer(20_000).writeZero(20_000))
                        .await();
            }
            return null;
        });
        sim.run(Duration.ofSeconds(10));
        var received = new long[1];
        peer.onMessage(bytes -> {
            received[0] += bytes.readableBytes();
            bytes.release();
        });
        try (var _ = sim.inject(Faults.cutOneWay("server", "client"))) {
            peer.resume();
            sim.run(Duration.ofMillis(60));
        }
        assertThat(received[0]).isBetween(1L, size - 1L);
        sim.runUntil(() -> received[0] == size, Duration.ofMinutes(1));
    }

    @Test
    void a_segment_that_was_sent_again_tells_no_round_trip() throws IOException {
        var connection = connect();
        var peer = accepted.getFirst();
        loop.submit(() -> connection.write(Echo.text("measured"))).await();
        textOf(peer.receive().await());
        sim.run(Duration.ofSeconds(1));
        try (var _ = sim.inject(Faults.cut("client", "server"))) {
            loop.submit(() -> connection.write(Echo.text("late"))).await();
            sim.run(Duration.ofSeconds(5));
        }
        textOf(peer.receive().await()); // arrives after several seconds, which count as no measurement
        loop.submit(() -> connection.write(Echo.text("measured"))).await();
        textOf(peer.receive().await());
        sim.run(Duration.ofSeconds(1));
        Duration before = sim.elapsed();
        try (var _ = sim.inject(Faults.cut("client", "server"))) {
            loop.submit(() -> connection.write(Echo.text("lost once"))).await();
            sim.run(Duration.ofMillis(10));
        }
        textOf(peer.receive().await());
        assertThat(since(before)).isLessThan(Duration.ofSeconds(1));
    }
}
