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
            Duration.ofSeconds(10), null, SocketOptions.none(), ConnectionLimits.defaults(), Duration.ZERO, null);

    private final Duration timeout;
    private final @Nullable SocketAddress local;
    private final SocketOptions socket;
    private final ConnectionLimits limits;
    private final Duration idleTime;
    private final @Nullable Proxy proxy;

    private ConnectOptions(
            Duration timeout,
            @Nullable SocketAddress local,
            SocketOptions socket,
            ConnectionLimits limits,
            Duration idleTime,
            @Nullable Proxy proxy) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("negative connect timeout: " + timeout);
        }
        this.timeout = timeout;
        this.local = local;
        this.socket = socket;
        this.limits = Objects.requireNonNull(limits, "limits");
        this.idleTime = ListenOptions.notNegative(idleTime);
        this.proxy = proxy;
    }

    /** Ten seconds, no local address, TCP_NODELAY, no bound of the idle time, no proxy. */
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

    /** By way of which proxy, or null. */
    public @Nullable Proxy proxy() {
        return proxy;
    }

    /** The options of a socket to this address. */
    SocketOptions socketTo(SocketAddress address) {
        return address instanceof InetSocketAddress ? socket.or(StandardSocketOptions.TCP_NODELAY, true) : socket;
    }

    // ---- changed copies

    /** With this limit. */
    public ConnectOptions timeout(Duration newTimeout) {
        return new ConnectOptions(newTimeout, local, socket, limits, idleTime, proxy);
    }

    /** From this local address. */
    public ConnectOptions local(SocketAddress newLocal) {
        return new ConnectOptions(timeout, newLocal, socket, limits, idleTime, proxy);
    }

    /** With this socket option. */
    public <T> ConnectOptions option(SocketOption<T> option, T value) {
        return new ConnectOptions(timeout, local, socket.with(option, value), limits, idleTime, proxy);
    }

    /** With these bounds. */
    public ConnectOptions limits(ConnectionLimits newLimits) {
        return new ConnectOptions(timeout, local, socket, newLimits, idleTime, proxy);
    }

    /** With this bound of the idle time, zero for none: see {@link #idleTime()}. */
    public ConnectOptions idleTime(Duration newIdleTime) {
        return new ConnectOptions(timeout, local, socket, limits, newIdleTime, proxy);
    }

    /**
     * By way of this proxy: it is the proxy that is connected to, its name looked up, its addresses tried; and it connects on to the address
     * that was given to {@code connect}, all of it within the {@link #timeout()}.
     */
    public ConnectOptions through(Proxy newProxy) {
        return new ConnectOptions(timeout, local, socket, limits, idleTime, Objects.requireNonNull(newProxy, "proxy"));
    }

    @Override
    public String toString() {
        return "ConnectOptions[timeout=" + timeout + ", local=" + local + ", socket=" + socket + ", limits=" + limits
                + ", idleTime=" + idleTime + ", proxy=" + proxy + "]";
    }
}
