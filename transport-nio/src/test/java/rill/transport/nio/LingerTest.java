package rill.transport.nio;

import static java.net.StandardSocketOptions.SO_LINGER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.testing.UnderTest;

/** A lingering close would block the loop. */
class LingerTest extends OnSelector {
    private static final SocketOptions LINGERING = SocketOptions.none().with(SO_LINGER, 5);

    @Test
    void to_linger_is_refused_by_name_wherever_it_is_asked_for() throws Exception {
        var client = new Events();
        pair(client, new Events());
        assertRefused(() -> client.wire.set(SO_LINGER, 1));
        assertRefused(() -> selector.listen(OnNio.ANY_PORT, 0, LINGERING, new Accepting()));
        var accepting = new Accepting();
        Acceptor acceptor = listen(accepting);
        assertRefused(() -> selector.connect(acceptor.localAddress(), null, LINGERING, new Events()));
        connect(acceptor.localAddress(), new Events());
        until(() -> !accepting.sockets.isEmpty());
        assertRefused(() -> selector.open(accepting.sockets.getFirst(), LINGERING, new Events()));
        acceptor.close();
    }

    private static void assertRefused(ThrowingCallable asking) {
        assertThatThrownBy(asking)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("SO_LINGER")
                .hasMessageContaining(UnderTest.name());
    }

    @Test
    void not_to_linger_and_to_reset_are_not() throws Exception {
        var client = new Events();
        pair(client, new Events());
        client.wire.set(SO_LINGER, 0);
        assertThat(client.wire.get(SO_LINGER)).isZero();
        client.wire.set(SO_LINGER, -1);
        assertThat(client.wire.get(SO_LINGER)).isNegative();
    }
}
