package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.ConnectOptions;
import rill.DeadlineException;
import rill.Promise;
import rill.testing.Nobody;
import rill.testing.RawPeer;

/** Connecting to a name: resolving it, and trying its addresses. */
class NameTest extends OnNio {
    @Test
    void an_unknown_host_is_named() throws Exception {
        task(() -> {
            var nowhere = InetSocketAddress.createUnresolved("no-such-host.invalid", 80);
            assertThatThrownBy(() -> loop.connect(nowhere, Lines.PIPELINE).await())
                    .isInstanceOf(UnknownHostException.class)
                    .hasMessageContaining("no-such-host.invalid");
        });
    }

    @Test
    void a_name_is_looked_up() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.send("welcome\n"))) {
            loop = another(new CountingTransport(
                    CountingTransport.always(peer.address().getAddress())));
            task(() -> {
                var name = InetSocketAddress.createUnresolved(
                        "some.name", peer.address().getPort());
                var connection = loop.connect(name, Lines.PIPELINE).await();
                assertThat(connection.receive().await()).isEqualTo("welcome");
                assertThat(connection.remoteAddress()).isEqualTo(peer.address());
                connection.finish().await();
            });
        }
    }

    @Test
    void the_addresses_of_a_name_are_tried_in_order() throws Exception {
        try (var second = RawPeer.listeningAt(at(2, 0), talk -> talk.send("second\n"));
                var third = RawPeer.listeningAt(at(3, second.address().getPort()), talk -> talk.send("third\n"))) {
            loop = another(new CountingTransport(CountingTransport.always(host(1), host(2), host(3))));
            task(() -> {
                var connection = loop.connect(name(second), Lines.PIPELINE).await();
                assertThat(connection.receive().await()).isEqualTo("second");
                connection.finish().await();
            });
            assertThat(third.connections()).isZero();
        }
    }

    @Test
    void if_none_of_its_addresses_answers_the_failure_names_them_all() throws Exception {
        loop = another(new CountingTransport(CountingTransport.always(host(4), host(5))));
        try (var nobody = new Nobody()) {
            int port = nobody.address().getPort();
            task(() -> {
                var name = InetSocketAddress.createUnresolved("some.name", port);
                assertThatThrownBy(() -> loop.connect(name, Lines.PIPELINE).await())
                        .isInstanceOf(ConnectException.class)
                        .hasMessageContaining("some.name")
                        .hasMessageContaining("tried 2 addresses")
                        .hasMessageContaining("127.0.0.4:" + port)
                        .hasMessageContaining("127.0.0.5:" + port);
            });
        }
    }

    @Test
    void one_dead_address_does_not_eat_the_whole_timeout() throws Exception {
        try (var hole = new BlackHole();
                var alive = RawPeer.listeningAt(at(2, hole.address().getPort()), talk -> talk.send("alive\n"))) {
            loop = another(new CountingTransport(
                    CountingTransport.always(hole.address().getAddress(), host(2))));
            task(() -> {
                var options = ConnectOptions.defaults().timeout(Duration.ofMillis(400));
                var connection =
                        loop.connect(name(alive), Lines.PIPELINE, options).await();
                assertThat(connection.receive().await()).isEqualTo("alive");
                connection.finish().await();
            });
        }
    }

    @Test
    void a_resolver_that_knows_no_address_or_throws_is_a_failure_like_any_other() throws Exception {
        task(() -> expectTheLoopGoesOn());
        loop = another(new CountingTransport(CountingTransport.always()));
        var name = InetSocketAddress.createUnresolved("some.name", 1);
        task(() -> assertThat(failureOf(loop.connect(name, Lines.PIPELINE)))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(DeadlineException.class)
                .hasMessageContaining("some.name"));
        loop = another(new CountingTransport((itsLoop, host) -> {
            throw new IllegalStateException("no resolver today");
        }));
        task(() -> assertThat(failureOf(loop.connect(name, Lines.PIPELINE))).hasMessageContaining("no resolver today"));
    }

    @Test
    void a_name_that_is_never_resolved_is_given_up_at_the_timeout() throws Exception {
        var lookups = new java.util.ArrayList<Promise<List<InetAddress>>>();
        loop = another(new CountingTransport((itsLoop, name) -> {
            Promise<List<InetAddress>> never = itsLoop.promise();
            lookups.add(never);
            return never;
        }));
        task(() -> {
            var name = InetSocketAddress.createUnresolved("slow.name", 1);
            var options = ConnectOptions.defaults().timeout(Duration.ofMillis(20));
            assertThat(failureOf(loop.connect(name, Lines.PIPELINE, options)))
                    .isInstanceOf(DeadlineException.class)
                    .hasMessageContaining("slow.name")
                    .hasMessageContaining("looking up");
            assertThat(lookups.getFirst().isCancelled()).isTrue();
        });
    }

    private static InetAddress host(int last) throws IOException {
        return InetAddress.getByName("127.0.0." + last);
    }

    private static InetSocketAddress at(int last, int port) throws IOException {
        return new InetSocketAddress(host(last), port);
    }

    private static InetSocketAddress name(RawPeer peer) {
        return InetSocketAddress.createUnresolved("some.name", peer.address().getPort());
    }
}
