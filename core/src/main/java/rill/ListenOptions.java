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

/** How to listen. Immutable; each method with a parameter returns a changed copy. */
public final class ListenOptions {
    private static final ListenOptions DEFAULTS = new ListenOptions(new Values());

    /** The values of an instance. Changed only before an instance holds them. */
    private static final class Values implements Cloneable {
        private int backlog = 1024;
        private SocketOptions listener = SocketOptions.none();
        private SocketOptions socket = SocketOptions.none();
        private ConnectionLimits limits = ConnectionLimits.defaults();
        private boolean reusePort;
        private int requestsInFlight = 1024;
        private int connections = 64 * 1024;
        private Duration idleTime = Duration.ZERO;

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

    private ListenOptions(Values values) {
        this.values = values;
    }

    private ListenOptions with(Consumer<Values> change) {
        Values copy = values.clone();
        change.accept(copy);
        return new ListenOptions(copy);
    }

    private static int atLeast(int least, int number, String what) {
        if (number < least) {
            throw new IllegalArgumentException(what + " has to be at least " + least + ", not " + number);
        }
        return number;
    }

    static Duration notNegative(Duration idleTime) {
        if (idleTime.isNegative()) {
            throw new IllegalArgumentException("negative idle time: " + idleTime);
        }
        return idleTime;
    }

    /**
     * The default options: a backlog of 1,024, SO_REUSEADDR, TCP_NODELAY, 65,536 connections, 1,024 requests in flight for each, and no bound on the
     * idle time.
     */
    public static ListenOptions defaults() {
        return DEFAULTS;
    }

    // ---- what it says

    /** How many connections may wait for acceptance; 0 for the system's choice. */
    public int backlog() {
        return values.backlog;
    }

    /**
     * The value of this option of the listening socket, or null for the usual one: over TCP, SO_REUSEADDR is on, and the rest is the system's choice.
     */
    public <T> @Nullable T listenerOption(SocketOption<T> option) {
        return values.listener.get(option);
    }

    /** The value of this option of each connection, or null for the usual one: over TCP, TCP_NODELAY is on, and the rest is the system's choice. */
    public <T> @Nullable T option(SocketOption<T> option) {
        return values.socket.get(option);
    }

    /** Bounds of each connection. */
    public ConnectionLimits limits() {
        return values.limits;
    }

    /**
     * Whether every loop of a {@link LoopGroup} has its own listening socket at the address (SO_REUSEPORT). If so, the system spreads the connections
     * by a hash of their addresses, and no connection changes threads. Otherwise the first loop accepts for all, and each connection goes to the loop
     * with the fewest.
     */
    public boolean reusePort() {
        return values.reusePort;
    }

    /** How many requests of one connection {@link Serving#serve serve} accepts before it stops reading. */
    public int requestsInFlight() {
        return values.requestsInFlight;
    }

    /**
     * How many accepted connections may be open at once. At the bound, accepting pauses, which is reported as {@link Report.AcceptPaused}; further
     * connections wait in the backlog until one has ended.
     *
     * <p><b>Not guaranteed:</b> the exact bound with {@link #reusePort}. There may be one more for each additional loop.
     */
    public int connections() {
        return values.connections;
    }

    /**
     * How long a connection may be idle; zero for no bound. A connection is idle while nothing is received, nothing is sent, and no request is in
     * flight. A connection that is idle for this long fails with a {@link DeadlineException} and closes in good order.
     *
     * <p><b>Not guaranteed:</b> the exact time. It may take up to a quarter more.
     */
    public Duration idleTime() {
        return values.idleTime;
    }

    /** The options for a socket that listens at this address. */
    SocketOptions listenerAt(SocketAddress address) {
        SocketOptions wanted =
                reusePort() ? values.listener.or(StandardSocketOptions.SO_REUSEPORT, true) : values.listener;
        return address instanceof InetSocketAddress ? wanted.or(StandardSocketOptions.SO_REUSEADDR, true) : wanted;
    }

    /** The options for a connection that was accepted at this address. */
    SocketOptions socketAt(SocketAddress address) {
        return address instanceof InetSocketAddress
                ? values.socket.or(StandardSocketOptions.TCP_NODELAY, true)
                : values.socket;
    }

    // ---- changed copies

    /** With this {@link #backlog()}. */
    public ListenOptions backlog(int newBacklog) {
        atLeast(0, newBacklog, "backlog");
        return with(copy -> copy.backlog = newBacklog);
    }

    /** With this option of the listening socket. */
    public <T> ListenOptions listenerOption(SocketOption<T> option, T value) {
        return with(copy -> copy.listener = copy.listener.with(option, value));
    }

    /** With this option of each connection. */
    public <T> ListenOptions option(SocketOption<T> option, T value) {
        return with(copy -> copy.socket = copy.socket.with(option, value));
    }

    /** With these bounds of each connection. */
    public ListenOptions limits(ConnectionLimits newLimits) {
        Objects.requireNonNull(newLimits, "limits");
        return with(copy -> copy.limits = newLimits);
    }

    /** With a listening socket for each loop, or one for the whole group: see {@link #reusePort()}. */
    public ListenOptions reusePort(boolean newReusePort) {
        return with(copy -> copy.reusePort = newReusePort);
    }

    /** With at most this many requests of a connection in flight: see {@link #requestsInFlight()}. */
    public ListenOptions requestsInFlight(int newRequestsInFlight) {
        atLeast(1, newRequestsInFlight, "requestsInFlight");
        return with(copy -> copy.requestsInFlight = newRequestsInFlight);
    }

    /** With at most this many connections: see {@link #connections()}. {@link Integer#MAX_VALUE} for no bound. */
    public ListenOptions connections(int newConnections) {
        atLeast(1, newConnections, "connections");
        return with(copy -> copy.connections = newConnections);
    }

    /** With this bound on the idle time of each connection, zero for none: see {@link #idleTime()}. */
    public ListenOptions idleTime(Duration newIdleTime) {
        notNegative(newIdleTime);
        return with(copy -> copy.idleTime = newIdleTime);
    }

    @Override
    public String toString() {
        return "ListenOptions[backlog=" + backlog() + ", listenerOptions=" + values.listener + ", options="
                + values.socket + ", limits=" + limits() + ", reusePort=" + reusePort() + ", requestsInFlight="
                + requestsInFlight()
                + ", connections=" + connections() + ", idleTime=" + idleTime() + "]";
    }
}
