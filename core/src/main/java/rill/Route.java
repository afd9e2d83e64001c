package rill;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a dialed connection gets to its destination.
 *
 * @param target the destination as requested
 * @param dialed the address that is connected to: the target, or the proxy
 * @param tunnel the layer at the very bottom that makes a proxy connect onward, whatever pipelines are used above it; null if there is no proxy
 */
record Route(
        SocketAddress target,
        SocketAddress dialed,
        @Nullable ByteLayer tunnel) implements Provenance {
    static Route to(SocketAddress target, @Nullable Proxy proxy) {
        if (proxy == null) {
            return new Route(target, target, null);
        }
        SocketAddress dialed = Objects.requireNonNull(proxy.address(), "the proxy's address");
        return new Route(target, dialed, Objects.requireNonNull(proxy.to(target), "the proxy's layer"));
    }

    <R, W> Pipeline<R, W> beneath(Pipeline<R, W> above) {
        return tunnel == null ? above : above.over(tunnel);
    }

    /** A description of the attempt, for messages. */
    String purpose() {
        return "connect to " + Wording.address(target)
                + (tunnel == null ? "" : " through the proxy at " + Wording.address(dialed));
    }

    /** Adds the target to a failure of the network, which knows nothing of a target beyond the proxy. */
    Throwable told(Throwable failure) {
        if (tunnel == null || !(failure instanceof IOException)) {
            return failure;
        }
        String reason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        IOException told = like(failure, purpose() + ": " + reason);
        told.initCause(failure);
        return told;
    }

    /** Makes a failure of the same kind, as far as the kind matters to code that connects. */
    static IOException like(Throwable failure, String message) {
        if (failure instanceof DeadlineException) {
            return new DeadlineException(message);
        }
        return failure instanceof ConnectException ? new ConnectException(message) : new IOException(message);
    }
}
