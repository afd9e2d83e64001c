package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.CancelledException;
import rill.ConnectOptions;
import rill.DeadlineException;
import rill.testing.Nobody;
import rill.testing.RawPeer;

/** Making one connection: peers that refuse or never answer, callers that cancel. */
class ConnectTest extends OnNio {
    @Test
    void refused_names_the_address() throws Exception {
        try (var nobody = new Nobody()) {
            task(() -> {
                assertThatThrownBy(() ->
                                loop.connect(nobody.address(), Lines.PIPELINE).await())
                        .isInstanceOf(ConnectException.class)
                        .hasMessage("connect to " + nobody.address() + ": Connection refused");
                expectTheLoopGoesOn();
            });
        }
    }

    @Test
    void a_peer_that_never_answers_is_given_up_at_the_timeout() throws Exception {
        try (var hole = new BlackHole()) {
            task(() -> {
                var options = ConnectOptions.defaults().timeout(Duration.ofMillis(50));
                assertThatThrownBy(() -> loop.connect(hole.address(), Lines.PIPELINE, options)
                                .await())
                        .isInstanceOf(DeadlineException.class)
                        .hasMessageMatching("connect to .*" + hole.address().getPort() + ": no answer within \\d+ ms");
                assertThat(loop.connections()).isZero();
                expectTheLoopGoesOn();
            });
        }
    }

    @Test
    void a_timeout_of_zero_fails_and_connects_nobody() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.readAll())) {
            task(() -> {
                var options = ConnectOptions.defaults().timeout(Duration.ZERO);
                assertThat(failureOf(loop.connect(peer.address(), Lines.PIPELINE, options)))
                        .isInstanceOf(DeadlineException.class)
                        .hasMessageContaining(peer.address().toString());
                assertThat(loop.connections()).isZero();
            });
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {292L * 365 * 24 * 3600, 293L * 365 * 24 * 3600, Long.MAX_VALUE})
    void a_timeout_of_centuries_is_as_good_as_none(long seconds) throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.expectLine("hello"))) {
            task(() -> {
                var options = ConnectOptions.defaults().timeout(Duration.ofSeconds(seconds));
                var connection =
                        loop.connect(peer.address(), Lines.PIPELINE, options).await();
                connection.write("hello");
                connection.finish().await();
            });
            peer.finish();
        }
    }

    @Test
    void cancelled_before_it_has_begun_it_never_connects() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.readAll())) {
            var connecting = loop.connect(peer.address(), Lines.PIPELINE); // from outside: nobody drives yet
            assertThat(connecting.cancel()).isTrue();
            task(() -> expectTheLoopGoesOn());
            assertThat(failureOf(connecting)).isInstanceOf(CancelledException.class);
            assertThat(peer.connections()).isZero();
        }
    }

    @Test
    void cancelled_while_it_connects_it_leaves_nothing_behind() throws Exception {
        try (var hole = new BlackHole()) {
            task(() -> {
                var connecting = loop.connect(hole.address(), Lines.PIPELINE);
                pass(Duration.ofMillis(5));
                connecting.cancel();
                assertThat(failureOf(connecting)).isInstanceOf(CancelledException.class);
                assertThat(loop.connections()).isZero();
                expectTheLoopGoesOn();
            });
        }
    }

    @Test
    void cancelled_after_it_has_connected_it_stays_connected() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.expectLine("still here"))) {
            task(() -> {
                var connecting = loop.connect(peer.address(), Lines.PIPELINE);
                var connection = connecting.await();
                assertThat(connecting.cancel()).isFalse();
                connection.write("still here");
                connection.finish().await();
            });
            peer.finish();
        }
    }

    @Test
    void cancelled_in_a_race_with_completion_it_is_either_connected_or_gone() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            try {
                talk.readAll();
            } catch (java.net.SocketException reset) {
                assertThat(reset).hasMessageContaining("reset"); // connected a moment before it was cancelled
            }
        })) {
            loop.start();
            for (int i = 0; i < 200; i++) {
                var connecting = loop.connect(peer.address(), Lines.PIPELINE);
                for (int spin = 0; spin < i * 20; spin++) {
                    Thread.onSpinWait();
                }
                if (connecting.cancel()) {
                    assertThat(failureOf(connecting)).isInstanceOf(CancelledException.class);
                } else {
                    connecting.await().finish().await();
                }
            }
            waitFor(() -> loop.connections() == 0);
            if (peer.connections() > 0) {
                peer.finish(); // every script has seen its end
            }
        }
    }

    @Test
    void both_addresses_are_known_after_connect() throws Exception {
        var seen = new java.util.concurrent.atomic.AtomicReference<java.net.SocketAddress>();
        var checked = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            seen.set(talk.socket().getRemoteSocketAddress());
            checked.countDown();
            talk.readAll();
        })) {
            task(() -> {
                var connection = loop.connect(peer.address(), Lines.PIPELINE).await();
                waitFor(checked);
                assertThat(connection.localAddress()).isEqualTo(seen.get());
                assertThat(connection.remoteAddress()).isEqualTo(peer.address());
                connection.finish().await();
                assertThat(connection.localAddress()).as("after close").isEqualTo(seen.get());
            });
        }
    }

    @Test
    void a_local_address_is_bound_first() throws Exception {
        try (var peer = RawPeer.listening(
                talk -> talk.send(talk.socket().getInetAddress().getHostAddress() + "\n"))) {
            task(() -> {
                var options = ConnectOptions.defaults().local(new InetSocketAddress("127.0.0.9", 0));
                var connection =
                        loop.connect(peer.address(), Lines.PIPELINE, options).await();
                assertThat(connection.receive().await()).isEqualTo("127.0.0.9");
                assertThat(((InetSocketAddress) connection.localAddress()).getHostString())
                        .isEqualTo("127.0.0.9");
                connection.finish().await();
            });
        }
    }

    @Test
    void a_local_address_that_can_not_be_had_is_named_with_the_remote_one() throws Exception {
        try (var taken = RawPeer.listening(talk -> talk.readAll());
                var nobody = new Nobody()) {
            task(() -> {
                var options = ConnectOptions.defaults().local(taken.address());
                assertThat(failureOf(loop.connect(nobody.address(), Lines.PIPELINE, options)))
                        .isInstanceOf(BindException.class)
                        .hasMessageContaining("connect to")
                        .hasMessageContaining(taken.address().toString());
                expectTheLoopGoesOn();
            });
        }
    }

    @Test
    void ipv6_works_as_well() throws Exception {
        InetAddress six = InetAddress.getByName("::1");
        boolean available;
        try (var probe = new java.net.ServerSocket(0, 1, six)) {
            available = probe.isBound();
        } catch (IOException e) {
            available = false;
        }
        Assumptions.assumeTrue(available, "there is no ::1 on this machine");
        task(() -> {
            var server = loop.listen(new InetSocketAddress(six, 0), Lines.PIPELINE, each -> each.onMessage(each::write))
                    .await();
            var connection = loop.connect(server.address(), Lines.PIPELINE).await();
            connection.write("six");
            assertThat(connection.receive().await()).isEqualTo("six");
            assertThat(((InetSocketAddress) connection.localAddress()).getAddress())
                    .isEqualTo(six);
            connection.finish().await();
            server.close();
        });
    }

    @Test
    void listening_where_somebody_listens_already_names_the_address() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.readAll())) {
            task(() -> assertThat(failureOf(loop.listen(peer.address(), Lines.PIPELINE, each -> {})))
                    .isInstanceOf(BindException.class)
                    .hasMessage("listen on " + peer.address() + ": Address already in use"));
        }
    }

    @Test
    void a_connection_that_would_reach_itself_is_refused() throws Exception {
        InetSocketAddress free;
        try (var probe = new java.net.ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = new InetSocketAddress(probe.getInetAddress(), probe.getLocalPort());
        }
        var options = ConnectOptions.defaults().local(free);
        task(() -> {
            assertThat(failureOf(loop.connect(free, Lines.PIPELINE, options)))
                    .isInstanceOf(ConnectException.class)
                    .hasMessageContaining(String.valueOf(free.getPort()))
                    .hasMessageContaining("reached itself");
            until(() -> loop.connections() == 0); // otherwise the address is still in use
            var anyAddress = new InetSocketAddress(free.getPort());
            assertThat(failureOf(loop.connect(anyAddress, Lines.PIPELINE, options)))
                    .isInstanceOf(ConnectException.class)
                    .hasMessageContaining("reached itself");
            until(() -> loop.connections() == 0);
            expectTheLoopGoesOn();
        });
    }
}
