package rill.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tests how sets of socket options are combined. */
class SocketOptionsTest {
    private static Map<SocketOption<?>, Object> applied(SocketOptions options) {
        var applied = new LinkedHashMap<SocketOption<?>, Object>();
        options.applyTo(new SocketOptions.Setter<RuntimeException>() {
            @Override
            public <T> void set(SocketOption<T> option, T value) {
                assertThat(applied.put(option, value)).isNull();
            }
        });
        return applied;
    }

    @Test
    void with_replaces_a_value_and_or_does_not() {
        SocketOptions options = SocketOptions.none()
                .or(StandardSocketOptions.TCP_NODELAY, true)
                .with(StandardSocketOptions.SO_RCVBUF, 1)
                .or(StandardSocketOptions.TCP_NODELAY, false)
                .with(StandardSocketOptions.SO_RCVBUF, 2);
        assertThat(applied(options))
                .containsExactly(
                        Map.entry(StandardSocketOptions.TCP_NODELAY, true),
                        Map.entry(StandardSocketOptions.SO_RCVBUF, 2));
    }
}
