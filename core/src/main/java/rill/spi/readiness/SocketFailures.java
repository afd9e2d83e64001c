package rill.spi.readiness;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketOption;

/** Says in a failure what was being done and with whom; the type of the failure stays. */
public final class SocketFailures {
    private SocketFailures() {}

    /** The same failure, its message preceded by {@code doing}: {@code "connect to localhost:1: Connection refused"}. */
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

    /** What a caller is told who asks for an option that a transport has not, or not for such a socket. */
    public static IllegalArgumentException noOption(String transport, SocketOption<?> option) {
        return new IllegalArgumentException(
                "transport " + transport + " has no option " + option.name() + " for such a socket");
    }
}
