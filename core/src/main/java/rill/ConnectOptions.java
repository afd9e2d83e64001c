package rill;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.spi.SocketOptions;

/**
 * How to connect; immutable, each method gives a changed copy.
 *
 * @param timeout limit for the whole of it: looking up the name and trying its addresses
 * @param local the address to bind first, or null
 * @param socket socket options; over TCP, TCP_NODELAY is on unless said otherwise
 * @param limits bounds of the connection
 */
public record ConnectOptions(
        Duration timeout, @Nullable SocketAddress local, SocketOptions socket, ConnectionLimits limits) {
    private static final ConnectOptions DEFAULTS =
            new ConnectOptions(Duration.ofSeconds(10), null, SocketOptions.none(), ConnectionLimits.defaults());

    /** Checks the timeout. */
    public ConnectOptions {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("negative connect timeout: " + timeout);
        }
    }

    /** Ten seconds, no local address, TCP_NODELAY. */
    public static ConnectOptions defaults() {
        return DEFAULTS;
    }

    /** The options of a socket to this address. */
    SocketOptions socketTo(SocketAddress address) {
        return address instanceof InetSocketAddress ? socket.or(StandardSocketOptions.TCP_NODELAY, true) : socket;
    }

    /** With this limit. */
    public ConnectOptions timeout(Duration newTimeout) {
        return new ConnectOptions(newTimeout, local, socket, limits);
    }

    /** From this local address. */
    public ConnectOptions local(SocketAddress newLocal) {
        return new ConnectOptions(timeout, newLocal, socket, limits);
    }

    /** With this socket option. */
    public <T> ConnectOptions option(SocketOption<T> option, T value) {
        return new ConnectOptions(timeout, local, socket.with(option, value), limits);
    }

    /** With these bounds. */
    public ConnectOptions limits(ConnectionLimits newLimits) {
        return new ConnectOptions(timeout, local, socket, newLimits);
    }
}
