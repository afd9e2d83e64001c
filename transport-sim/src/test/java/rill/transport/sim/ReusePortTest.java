package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.ListenOptions;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.testkit.Leaks;

/** Several listeners on one port, as observed on Linux. */
@ExtendWith(Leaks.class)
class ReusePortTest {
    private static final ListenOptions SHARING = ListenOptions.defaults().reusePort(true);
    private static final InetSocketAddress ANY = new InetSocketAddress("0.0.0.0", Echo.PORT);

    private final Simulation sim = Simulation.seed(42).fix(Freedom.values());
    private final Host server = sim.host("server");
    private final Loop accepting = server.loop("main");
    private final Loop client = sim.host("client").loop("main");

    @AfterEach
    void close() {
        sim.close();
    }

    private Listener listen(
            InetSocketAddress address, ListenOptions options, List<Connection<ByteBuf, ByteBuf>> accepted)
            throws IOException {
        return accepting
                .listen(address, Pipeline.bytes(), options, accepted::add)
                .await();
    }

    private Listener listen(InetSocketAddress address, ListenOptions options) throws IOException {
        return listen(address, options, new ArrayList<>());
    }

    private List<Future<Connection<ByteBuf, ByteBuf>>> connect(int many) {
        var connecting = new ArrayList<Future<Connection<ByteBuf, ByteBuf>>>();
        for (int i = 0; i < many; i++) {
            connecting.add(client.connect(server.address(Echo.PORT), Pipeline.bytes()));
        }
        sim.run(Duration.ofSeconds(1));
        return connecting;
    }

    @Test
    void connections_are_spread_over_those_that_share_a_port() throws IOException {
        var first = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        var second = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        var third = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        listen(server.address(Echo.PORT), SHARING, first);
        listen(server.address(Echo.PORT), SHARING, second);
        listen(server.address(Echo.PORT), SHARING, third);
        assertThat(connect(300)).allMatch(each -> each.isDone() && each.failure() == null);
        assertThat(first.size() + second.size() + third.size()).isEqualTo(300);
        assertThat(List.of(first.size(), second.size(), third.size())).allMatch(each -> each > 70 && each < 130);
    }

    @Test
    void all_of_them_have_to_share() throws IOException {
        listen(server.address(Echo.PORT), SHARING);
        assertThatThrownBy(() -> listen(server.address(Echo.PORT), ListenOptions.defaults()))
                .isInstanceOf(BindException.class)
                .hasMessageContaining("Address already in use");
        assertThatThrownBy(() -> listen(ANY, ListenOptions.defaults())).isInstanceOf(BindException.class);
        listen(server.address(9), ListenOptions.defaults());
        assertThatThrownBy(() -> listen(server.address(9), SHARING)).isInstanceOf(BindException.class);
    }

    @Test
    void other_addresses_of_the_host_are_others_also_without_sharing() throws IOException {
        var local = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        var remote = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), Echo.PORT), ListenOptions.defaults(), local);
        listen(server.address(Echo.PORT), ListenOptions.defaults(), remote);
        connect(1);
        assertThat(local).isEmpty();
        assertThat(remote).hasSize(1);
        accepting
                .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), Echo.PORT), Pipeline.bytes())
                .await();
        sim.run(Duration.ofMillis(1));
        assertThat(local).hasSize(1);
    }

    @Test
    void who_listens_at_the_very_address_comes_before_who_listens_at_any() throws IOException {
        var any = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        var exact = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        listen(ANY, SHARING, any);
        Listener listener = listen(server.address(Echo.PORT), SHARING, exact);
        connect(20);
        assertThat(any).isEmpty();
        assertThat(exact).hasSize(20);
        listener.close();
        connect(1);
        assertThat(any).hasSize(1);
    }

    @Test
    void closing_one_resets_those_that_wait_for_it_and_no_others_and_new_ones_go_to_those_left() throws IOException {
        var accepted = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        Listener closing = listen(server.address(Echo.PORT), SHARING);
        closing.pause();
        Listener staying = listen(server.address(Echo.PORT), SHARING, accepted);
        staying.pause();
        sim.run(Duration.ofMillis(1));
        var connections = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        for (var each : connect(20)) {
            connections.add(each.await());
        }
        var ends = connections.stream().map(Connection::receive).toList();
        closing.close();
        staying.resume();
        sim.run(Duration.ofSeconds(1));
        var reset = ends.stream().filter(Future::isDone).toList();
        assertThat(reset).hasSize(20 - accepted.size()).hasSizeBetween(5, 15);
        assertThat(reset)
                .allSatisfy(each -> assertThat(each.failure())
                        .isInstanceOf(SocketException.class)
                        .hasMessageContaining("Connection reset"));
        int before = accepted.size();
        assertThat(connect(10)).allMatch(each -> each.isDone() && each.failure() == null);
        assertThat(accepted).hasSize(before + 10);
    }

    @Test
    void a_request_that_is_half_made_when_its_listener_closes_is_reset() throws IOException {
        var one = listen(server.address(Echo.PORT), SHARING);
        Future<Connection<ByteBuf, ByteBuf>> connecting = client.connect(server.address(Echo.PORT), Pipeline.bytes());
        sim.run(Duration.ofNanos(800_000)); // the answer is in flight
        one.close();
        listen(server.address(Echo.PORT), SHARING);
        Future<ByteBuf> end = connecting.await().receive();
        assertThatThrownBy(end::await).isInstanceOf(SocketException.class).hasMessageContaining("Connection reset");
    }
}
