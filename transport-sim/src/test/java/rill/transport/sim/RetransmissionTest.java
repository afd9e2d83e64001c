package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
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
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.testkit.Leaks;

/** When lost data is sent again, to the millisecond. */
@ExtendWith(Leaks.class)
class RetransmissionTest {
    private static final Duration WAY = Duration.ofMillis(50);

    private final Simulation sim = Simulation.seed(42).fix(Freedom.values()).latency(Latency.fixed(WAY));
    private final List<Connection<ByteBuf, ByteBuf>> accepted = new ArrayList<>();
    private Host server;
    private Loop loop;
    private Connection<ByteBuf, ByteBuf> connection;
    private boolean answers;
    private Duration began; // of the observed period

    @BeforeEach
    void open() throws IOException {
        server = sim.host("server");
        server.loop("main")
                .listen(server.address(Echo.PORT), Pipeline.bytes(), accepted::add)
                .await();
        loop = sim.host("client").loop("main");
        connect();
    }

    @AfterEach
    void close() {
        sim.close();
    }

    private void connect() throws IOException {
        connection = loop.connect(
                        server.address(Echo.PORT),
                        Pipeline.bytes(),
                        ConnectOptions.defaults().option(StandardSocketOptions.TCP_NODELAY, true))
                .await();
        sim.run(Duration.ofMillis(200));
        var peer = accepted.getLast();
        peer.onMessage(bytes -> {
            bytes.release();
            if (answers) {
                peer.write(Echo.text("answer"));
            }
        });
    }

    private void write(int bytes) throws IOException {
        loop.submit(() -> connection.write(Unpooled.directBuffer(bytes).writeZero(bytes)))
                .await();
    }

    /** Measures the round trip this many times. */
    private void measure(int times) throws IOException {
        for (int i = 0; i < times; i++) {
            write(1);
            sim.run(Duration.ofMillis(150));
        }
    }

    private void readNothing() {
        accepted.getLast().pause();
        sim.run(Duration.ofMillis(1));
    }

    private void look() {
        sim.record();
        began = sim.elapsed();
    }

    /** The times in milliseconds at which a segment of this length left the client. */
    private List<Long> sent(int length) {
        return sim.trace().entries().stream()
                .filter(each -> each.kind() == Trace.Kind.SENT && each.host() == 1 && each.length() == length)
                .map(each -> Duration.ofNanos(each.time()).minus(began).toMillis())
                .toList();
    }

    // ---- timeouts

    /** Reconnects with this latency in each direction. */
    private void connectOver(int millis) throws IOException {
        sim.latency(Latency.fixed(Duration.ofMillis(millis)));
        connect();
    }

    /** Writes data, all of which is lost; returns the times in milliseconds at which it is sent within this period, counted from the first time. */
    private List<Long> resent(int bytes, Duration within) throws IOException {
        look();
        try (var _ = sim.inject(Faults.cut("client", "server"))) {
            write(bytes);
            sim.run(within);
        }
        return sent(bytes);
    }

    @Test
    void the_first_timeout_is_the_handshakes_round_trip_and_four_times_half_of_it_and_each_is_twice_the_one_before()
            throws IOException {
        connectOver(150);
        assertThat(resent(10, Duration.ofSeconds(7))).containsExactly(0L, 900L, 2_700L, 6_300L);
    }

    @Test
    void a_round_trip_that_is_always_the_same_brings_the_timeout_down_to_it_and_200_ms() throws IOException {
        connectOver(150);
        for (int i = 0; i < 20; i++) {
            write(1);
            sim.run(Duration.ofMillis(500));
        }
        assertThat(resent(10, Duration.ofMillis(800))).containsExactly(0L, 500L);
        connectOver(1);
        assertThat(resent(11, Duration.ofMillis(500))).containsExactly(0L, 202L);
    }

    @Test
    void after_a_handshake_of_which_something_was_sent_twice_the_first_timeout_is_three_seconds() throws IOException {
        try (var _ = sim.inject(Faults.cut("client", "server"))) {
            loop.connect(server.address(Echo.PORT), Pipeline.bytes()).onDone((opened, failure) -> connection = opened);
            sim.run(Duration.ofMillis(100)); // the request is lost
        }
        Connection<ByteBuf, ByteBuf> before = connection;
        sim.runUntil(() -> connection != before, Duration.ofSeconds(2));
        sim.run(Duration.ofMillis(200));
        assertThat(resent(10, Duration.ofSeconds(4))).containsExactly(0L, 3_000L);
    }

    @Test
    void a_timeout_that_was_doubled_stays_until_something_is_measured() throws IOException {
        measure(20);
        assertThat(resent(9, Duration.ofSeconds(3))).containsExactly(0L, 300L, 900L, 2_100L);
        sim.run(Duration.ofSeconds(5)); // it arrives, but measures no round trip
        assertThat(resent(10, Duration.ofSeconds(5))).containsExactly(0L, 4_800L);
        sim.run(Duration.ofSeconds(10));
        measure(1);
        assertThat(resent(11, Duration.ofMillis(400))).containsExactly(0L, 300L);
    }

    @Test
    void a_round_trip_that_becomes_longer_is_learnt() throws IOException {
        measure(20);
        sim.latency(Latency.fixed(Duration.ofMillis(400)));
        for (int i = 0; i < 5; i++) {
            write(1);
            sim.run(Duration.ofSeconds(5));
        }
        look();
        write(10);
        sim.run(Duration.ofSeconds(5));
        assertThat(sent(10)).containsExactly(0L);
    }

    @Test
    void what_follows_a_peer_without_room_is_sent_again_as_if_it_had_always_had_some() throws IOException {
        measure(20);
        readNothing();
        loop.task("write", () -> {
            for (int n = 0; n < 50; n++) {
                connection
                        .write(Unpooled.directBuffer(20_000).writeZero(20_000))
                        .await();
            }
            return null;
        });
        sim.run(Duration.ofMinutes(10)); // it is probed, every two minutes in the end
        try (var _ = sim.inject(Faults.cutOneWay("client", "server"))) {
            accepted.getLast().resume();
            sim.run(Duration.ofMillis(110)); // the first segment sent is lost
        }
        look();
        sim.run(Duration.ofSeconds(1));
        assertThat(sent(Outgoing.MSS)).isNotEmpty();
    }

    @Test
    void after_fifteen_retransmissions_it_gives_up() throws IOException {
        measure(20);
        look();
        sim.inject(Faults.cut("client", "server"));
        Future<ByteBuf> end = connection.receive();
        write(10);
        sim.run(Duration.ofMinutes(10));
        assertThat(end.isDone()).isFalse();
        sim.run(Duration.ofMinutes(20));
        assertThat(sent(10)).hasSize(16);
        assertThat(end.failure()).isInstanceOf(SocketException.class).hasMessageContaining("Connection timed out");
    }

    @Test
    void what_nobody_uses_any_more_gives_up_after_eight() throws IOException {
        Tcp tcp = sim.hosts().get(1).tcps.iterator().next();
        look();
        sim.inject(Faults.cut("client", "server"));
        write(10);
        connection.close();
        sim.run(Duration.ofMinutes(2));
        assertThat(tcp.gone()).isFalse();
        sim.run(Duration.ofMinutes(1));
        assertThat(tcp.gone()).isTrue();
        assertThat(sent(10)).hasSize(9);
    }

    @Test
    void an_answer_to_a_request_is_given_up_after_a_minute() {
        int before = server.tcps.size();
        loop.connect(server.address(Echo.PORT), Pipeline.bytes());
        sim.run(Duration.ofMillis(60)); // the request has arrived
        sim.inject(Faults.cut("client", "server"));
        sim.run(Duration.ofSeconds(62));
        assertThat(server.tcps).hasSize(before + 1);
        sim.run(Duration.ofSeconds(2));
        assertThat(server.tcps).hasSize(before);
    }

    @Test
    void progress_begins_the_counting_of_tries_anew() throws IOException {
        measure(20);
        Future<ByteBuf> end = connection.receive();
        for (int i = 0; i < 4; i++) {
            try (var _ = sim.inject(Faults.cut("client", "server"))) {
                write(10);
                sim.run(Duration.ofSeconds(100)); // eight tries
            }
            sim.run(Duration.ofMinutes(3));
            measure(1);
        }
        assertThat(end.isDone()).isFalse();
    }

    // ---- duplicates

    private void loseFirst(int lost, int following) throws IOException {
        readNothing(); // otherwise it would announce more room, and not send a duplicate
        measure(20);
        look();
        try (var _ = sim.inject(Faults.cutOneWay("client", "server"))) {
            for (int i = 0; i < lost; i++) {
                write(100 + i);
            }
        }
        for (int i = 0; i < following; i++) {
            write(200 + i);
        }
        sim.run(Duration.ofSeconds(1));
    }

    @Test
    void three_duplicates_tell_of_a_loss() throws IOException {
        loseFirst(1, 3);
        assertThat(sent(100)).containsExactly(0L, 100L);
    }

    @Test
    void two_duplicates_do_not() throws IOException {
        loseFirst(1, 2);
        assertThat(sent(100)).containsExactly(0L, 300L);
    }

    @Test
    void in_recovery_an_acknowledgement_of_a_part_sends_the_next_one_at_once() throws IOException {
        loseFirst(3, 3);
        assertThat(sent(100)).containsExactly(0L, 100L);
        assertThat(sent(101)).containsExactly(0L, 200L);
        assertThat(sent(102)).containsExactly(0L, 300L);
        assertThat(sent(200)).hasSize(1); // the receiver kept them
    }

    @Test
    void each_duplicate_lets_another_segment_leave_although_the_window_is_full() throws IOException {
        readNothing();
        measure(20);
        sim.run(Duration.ofSeconds(1));
        int full = 30; // slow start has made room for this many
        look();
        try (var _ = sim.inject(Faults.cutOneWay("client", "server"))) {
            write(Outgoing.MSS);
        }
        write((full + 20) * Outgoing.MSS);
        sim.run(Duration.ofMillis(101));
        long atFirst = sent(Outgoing.MSS).stream().filter(each -> each == 0).count();
        assertThat(atFirst).isLessThanOrEqualTo(full);
        assertThat(sent(Outgoing.MSS).stream().filter(each -> each == 100)).hasSizeGreaterThan(2);
    }

    @Test
    void a_timeout_lets_one_segment_leave_and_then_twice_as_many_each_round_trip() throws IOException {
        readNothing();
        measure(20);
        look();
        try (var _ = sim.inject(Faults.cutOneWay("client", "server"))) {
            write(10 * Outgoing.MSS);
            sim.run(Duration.ofMillis(100));
        }
        sim.run(Duration.ofMillis(440));
        assertThat(sent(Outgoing.MSS).subList(10, sent(Outgoing.MSS).size()))
                .containsExactly(300L, 440L, 440L, 540L, 540L, 540L, 540L); // a single one is acknowledged 40 ms later
    }

    @Test
    void segments_in_any_order_and_overlapping_ones_give_the_stream() {
        var in = new Incoming(1_000);
        for (int[] piece : new int[][] {{30, 10}, {10, 10}, {20, 10}, {35, 15}, {0, 5}, {30, 10}, {3, 12}, {45, 10}}) {
            in.take(segment(piece[0], piece[1]));
        }
        assertThat(in.next()).isEqualTo(55);
        ByteBuf stream = Unpooled.buffer(55, 55);
        in.read(stream, 55);
        for (int i = 0; i < 55; i++) {
            assertThat(stream.getByte(i)).as("byte %d", i).isEqualTo((byte) i);
        }
        assertThat(in.buffered()).isZero();
    }

    private Segment segment(int sequence, int length) {
        var segment = new Segment(sim.network(), server, server, null, null, Segment.Purpose.DATA, 1);
        segment.sequence = sequence;
        segment.length = length;
        segment.bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            segment.bytes[i] = (byte) (sequence + i);
        }
        return segment;
    }

    // ---- the end of a stream

    @Test
    void an_end_that_is_lost_is_sent_again_although_all_bytes_were_acknowledged_and_the_peer_has_ended()
            throws IOException {
        measure(1);
        var peer = accepted.getFirst();
        var ended = peer.closed();
        peer.finish(); // ends its stream, and waits for ours
        assertThat(connection.receive().await()).isNull();
        try (var _ = sim.inject(Faults.cutOneWay("client", "server"))) {
            connection.close();
            sim.run(Duration.ofMillis(100));
            assertThat(ended.isDone()).isFalse();
        }
        sim.run(Duration.ofSeconds(2));
        assertThat(ended.isDone()).isTrue();
    }

    @Test
    void an_end_that_nobody_uses_waits_a_minute_for_the_peer_and_resets_who_writes_to_it() throws IOException {
        Host client = sim.hosts().get(1);
        readNothing(); // so that the peer does not notice
        client.tcps.iterator().next().close(false);
        sim.run(Duration.ofSeconds(59));
        assertThat(client.tcps).hasSize(1);
        sim.run(Duration.ofSeconds(2));
        assertThat(client.tcps).isEmpty();
        connect();
        readNothing();
        look();
        client.tcps.iterator().next().close(false);
        sim.run(Duration.ofSeconds(20));
        assertThat(server.tcps).hasSize(2);
        var peer = accepted.getLast();
        peer.loop().submit(() -> peer.write(Echo.text("to nobody"))).await();
        sim.run(Duration.ofSeconds(1));
        assertThat(purposes(1)).containsExactly("FIN", "RST");
        assertThat(server.tcps).hasSize(1);
    }

    private List<String> purposes(int host) {
        return sim.trace().entries().stream()
                .filter(each -> each.kind() == Trace.Kind.SENT && each.host() == host)
                .map(Trace.Entry::what)
                .toList();
    }

    @Test
    void who_ended_first_acknowledges_an_end_that_comes_again_and_only_that_one_remembers() {
        Tcp first = sim.hosts().get(1).tcps.iterator().next();
        Tcp second = server.tcps.iterator().next();
        sim.record();
        first.close(false);
        sim.run(Duration.ofMillis(60)); // the peer ends its stream, too
        try (var _ = sim.inject(Faults.cutOneWay("client", "server"))) {
            sim.run(Duration.ofMillis(60)); // the acknowledgement of which is lost
        }
        assertThat(first.gone()).isTrue();
        sim.run(Duration.ofSeconds(3));
        assertThat(purposes(1)).containsExactly("FIN", "ACK", "ACK");
        assertThat(purposes(0)).containsOnlyOnce("ACK").endsWith("FIN", "FIN");
        assertThat(second.gone()).isTrue();
        assertThat(sim.hosts().get(1).ports.find(first.local, first.remote)).isSameAs(first);
        assertThat(server.ports.find(second.local, second.remote)).isNull();
    }

    @Test
    void a_socket_that_lingers_not_at_all_resets() {
        Tcp tcp = sim.hosts().get(1).tcps.iterator().next();
        tcp.option(StandardSocketOptions.SO_LINGER, 0);
        assertThat(tcp.option(StandardSocketOptions.SO_LINGER)).isZero();
        sim.record();
        tcp.close(false);
        assertThat(purposes(1)).containsExactly("RST");
    }

    @Test
    void a_request_that_comes_again_is_answered_again() {
        sim.record();
        try (var _ = sim.inject(Faults.cutOneWay("server", "client"))) {
            loop.connect(server.address(Echo.PORT), Pipeline.bytes());
            sim.run(Duration.ofMillis(1_060));
        }
        assertThat(purposes(1)).containsExactly("SYN", "SYN");
        assertThat(purposes(0)).containsExactly("SYN_ACK", "SYN_ACK", "SYN_ACK"); // one of them by its own timer
    }

    // ---- keep-alive, acknowledgements

    @Test
    void who_does_not_answer_is_acknowledged_at_once_and_who_does_after_40_ms_at_most() throws IOException {
        look();
        write(1);
        sim.run(Duration.ofMillis(60));
        assertThat(acknowledgements()).containsExactly(50L);
        answers = true;
        write(1);
        sim.run(Duration.ofMillis(200)); // from now on the peer is one that answers
        answers = false;
        look();
        write(1);
        sim.run(Duration.ofMillis(200));
        assertThat(acknowledgements()).containsExactly(90L);
    }

    /** Ten seconds idle, then three probes at intervals of five seconds. */
    private Tcp keptAlive() {
        Tcp tcp = sim.hosts().get(1).tcps.iterator().next();
        tcp.option(ExtendedSocketOptions.TCP_KEEPIDLE, 10);
        tcp.option(ExtendedSocketOptions.TCP_KEEPINTERVAL, 5);
        tcp.option(ExtendedSocketOptions.TCP_KEEPCOUNT, 3);
        tcp.option(StandardSocketOptions.SO_KEEPALIVE, true);
        return tcp;
    }

    @Test
    void while_anything_is_unacknowledged_nothing_is_asked_and_nobody_given_up() throws IOException {
        Tcp tcp = keptAlive();
        look();
        sim.inject(Faults.cut("client", "server"));
        write(10);
        sim.run(Duration.ofMinutes(10));
        assertThat(tcp.gone()).isFalse();
        assertThat(purposes(1)).doesNotContain("PROBE");
    }

    @Test
    void a_number_of_questions_that_is_lowered_below_what_was_asked_in_vain_gives_up_at_the_next_one() {
        Tcp tcp = keptAlive();
        sim.inject(Faults.cut("client", "server"));
        sim.run(Duration.ofSeconds(22)); // probed three times
        tcp.option(ExtendedSocketOptions.TCP_KEEPCOUNT, 1);
        sim.run(Duration.ofSeconds(4));
        assertThat(tcp.gone()).isTrue();
    }

    @Test
    void the_idle_time_counts_from_what_was_last_heard_also_if_it_is_set_later() {
        Tcp tcp = keptAlive();
        sim.record();
        sim.run(Duration.ofSeconds(8)); // of the ten idle seconds
        tcp.option(ExtendedSocketOptions.TCP_KEEPIDLE, 9);
        sim.run(Duration.ofSeconds(2));
        assertThat(purposes(1)).containsExactly("PROBE");
    }

    @Test
    void a_silent_peer_is_asked_as_often_as_was_said_and_then_given_up() {
        Tcp tcp = keptAlive();
        sim.record();
        sim.inject(Faults.cut("client", "server"));
        sim.run(Duration.ofSeconds(24));
        assertThat(tcp.gone()).isFalse();
        sim.run(Duration.ofSeconds(2));
        assertThat(tcp.gone()).isTrue();
        assertThat(purposes(1)).containsExactly("PROBE", "PROBE", "PROBE");
    }

    @Test
    void every_second_segment_is_acknowledged() throws IOException {
        readNothing();
        look();
        write(10 * Outgoing.MSS);
        sim.run(Duration.ofMillis(60));
        assertThat(acknowledgements()).hasSize(5);
    }

    private List<Long> acknowledgements() {
        return sim.trace().entries().stream()
                .filter(each -> each.kind() == Trace.Kind.SENT
                        && each.host() == 0
                        && each.what().equals("ACK"))
                .map(each -> Duration.ofNanos(each.time()).minus(began).toMillis())
                .toList();
    }
}
