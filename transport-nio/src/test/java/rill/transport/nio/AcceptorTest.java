package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.testing.RawPeer;
import rill.testing.UnderTest;

/** Listening, without a loop on top. */
class AcceptorTest extends OnSelector {
    @Test
    void an_option_that_there_is_not_is_named_with_the_transport() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.readAll())) {
            var options = SocketOptions.none().with(java.net.StandardSocketOptions.IP_MULTICAST_TTL, 3);
            assertThatThrownBy(() -> selector.connect(peer.address(), null, options, new Events()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(UnderTest.name())
                    .hasMessageContaining("IP_MULTICAST_TTL");
            assertThatThrownBy(() -> selector.listen(OnNio.ANY_PORT, 0, options, new Accepting()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("IP_MULTICAST_TTL");
        }
    }

    @Test
    void an_accepted_socket_is_opened_or_closed_once() throws Exception {
        var accepting = new Accepting();
        Acceptor acceptor = selector.listen(OnNio.ANY_PORT, 0, SocketOptions.none(), accepting);
        try (var peer = RawPeer.connecting(acceptor.localAddress(), talk -> talk.expectEnd())) {
            until(() -> accepting.sockets.size() == 1);
            var socket = accepting.sockets.getFirst();
            assertThat(socket.localAddress()).isEqualTo(acceptor.localAddress());
            socket.close();
            socket.close();
            assertThatThrownBy(() -> selector.open(socket, SocketOptions.none(), new Events()))
                    .isInstanceOf(IllegalStateException.class);
            peer.finish();
        }
        acceptor.close();
    }

    @Test
    void a_paused_acceptor_leaves_connections_in_the_backlog() throws Exception {
        var accepting = new Accepting();
        Acceptor acceptor = selector.listen(OnNio.ANY_PORT, 200, SocketOptions.none(), accepting);
        acceptor.pause();
        var peers = new ArrayList<RawPeer>();
        for (int i = 0; i < 100; i++) { // more than are accepted in one turn
            peers.add(RawPeer.connecting(acceptor.localAddress(), talk -> talk.expectEnd()));
        }
        selector.select(0);
        assertThat(accepting.sockets).isEmpty();
        acceptor.resume();
        until(() -> accepting.sockets.size() == 100);
        accepting.sockets.forEach(each -> each.close());
        acceptor.close();
        peers.forEach(RawPeer::finish);
        peers.forEach(RawPeer::close);
    }
}
