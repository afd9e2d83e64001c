package rill;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import rill.spi.SocketOptions;

/**
 * How to listen; immutable, each method gives a changed copy.
 *
 * @param backlog how many connections may wait for acceptance; 0 for the system's choice
 * @param listener options of the listening socket; over TCP, SO_REUSEADDR is on unless said otherwise
 * @param socket options of each connection; over TCP, TCP_NODELAY is on unless said otherwise
 * @param limits bounds of each connection
 * @param reusePort whether every loop of a {@link LoopGroup} has a listening socket of its own at the address (SO_REUSEPORT), so
 *     that the system spreads the connections, by a hash of their addresses, and none changes threads; otherwise the first loop
 *     accepts for all, and each connection goes to the loop with the fewest
 * @param requestsInFlight how many requests of one connection {@link Loop#serve} takes on before it stops reading
 */
public record ListenOptions(
        int backlog,
        SocketOptions listener,
        SocketOptions socket,
        ConnectionLimits limits,
        boolean reusePort,
        int requestsInFlight) {
    private static final ListenOptions DEFAULTS = new ListenOptions(
            1024, SocketOptions.none(), SocketOptions.none(), ConnectionLimits.defaults(), false, 1024);

    /** Checks the numbers. */
    public ListenOptions {
        if (backlog < 0 || requestsInFlight < 1) {
            throw new IllegalArgumentException("backlog has to be at least 0 and requestsInFlight at least 1, not "
                    + backlog + ", " + requestsInFlight);
        }
    }

    /** A backlog of 1,024, SO_REUSEADDR, TCP_NODELAY, and 1,024 requests in flight per connection. */
    public static ListenOptions defaults() {
        return DEFAULTS;
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

    /** With this backlog. */
    public ListenOptions backlog(int newBacklog) {
        return new ListenOptions(newBacklog, listener, socket, limits, reusePort, requestsInFlight);
    }

    /** With this option of the listening socket. */
    public <T> ListenOptions listenerOption(SocketOption<T> option, T value) {
        return new ListenOptions(backlog, listener.with(option, value), socket, limits, reusePort, requestsInFlight);
    }

    /** With this option of each connection. */
    public <T> ListenOptions option(SocketOption<T> option, T value) {
        return new ListenOptions(backlog, listener, socket.with(option, value), limits, reusePort, requestsInFlight);
    }

    /** With these bounds of each connection. */
    public ListenOptions limits(ConnectionLimits newLimits) {
        return new ListenOptions(backlog, listener, socket, newLimits, reusePort, requestsInFlight);
    }

    /** With a listening socket of each loop's own, or one for all of a group. */
    public ListenOptions reusePort(boolean newReusePort) {
        return new ListenOptions(backlog, listener, socket, limits, newReusePort, requestsInFlight);
    }

    /** With this many requests of a connection in flight at most. */
    public ListenOptions requestsInFlight(int newRequestsInFlight) {
        return new ListenOptions(backlog, listener, socket, limits, reusePort, newRequestsInFlight);
    }
}
