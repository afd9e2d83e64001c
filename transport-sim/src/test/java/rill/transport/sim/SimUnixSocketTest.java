package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.ConnectOptions;
import rill.Connection;
import rill.Future;
import rill.ListenOptions;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.spi.AbstractSocketAddress;
import rill.testkit.Leaks;

/** Unix domain sockets within a host, as observed on Linux. */
@ExtendWith(Leaks.class)
class SimUnixSocketTest {
    private static final UnixDomainSocketAddress PATH = UnixDomainSocketAddress.of("/run/my.socket");

    private final Simulation sim = Simulation.seed(42).fix(Freedom.values());
    private final Host host = sim.host("host");
    private final Loop loop = host.loop("main");
    private final Loop other = host.loop("other");
    private final List<Connection<ByteBuf, ByteBuf>> accepted = new ArrayList<>();

    @AfterEach
    void close() {
        sim.close();
    }

    private Listener listen(SocketAddress address, ListenOptions options) throws IOException {
        return loop.listen(address, Pipeline.bytes(), options, accepted::add).await();
    }

    private Listener listen(SocketAddress address) throws IOException {
        return listen(address, ListenOptions.defaults());
    }

    private Connection<ByteBuf, ByteBuf> connect(SocketAddress address) throws IOException {
        return other.connect(address, Pipeline.bytes()).await();
    }

    private static String textOf(ByteBuf bytes) {
        String text = bytes.toString(StandardCharsets.US_ASCII);
        bytes.release();
        return text;
    }

    private void settle() {
        sim.run(Duration.ofMillis(1));
    }

    // ---- names

    @Test
    void a_client_and_a_server_of_one_host_talk_and_no_time_passes() throws IOException {
        Listener server = loop.serve(PATH, Pipeline.bytes(), Future::of).await();
        assertThat(server.address()).isEqualTo(PATH);
        var connection = connect(PATH);
        assertThat(connection.remoteAddress()).isEqualTo(PATH);
        assertThat(connection.localAddress()).isEqualTo(UnixDomainSocketAddress.of(""));
        assertThat(other.run(() -> Echo.say(connection, "hello"))).isEqualTo("hello");
        assertThat(sim.elapsed()).isEqualTo(Duration.ZERO);
        connection.close();
    }

    @Test
    void a_path_belongs_to_one_host_and_none_of_it_to_the_real_file_system(@TempDir Path folder) throws IOException {
        var address = UnixDomainSocketAddress.of(folder.resolve("socket"));
        Files.writeString(address.getPath(), "somebody's");
        Listener server = listen(address);
        assertThat(host.socketFiles()).containsExactly(address.getPath());
        Loop elsewhere = sim.host("elsewhere").loop("main");
        assertThatThrownBy(() -> elsewhere.connect(address, Pipeline.bytes()).await())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("No such file or directory");
        server.close();
        assertThat(address.getPath()).hasContent("somebody's");
    }

    @Test
    void closing_the_listener_removes_the_file_and_the_next_one_can_bind() throws IOException {
        for (int round = 0; round < 3; round++) {
            Listener server = listen(PATH);
            assertThat(host.socketFiles()).containsExactly(PATH.getPath());
            server.close();
            settle();
            assertThat(host.socketFiles()).isEmpty();
        }
    }

    @Test
    void another_way_to_write_a_path_is_the_same_file() throws IOException {
        listen(PATH);
        connect(UnixDomainSocketAddress.of("/run/../run/./my.socket"));
        assertThat(host.unlink(Path.of("/run//my.socket"))).isTrue();
    }

    @Test
    void a_file_that_was_unlinked_is_found_by_nobody_and_that_of_another_in_its_place_stays() throws IOException {
        Listener first = listen(PATH);
        assertThat(host.unlink(PATH.getPath())).isTrue();
        assertThat(host.unlink(PATH.getPath())).isFalse();
        assertThatThrownBy(() -> connect(PATH)).hasMessageContaining("No such file or directory");
        listen(PATH);
        first.close();
        settle();
        assertThat(host.socketFiles()).containsExactly(PATH.getPath());
        connect(PATH);
    }

    @ParameterizedTest
    @EnumSource(CrashTest.Death.class)
    void the_file_of_a_host_that_died_is_left_and_in_the_way_until_somebody_unlinks_it(CrashTest.Death death)
            throws IOException {
        var lives = new ArrayList<Future<Listener>>();
        var loops = new ArrayList<Loop>();
        Host server = sim.host("server", booting -> {
            loops.add(booting.loop("main"));
            lives.add(loops.getLast().serve(PATH, Pipeline.bytes(), Future::of));
        });
        settle();
        var connection = loops.getFirst().connect(PATH, Pipeline.bytes()).await();
        connection.onFailure(failure -> accepted.add(connection));
        sim.inject(death.of("server")).close();
        settle();
        assertThat(accepted).as("who was told of the death").isEmpty();
        assertThat(server.socketFiles()).containsExactly(PATH.getPath());
        assertThat(lives.getLast().failure())
                .isInstanceOf(BindException.class)
                .hasMessageContaining("already in use")
                .hasMessageContaining("host.unlink");
        Loop again = loops.getLast();
        assertThatThrownBy(() -> again.connect(PATH, Pipeline.bytes()).await())
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("Connection refused");
        assertThat(server.unlink(PATH.getPath())).isTrue();
        again.serve(PATH, Pipeline.bytes(), Future::of).await();
        assertThat(again.run(() -> {
                    var later = again.connect(PATH, Pipeline.bytes()).await();
                    return Echo.say(later, "again");
                }))
                .isEqualTo("again");
    }

    @Test
    void the_name_of_one_that_connects_is_told_and_stays_and_nobody_listens_there() throws IOException {
        listen(PATH);
        var mine = UnixDomainSocketAddress.of("/run/client");
        var options = ConnectOptions.defaults().local(mine);
        var connection = other.connect(PATH, Pipeline.bytes(), options).await();
        settle();
        assertThat(accepted.getFirst().remoteAddress()).isEqualTo(mine);
        assertThatThrownBy(() -> connect(mine)).isInstanceOf(ConnectException.class);
        connection.abort().await();
        assertThat(host.socketFiles()).contains(mine.getPath());
        assertThatThrownBy(() -> other.connect(PATH, Pipeline.bytes(), options).await())
                .isInstanceOf(BindException.class)
                .hasMessageContaining("Address already in use");
    }

    @Test
    void an_abstract_name_is_no_file_and_gone_with_its_socket() throws IOException {
        var name = new AbstractSocketAddress("rill");
        Listener server = listen(name);
        assertThat(host.socketFiles()).isEmpty();
        assertThatThrownBy(() -> listen(name)).isInstanceOf(BindException.class);
        connect(name);
        server.close();
        settle();
        assertThatThrownBy(() -> connect(name))
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("Connection refused");
        listen(name);
    }

    @Test
    void a_name_that_is_too_long_and_an_address_of_another_family_are_clear_errors() throws IOException {
        var path = UnixDomainSocketAddress.of("/" + "x".repeat(107));
        assertThatThrownBy(() -> listen(path)).isInstanceOf(IOException.class).hasMessageContaining("107 at most");
        assertThatThrownBy(() -> connect(path)).isInstanceOf(IOException.class).hasMessageContaining("107 at most");
        listen(UnixDomainSocketAddress.of("/" + "x".repeat(106)));
        listen(PATH);
        for (SocketAddress[] pair :
                List.of(new SocketAddress[] {PATH, host.address(0)}, new SocketAddress[] {host.address(7), PATH})) {
            var options = ConnectOptions.defaults().local(pair[1]);
            assertThatThrownBy(() ->
                            other.connect(pair[0], Pipeline.bytes(), options).await())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("bind to " + pair[1])
                    .hasMessageContaining("another family");
        }
    }

    @Test
    void options_of_tcp_are_refused_by_name() throws IOException {
        listen(PATH);
        var options = ConnectOptions.defaults().option(StandardSocketOptions.TCP_NODELAY, true);
        assertThatThrownBy(() -> other.connect(PATH, Pipeline.bytes(), options).await())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("TCP_NODELAY");
    }

    // ---- the backlog

    @Test
    void a_backlog_of_2_lets_3_in_and_the_others_wait_for_room() throws IOException {
        Listener server = listen(PATH, ListenOptions.defaults().backlog(2));
        server.pause();
        var connecting = new ArrayList<Future<Connection<ByteBuf, ByteBuf>>>();
        for (int i = 0; i < 8; i++) {
            connecting.add(other.connect(PATH, Pipeline.bytes()));
        }
        settle();
        assertThat(connecting.stream().filter(Future::isDone)).hasSize(3);
        assertThat(accepted).isEmpty();
        server.resume();
        settle();
        assertThat(connecting).allMatch(each -> each.isDone() && each.failure() == null);
        assertThat(accepted).hasSize(8);
    }

    @Test
    void closing_the_listener_resets_those_that_wait_for_acceptance_and_refuses_those_that_wait_for_room()
            throws IOException {
        Listener server = listen(PATH, ListenOptions.defaults().backlog(1));
        server.pause();
        var first = connect(PATH);
        Future<ByteBuf> end = first.receive();
        connect(PATH);
        Future<Connection<ByteBuf, ByteBuf>> waiting = other.connect(PATH, Pipeline.bytes());
        settle();
        assertThat(end.isDone()).isFalse();
        server.close();
        settle();
        assertThat(end.failure()).isInstanceOf(SocketException.class).hasMessageContaining("Connection reset");
        assertThat(waiting.failure()).hasMessageContaining("No such file or directory");
    }

    // ---- bytes, and their end

    @Test
    void who_has_filled_the_room_goes_on_once_no_more_than_a_quarter_is_left() throws IOException {
        var writer = new UnixEnd(sim.network(), host, PATH);
        listen(PATH).pause();
        settle();
        assertThat(writer.connect()).isTrue();
        ByteBuf bytes = Unpooled.directBuffer(UnixEnd.BUFFER + 1).writeZero(UnixEnd.BUFFER + 1);
        assertThat(writer.write(bytes)).isEqualTo(UnixEnd.BUFFER);
        assertThat(writer.write(bytes)).isZero();
        assertThat(writer.writable()).isFalse();
        UnixEnd reader = host.unix.ends.stream()
                .filter(each -> each != writer)
                .findFirst()
                .orElseThrow();
        ByteBuf read = Unpooled.buffer(UnixEnd.BUFFER * 3 / 4 - 1, UnixEnd.BUFFER * 3 / 4 - 1);
        assertThat(reader.read(read)).isEqualTo(read.capacity());
        assertThat(writer.writable()).isFalse();
        assertThat(reader.read(Unpooled.buffer(1, 1))).isEqualTo(1);
        assertThat(writer.writable()).isTrue();
        bytes.release();
        reader.close(false);
        writer.close(false);
    }

    @Test
    void a_peer_that_closes_is_the_end_of_the_stream_and_an_abort_is_a_close() throws IOException {
        listen(PATH);
        for (boolean abort : new boolean[] {false, true}) {
            var connection = connect(PATH);
            settle();
            var peer = accepted.getLast();
            peer.onMessage(ByteBuf::release);
            loop.submit(() -> peer.write(Echo.text("last words"))).await();
            peer.flush().await();
            if (abort) {
                peer.abort();
            } else {
                peer.close();
            }
            assertThat(textOf(connection.receive().await())).isEqualTo("last words");
            assertThat(connection.receive().await()).isNull();
            connection.close();
            peer.closed().await();
        }
    }

    @Test
    void a_peer_that_closes_without_having_read_all_resets_after_what_it_has_sent() throws IOException {
        listen(PATH);
        var connection = connect(PATH);
        settle();
        var peer = accepted.getFirst();
        peer.pause();
        other.submit(() -> connection.write(Echo.text("never read"))).await();
        settle();
        loop.submit(() -> peer.write(Echo.text("last words"))).await();
        peer.flush().await();
        peer.abort();
        assertThat(textOf(connection.receive().await())).isEqualTo("last words");
        Future<ByteBuf> next = connection.receive();
        assertThatThrownBy(next::await).isInstanceOf(SocketException.class).hasMessageContaining("Connection reset");
    }

    @Test
    void writing_to_a_peer_that_is_gone_fails() throws IOException {
        listen(PATH);
        var connection = connect(PATH);
        settle();
        accepted.getFirst().abort();
        settle();
        other.submit(() -> connection.write(Echo.text("to nobody"))).await();
        settle();
        assertThatThrownBy(() -> connection.flush().await())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Broken pipe");
    }

    @Test
    void a_stream_in_pieces_arrives_whole() throws IOException {
        for (int seed = 1; seed <= 20; seed++) {
            try (var free = Simulation.seed(seed)) {
                Loop both = free.host("host").loop("main");
                both.serve(PATH, Pipeline.bytes(), Future::of).await();
                byte[] bytes = new byte[100_000];
                free.random().nextBytes(bytes);
                ByteBuf received = Unpooled.buffer();
                var connection = both.connect(PATH, Pipeline.bytes()).await();
                connection.onMessage(part -> {
                    received.writeBytes(part);
                    part.release();
                });
                both.submit(() -> connection.write(Unpooled.copiedBuffer(bytes)))
                        .await();
                free.runUntil(() -> received.readableBytes() == bytes.length, Duration.ofMinutes(1));
                assertThat(received.array()).as(free.chosen()).startsWith(bytes);
            }
        }
    }

    // ---- the trace

    @Test
    void what_is_said_within_a_host_is_part_of_the_run(@TempDir Path folder) throws IOException {
        assertThat(hashOf("one")).isEqualTo(hashOf("one")).isNotEqualTo(hashOf("two"));
        sim.record();
        listen(PATH);
        var connection = connect(PATH);
        other.submit(() -> connection.write(Echo.text("seen"))).await();
        settle();
        sim.timeline().writeJson(folder.resolve("trace.json"));
        assertThat(Files.readString(folder.resolve("trace.json")))
                .contains("\"event\":\"local\"", "\"label\":\"seen\"");
        sim.timeline().writePicture(folder.resolve("picture.svg"));
        assertThat(Files.readString(folder.resolve("picture.svg"))).contains("seen");
    }

    private static String hashOf(String text) throws IOException {
        try (var run = Simulation.seed(1)) {
            Loop both = run.host("host").loop("main");
            both.serve(PATH, Pipeline.bytes(), Future::of).await();
            both.run(() -> Echo.say(both.connect(PATH, Pipeline.bytes()).await(), text));
            return run.traceHash();
        }
    }
}
