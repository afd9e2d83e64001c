package rill;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.SocketOptions;

/** How to connect; immutable, each method that takes an argument gives a changed copy. */
public final class ConnectOptions {
    private static final ConnectOptions DEFAULTS = new ConnectOptions(
            Duration.ofSeconds(10), null, SocketOptions.none(), ConnectionLimits.defaults(), Duration.ZERO);

    private final Duration timeout;
    private final @Nullable SocketAddress local;
    private final SocketOptions socket;
    private final ConnectionLimits limits;
    private final Duration idleTime;

    private ConnectOptions(
            Duration timeout,
            @Nullable SocketAddress local,
            SocketOptions socket,
            ConnectionLimits limits,
            Duration idleTime) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("negative connect timeout: " + timeout);
        }
        this.timeout = timeout;
        this.local = local;
        this.socket = socket;
        this.limits = Objects.requireNonNull(limits, "limits");
        this.idleTime = ListenOptions.notNegative(idleTime);
    }

    /** Ten seconds, no local address, TCP_NODELAY, no bound of the idle time. */
    public static ConnectOptions defaults() {
        return DEFAULTS;
    }

    // ---- what it says

    /** The limit for the whole of it: looking up the name, trying its addresses, and its layers becoming ready. */
    public Duration timeout() {
        return timeout;
    }

    /** The address to bind first, or null. */
    public @Nullable SocketAddress local() {
        return local;
    }

    /** Socket options; over TCP, TCP_NODELAY is on unless said otherwise. */
    public SocketOptions socket() {
        return socket;
    }

    /** Bounds of the connection. */
    public ConnectionLimits limits() {
        return limits;
    }

    /**
     * How long the connection may be idle; zero for no bound. It is idle while nothing is received, nothing is sent, and no call is in flight. If
     * it is idle for this long, it fails with a {@link DeadlineException} and closes in good order.
     *
     * <p><b>Not guaranteed:</b> the exact time. It may take up to a quarter more.
     */
    public Duration idleTime() {
        return idleTime;
    }

    /** The options of a socket to this address. */
    SocketOptions socketTo(SocketAddress address) {
        return address instanceof InetSocketAddress ? socket.or(StandardSocketOptions.TCP_NODELAY, true) : socket;
    }

    // ---- changed copies

    /** With this limit. */
    public ConnectOptions timeout(Duration newTimeout) {
        return new ConnectOptions(newTimeout, local, socket, limits, idleTime);
    }

    /** From this local address. */
    public ConnectOptions local(SocketAddress newLocal) {
        return new ConnectOptions(timeout, newLocal, socket, limits, idleTime);
    }

    /** With this socket option. */
    public <T> ConnectOptions option(SocketOption<T> option, T value) {
        return new ConnectOptions(timeout, local, socket.with(option, value), limits, idleTime);
    }

    /** With these bounds. */
    public ConnectOptions limits(ConnectionLimits newLimits) {
        return new ConnectOptions(timeout, local, socket, newLimits, idleTime);
    }

    /** With this bound of the idle time, zero for none: see {@link #idleTime()}. */
    public ConnectOptions idleTime(Duration newIdleTime) {
        return new ConnectOptions(timeout, local, socket, limits, newIdleTime);
    }

    @Override
    public String toString() {
        return "ConnectOptions[timeout=" + timeout + ", local=" + local + ", socket=" + socket + ", limits=" + limits
                + ", idleTime=" + idleTime + "]";
    }
}
