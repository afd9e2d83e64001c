package rill;

import java.net.SocketOption;
import java.net.StandardSocketOptions;
import rill.spi.SocketOptions;

/**
 * How to listen; immutable, each method gives a changed copy.
 *
 * @param backlog how many connections may wait for acceptance; 0 for the system's choice
 * @param listener options of the listening socket; SO_REUSEADDR is on unless said otherwise
 * @param socket options of each connection; TCP_NODELAY is on unless said otherwise
 * @param limits bounds of each connection
 * @param requestsInProgress how many requests of one connection {@link Loop#serve} takes on before it stops reading
 */
public record ListenOptions(
        int backlog, SocketOptions listener, SocketOptions socket, ConnectionLimits limits, int requestsInProgress) {
    private static final ListenOptions DEFAULTS = new ListenOptions(
            1024,
            SocketOptions.none().with(StandardSocketOptions.SO_REUSEADDR, true),
            SocketOptions.none().with(StandardSocketOptions.TCP_NODELAY, true),
            ConnectionLimits.defaults(),
            1024);

    /** Checks the numbers. */
    public ListenOptions {
        if (backlog < 0 || requestsInProgress < 1) {
            throw new IllegalArgumentException("backlog has to be at least 0 and requestsInProgress at least 1, not "
                    + backlog + ", " + requestsInProgress);
        }
    }

    /** A backlog of 1,024, SO_REUSEADDR, TCP_NODELAY, and 1,024 requests in progress per connection. */
    public static ListenOptions defaults() {
        return DEFAULTS;
    }

    /** With this backlog. */
    public ListenOptions backlog(int newBacklog) {
        return new ListenOptions(newBacklog, listener, socket, limits, requestsInProgress);
    }

    /** With this option of the listening socket. */
    public <T> ListenOptions listenerOption(SocketOption<T> option, T value) {
        return new ListenOptions(backlog, listener.with(option, value), socket, limits, requestsInProgress);
    }

    /** With this option of each connection. */
    public <T> ListenOptions option(SocketOption<T> option, T value) {
        return new ListenOptions(backlog, listener, socket.with(option, value), limits, requestsInProgress);
    }

    /** With these bounds of each connection. */
    public ListenOptions limits(ConnectionLimits newLimits) {
        return new ListenOptions(backlog, listener, socket, newLimits, requestsInProgress);
    }

    /** With this many requests of a connection in progress at most. */
    public ListenOptions requestsInProgress(int newRequestsInProgress) {
        return new ListenOptions(backlog, listener, socket, limits, newRequestsInProgress);
    }
}
