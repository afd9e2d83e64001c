package rill;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A connection, as an {@link Observer} sees it: the same object in every event of it. It can be asked, not used. Who keeps it keeps the connection's memory as
 * well, so let go of it when it is closed.
 *
 * <p><b>Threading:</b> any thread.
 */
public sealed interface Observed permits Link {
    /** Its loop. */
    Loop loop();

    /** Whether it came in through a {@link Listener}; else it was connected from here. */
    boolean cameIn();

    /** The peer's address. */
    SocketAddress remoteAddress();

    /** This end's address. */
    SocketAddress localAddress();

    /** What it was to be connected to, which is another address than the peer's if that is a proxy; null if it came in. */
    @Nullable
    SocketAddress target();
}
