package rill.spi.readiness;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;

/** Adds to a failure the operation and the address; the type of the failure is kept. */
public final class SocketFailures {
    private SocketFailures() {}

    /** The same failure with its message preceded by {@code doing}: {@code "connect to localhost:1: Connection refused"}. */
    public static IOException naming(String doing, IOException cause) {
        String reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        String message = doing + ": " + reason;
        IOException named = switch (cause) {
            case ConnectException e -> new ConnectException(message);
            case BindException e -> new BindException(message);
            case NoRouteToHostException e -> new NoRouteToHostException(message);
            case SocketException e -> new SocketException(message);
            default -> new IOException(message);
        };
        named.initCause(cause);
        return named;
    }

    /** The exception for an option that a transport does not support, or not for this kind of socket. */
    public static IllegalArgumentException noOption(String transport, SocketOption<?> option) {
        return new IllegalArgumentException(
                "transport " + transport + " has no option " + option.name() + " for such a socket");
    }

    /**
     * Refuses an address to which one can't connect and at which one can't listen.
     *
     * @param known whether the transport supports addresses of this kind
     * @throws IllegalArgumentException saying what to do instead
     */
    public static void requireAddress(String transport, SocketAddress address, boolean known) {
        if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
            throw new IllegalArgumentException(
                    "transport " + transport + " takes addresses, not names: " + inet + " has to be resolved first");
        }
        if (address instanceof UnixDomainSocketAddress path
                && path.getPath().toString().isEmpty()) {
            throw new IllegalArgumentException(
                    "transport " + transport
                            + " needs the path of a file in the address of a Unix domain socket, as in UnixDomainSocketAddress.of(\"/run/my.socket\")");
        }
        if (!known) {
            throw new IllegalArgumentException("transport " + transport + " has no addresses of type "
                    + address.getClass().getName() + ": " + address);
        }
    }

    /**
     * Refuses a close that lingers, which would block the loop.
     *
     * @throws IllegalArgumentException saying what to do instead
     */
    public static void requireNoLinger(String transport, SocketOption<?> option, Object value) {
        if (option == StandardSocketOptions.SO_LINGER && (Integer) value > 0) {
            throw new IllegalArgumentException(
                    "transport " + transport + " takes no SO_LINGER of " + value
                            + " s: a close that lingers would block the loop; 0 resets, and a connection's own close waits without it");
        }
    }
}
