package rill;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A connection, as an {@link Observer} sees it: the same object in all of its events. It can be queried, not used. Keeping a reference keeps the
 * connection's memory as well, so drop it when the connection is closed.
 *
 * <p><b>Threading:</b> any thread.
 */
public sealed interface Observed permits Link {
    /** Its loop. */
    Loop loop();

    /** Whether the connection was accepted by a {@link Listener}; otherwise it was connected from here. */
    boolean cameIn();

    /** The peer's address. */
    SocketAddress remoteAddress();

    /** This end's address. */
    SocketAddress localAddress();

    /** The address that the connection was meant for, which differs from the peer's if the peer is a proxy; null if it was accepted. */
    @Nullable
    SocketAddress target();
}
