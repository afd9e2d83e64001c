package rill.transport.sim;

import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.LinkedHashMap;
import java.util.Map;
import jdk.net.ExtendedSocketOptions;
import rill.spi.SocketOptions;

/** The options of one connection: those that change something, and SO_REUSEADDR, which need not. */
final class Options {
    private static final int LEAST_BUFFER = 2 * Outgoing.MSS;

    private final Map<SocketOption<?>, Object> values = new LinkedHashMap<>();
    private final Tcp tcp;

    Options(Tcp tcp) {
        this.tcp = tcp;
        values.put(StandardSocketOptions.TCP_NODELAY, false);
        values.put(StandardSocketOptions.SO_KEEPALIVE, false);
        values.put(StandardSocketOptions.SO_SNDBUF, tcp.out.capacity);
        values.put(StandardSocketOptions.SO_RCVBUF, tcp.in.capacity);
        values.put(StandardSocketOptions.SO_LINGER, -1);
        values.put(StandardSocketOptions.SO_REUSEADDR, true);
        values.put(ExtendedSocketOptions.TCP_KEEPIDLE, tcp.keepAlive.idleSeconds);
        values.put(ExtendedSocketOptions.TCP_KEEPINTERVAL, tcp.keepAlive.intervalSeconds);
        values.put(ExtendedSocketOptions.TCP_KEEPCOUNT, tcp.keepAlive.most);
    }

    boolean lingersNotAtAll() {
        return get(StandardSocketOptions.SO_LINGER) == 0;
    }

    void setAll(SocketOptions options) {
        options.applyTo(new SocketOptions.Setter<RuntimeException>() {
            @Override
            public <T> void set(SocketOption<T> option, T value) {
                Options.this.set(option, value);
            }
        });
    }

    <T> T get(SocketOption<T> option) {
        Object value = values.get(option);
        if (value == null) {
            throw unknown(option);
        }
        return option.type().cast(value);
    }

    <T> void set(SocketOption<T> option, T value) {
        if (values.replace(option, value) == null) {
            throw unknown(option);
        }
        if (option == StandardSocketOptions.TCP_NODELAY) {
            tcp.out.coalesce = !(Boolean) value;
            tcp.push();
        } else if (option == StandardSocketOptions.SO_SNDBUF) {
            tcp.out.capacity = Math.max(LEAST_BUFFER, (Integer) value);
        } else if (option == StandardSocketOptions.SO_RCVBUF) {
            tcp.in.capacity = Math.max(LEAST_BUFFER, (Integer) value);
        } else {
            keepAlive(option, value);
        }
    }

    private void keepAlive(SocketOption<?> option, Object value) {
        KeepAlive keepAlive = tcp.keepAlive;
        if (option == StandardSocketOptions.SO_KEEPALIVE) {
            keepAlive.on = (Boolean) value;
        } else if (option == ExtendedSocketOptions.TCP_KEEPIDLE) {
            keepAlive.idleSeconds = (Integer) value;
        } else if (option == ExtendedSocketOptions.TCP_KEEPINTERVAL) {
            keepAlive.intervalSeconds = (Integer) value;
        } else if (option == ExtendedSocketOptions.TCP_KEEPCOUNT) {
            keepAlive.most = (Integer) value;
        } else {
            return;
        }
        keepAlive.changed();
    }

    static IllegalArgumentException unknown(SocketOption<?> option) {
        return new IllegalArgumentException("transport sim has no option " + option.name() + " for such a socket");
    }
}
