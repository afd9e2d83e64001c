package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import rill.spi.SocketOptions;

/** Which options a socket gets that its user has not asked for. */
class ConnectOptionsTest {
    private static final SocketAddress INET = new InetSocketAddress("127.0.0.1", 1);

    private static Map<SocketOption<?>, Object> applied(ConnectOptions options, SocketAddress to) {
        var applied = new HashMap<SocketOption<?>, Object>();
        options.socketTo(to).applyTo(new SocketOptions.Setter<RuntimeException>() {
            @Override
            public <T> void set(SocketOption<T> option, T value) {
                applied.put(option, value);
            }
        });
        return applied;
    }

    @Test
    void small_messages_are_not_held_back_unless_that_is_asked_for() {
        ConnectOptions usual = ConnectOptions.defaults();
        assertThat(applied(usual, INET)).isEqualTo(Map.of(StandardSocketOptions.TCP_NODELAY, true));
        assertThat(applied(usual.option(StandardSocketOptions.TCP_NODELAY, false), INET))
                .isEqualTo(Map.of(StandardSocketOptions.TCP_NODELAY, false));
    }

    @Test
    void a_socket_of_another_family_gets_no_option_of_tcp() {
        assertThat(applied(ConnectOptions.defaults(), UnixDomainSocketAddress.of("socket")))
                .isEmpty();
    }
}
