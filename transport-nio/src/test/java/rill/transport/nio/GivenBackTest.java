package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketAddress;
import org.junit.jupiter.api.Test;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.testing.RawPeer;

/** The address of a closed Acceptor is free again at once. */
class GivenBackTest extends OnSelector {
    private static final long LONG = 10_000_000_000L;

    @Test
    void an_address_is_free_as_soon_as_its_acceptor_is_closed() throws Exception {
        Acceptor acceptor = listen(new Accepting());
        SocketAddress address = acceptor.localAddress();
        for (int round = 0; round < 200; round++) {
            if (round % 3 == 0) {
                selector.select(0);
            }
            acceptor.close();
            acceptor = selector.listen(address, 0, SocketOptions.none(), new Accepting());
            assertThat(acceptor.localAddress()).isEqualTo(address);
        }
        acceptor.close();
        assertThat(RawPeer.isRefused(address)).isTrue();
    }

    @Test
    void a_listener_may_listen_there_again_when_it_is_told_of_a_connection() throws Exception {
        class Moving implements AcceptListener {
            Acceptor present;
            int moves;
            Throwable failure;

            @Override
            public void accepted(AcceptedSocket socket) {
                socket.close();
                SocketAddress address = present.localAddress();
                present.close();
                try {
                    present = selector.listen(address, 0, SocketOptions.none(), this);
                    moves++;
                } catch (IOException e) {
                    failure = e;
                }
            }

            @Override
            public void failed(IOException cause) {
                failure = cause;
            }
        }

        var moving = new Moving();
        moving.present = selector.listen(OnNio.ANY_PORT, 0, SocketOptions.none(), moving);
        for (int round = 1; round <= 3; round++) {
            int expected = round;
            try (var peer = RawPeer.connecting(moving.present.localAddress(), talk -> talk.expectEnd())) {
                until(() -> moving.moves == expected || moving.failure != null);
                assertThat(moving.failure).isNull();
                peer.finish();
            }
        }
        moving.present.close();
    }

    @Test
    void a_wakeup_that_came_before_an_acceptor_closed_is_not_lost() throws Exception {
        Acceptor acceptor = listen(new Accepting());
        selector.wakeup();
        acceptor.close();
        long start = System.nanoTime();
        selector.select(LONG);
        assertThat(System.nanoTime() - start).as("it waited on").isLessThan(LONG);
        assertThat(RawPeer.isRefused(acceptor.localAddress())).isTrue();
    }
}
