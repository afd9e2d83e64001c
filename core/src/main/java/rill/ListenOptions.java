package rill;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Objects;
import rill.spi.SocketOptions;

/** How to listen; immutable, each method that takes an argument gives a changed copy. */
public final class ListenOptions {
    private static final ListenOptions DEFAULTS = new ListenOptions(
            1024,
            SocketOptions.none(),
            SocketOptions.none(),
            ConnectionLimits.defaults(),
            false,
            1024,
            64 * 1024,
            Duration.ZERO);

    private final int backlog;
    private final SocketOptions listener;
    private final SocketOptions socket;
    private final ConnectionLimits limits;
    private final boolean reusePort;
    private final int requestsInFlight;
    private final int connections;
    private final Duration idleTime;

    private ListenOptions(
            int backlog,
            SocketOptions listener,
            SocketOptions socket,
            ConnectionLimits limits,
            boolean reusePort,
            int requestsInFlight,
            int connections,
            Duration idleTime) {
        this.backlog = atLeast(0, backlog, "backlog");
        this.listener = listener;
        this.socket = socket;
        this.limits = Objects.requireNonNull(limits, "limits");
        this.reusePort = reusePort;
        this.requestsInFlight = atLeast(1, requestsInFlight, "requestsInFlight");
        this.connections = atLeast(1, connections, "connections");
        this.idleTime = notNegative(idleTime);
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
     * A backlog of 1,024, SO_REUSEADDR, TCP_NODELAY, 65,536 connections, 1,024 requests in flight for each, and no bound of the idle
     * time.
     */
    public static ListenOptions defaults() {
        return DEFAULTS;
    }

    // ---- what it says

    /** How many connections may wait for acceptance; 0 for the system's choice. */
    public int backlog() {
        return backlog;
    }

    /** Options of the listening socket; over TCP, SO_REUSEADDR is on unless said otherwise. */
    public SocketOptions listener() {
        return listener;
    }

    /** Options of each connection; over TCP, TCP_NODELAY is on unless said otherwise. */
    public SocketOptions socket() {
        return socket;
    }

    /** Bounds of each connection. */
    public ConnectionLimits limits() {
        return limits;
    }

    /**
     * Whether every loop of a {@link LoopGroup} has a listening socket of its own at the address (SO_REUSEPORT). Then the system spreads the
     * connections, by a hash of their addresses, and no connection changes threads. Otherwise the first loop accepts for all, and each
     * connection goes to the loop with the fewest.
     */
    public boolean reusePort() {
        return reusePort;
    }

    /** How many requests of one connection {@link Serving#serve serve} takes on before it stops reading. */
    public int requestsInFlight() {
        return requestsInFlight;
    }

    /**
     * How many accepted connections may be open at once. At the bound accepting pauses, which is reported as {@link
     * Report.AcceptPaused}; further connections wait in the backlog, until one has ended.
     *
     * <p><b>Not guaranteed:</b> the exact bound with {@link #reusePort}. There may be one more for each further loop.
     */
    public int connections() {
        return connections;
    }

    /**
     * How long a connection may be idle; zero for no bound. A connection is idle while nothing is received, nothing is sent, and no request is in
     * flight. One that is idle for this long fails with a {@link DeadlineException} and closes in good order.
     *
     * <p><b>Not guaranteed:</b> the exact time. It may take up to a quarter more.
     */
    public Duration idleTime() {
        return idleTime;
    }

    /** The options of a socket that listens at this address. */
    SocketOptions listenerAt(SocketAddress address) {
        SocketOptions wanted = reusePort ? listener.or(StandardSocketOptions.SO_REUSEPORT, true) : listener;
        return address instanceof InetSocketAddress ? wanted.or(StandardSocketOptions.SO_REUSEADDR, true) : wanted;
    }

    /** The options of a connection that was accepted at this address. */
    SocketOptions socketAt(SocketAddress address) {
        return address instanceof InetSocketAddress ? socket.or(StandardSocketOptions.TCP_NODELAY, true) : socket;
    }

    // ---- changed copies

    /** With this {@link #backlog()}. */
    public ListenOptions backlog(int newBacklog) {
        return new ListenOptions(
                newBacklog, listener, socket, limits, reusePort, requestsInFlight, connections, idleTime);
    }

    /** With this option of the listening socket. */
    public <T> ListenOptions listenerOption(SocketOption<T> option, T value) {
        return new ListenOptions(
                backlog,
                listener.with(option, value),
                socket,
                limits,
                reusePort,
                requestsInFlight,
                connections,
                idleTime);
    }

    /** With this option of each connection. */
    public <T> ListenOptions option(SocketOption<T> option, T value) {
        return new ListenOptions(
                backlog,
                listener,
                socket.with(option, value),
                limits,
                reusePort,
                requestsInFlight,
                connections,
                idleTime);
    }

    /** With these bounds of each connection. */
    public ListenOptions limits(ConnectionLimits newLimits) {
        return new ListenOptions(
                backlog, listener, socket, newLimits, reusePort, requestsInFlight, connections, idleTime);
    }

    /** With a listening socket of each loop's own, or one for all of a group: see {@link #reusePort()}. */
    public ListenOptions reusePort(boolean newReusePort) {
        return new ListenOptions(
                backlog, listener, socket, limits, newReusePort, requestsInFlight, connections, idleTime);
    }

    /** With at most this many requests of a connection in flight: see {@link #requestsInFlight()}. */
    public ListenOptions requestsInFlight(int newRequestsInFlight) {
        return new ListenOptions(
                backlog, listener, socket, limits, reusePort, newRequestsInFlight, connections, idleTime);
    }

    /** With at most this many connections: see {@link #connections()}. {@link Integer#MAX_VALUE} for no bound. */
    public ListenOptions connections(int newConnections) {
        return new ListenOptions(
                backlog, listener, socket, limits, reusePort, requestsInFlight, newConnections, idleTime);
    }

    /** With this bound of the idle time of each connection, zero for none: see {@link #idleTime()}. */
    public ListenOptions idleTime(Duration newIdleTime) {
        return new ListenOptions(
                backlog, listener, socket, limits, reusePort, requestsInFlight, connections, newIdleTime);
    }

    @Override
    public String toString() {
        return "ListenOptions[backlog=" + backlog + ", listener=" + listener + ", socket=" + socket + ", limits="
                + limits + ", reusePort=" + reusePort + ", requestsInFlight=" + requestsInFlight + ", connections="
                + connections + ", idleTime=" + idleTime + "]";
    }
}
