package rill;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.spi.SocketOptions;

/** How to connect. Immutable; each method with a parameter returns a changed copy. */
public final class ConnectOptions {
    private static final ConnectOptions DEFAULTS = new ConnectOptions(new Values());

    /** The values of an instance. Changed only before an instance holds them. */
    private static final class Values implements Cloneable {
        private Duration timeout = Duration.ofSeconds(10);
        private @Nullable SocketAddress local;
        private SocketOptions socket = SocketOptions.none();
        private ConnectionLimits limits = ConnectionLimits.defaults();
        private Duration idleTime = Duration.ZERO;
        private @Nullable Proxy proxy;

        @Override
        public Values clone() {
            try {
                return (Values) super.clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final Values values;

    private ConnectOptions(Values values) {
        this.values = values;
    }

    private ConnectOptions with(Consumer<Values> change) {
        Values copy = values.clone();
        change.accept(copy);
        return new ConnectOptions(copy);
    }

    /** The default options: ten seconds, no local address, TCP_NODELAY, no bound on the idle time, no proxy. */
    public static ConnectOptions defaults() {
        return DEFAULTS;
    }

    // ---- what it says

    /** The time limit for all of connecting: looking up the name, trying its addresses, and its layers becoming ready. */
    public Duration timeout() {
        return values.timeout;
    }

    /** The address to bind first, or null. */
    public @Nullable SocketAddress local() {
        return values.local;
    }

    /** The value of this socket option, or null for the usual one: over TCP, TCP_NODELAY is on, and the rest is the system's choice. */
    public <T> @Nullable T option(SocketOption<T> option) {
        return values.socket.get(option);
    }

    /** The bounds of the connection. */
    public ConnectionLimits limits() {
        return values.limits;
    }

    /**
     * How long the connection may be idle; zero for no bound. It is idle while nothing is received, nothing is sent, and no call is in flight or
     * waits. If it is idle for this long, it fails with a {@link DeadlineException} and closes in good order.
     *
     * <p><b>Not guaranteed:</b> the exact time. It may take up to a quarter more.
     */
    public Duration idleTime() {
        return values.idleTime;
    }

    /** The proxy to connect through, or null. */
    public @Nullable Proxy proxy() {
        return values.proxy;
    }

    /** The options for a socket to this address. */
    SocketOptions socketTo(SocketAddress address) {
        return address instanceof InetSocketAddress
                ? values.socket.or(StandardSocketOptions.TCP_NODELAY, true)
                : values.socket;
    }

    // ---- changed copies

    /** With this limit. */
    public ConnectOptions timeout(Duration newTimeout) {
        if (newTimeout.isNegative()) {
            throw new IllegalArgumentException("negative connect timeout: " + newTimeout);
        }
        return with(copy -> copy.timeout = newTimeout);
    }

    /** From this local address. */
    public ConnectOptions local(SocketAddress newLocal) {
        Objects.requireNonNull(newLocal, "local");
        return with(copy -> copy.local = newLocal);
    }

    /** With this socket option. */
    public <T> ConnectOptions option(SocketOption<T> option, T value) {
        return with(copy -> copy.socket = copy.socket.with(option, value));
    }

    /** With these bounds. */
    public ConnectOptions limits(ConnectionLimits newLimits) {
        Objects.requireNonNull(newLimits, "limits");
        return with(copy -> copy.limits = newLimits);
    }

    /** With this bound on the idle time, zero for none: see {@link #idleTime()}. */
    public ConnectOptions idleTime(Duration newIdleTime) {
        ListenOptions.notNegative(newIdleTime);
        return with(copy -> copy.idleTime = newIdleTime);
    }

    /**
     * With this proxy: the connection is made to the proxy, whose name is looked up and whose addresses are tried; the proxy then connects to the
     * address passed to {@code connect}. All of this has to happen within the {@link #timeout()}.
     */
    public ConnectOptions proxy(Proxy newProxy) {
        Objects.requireNonNull(newProxy, "proxy");
        return with(copy -> copy.proxy = newProxy);
    }

    @Override
    public String toString() {
        return "ConnectOptions[timeout=" + timeout() + ", local=" + local() + ", options=" + values.socket + ", limits="
                + limits() + ", idleTime=" + idleTime() + ", proxy=" + proxy() + "]";
    }
}
