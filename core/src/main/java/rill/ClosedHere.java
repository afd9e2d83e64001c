package rill;

import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * A ClosedChannelException that names the connection. Every connection that this side closes has one, and it is hardly ever read. So the message is
 * composed only when it is needed, and the stack of the close is recorded only in tracing mode.
 */
final class ClosedHere extends ClosedChannelException {
    private final @Nullable SocketAddress peer; // not the connection, which may be forgotten long before this

    /**
     * @param why the failure for which the connection was closed, if any
     */
    ClosedHere(@Nullable SocketAddress peer, boolean tracing, @Nullable Throwable why) {
        this.peer = peer;
        if (why != null) {
            initCause(why);
        }
        if (tracing) {
            super.fillInStackTrace();
        }
    }

    /** Records no stack when it is created. */
    @Override
    public Throwable fillInStackTrace() {
        return this;
    }

    @Override
    public String getMessage() {
        Throwable why = getCause();
        return Wording.connection(peer) + " was closed by this side"
                + (why == null ? "" : ", since it had failed: " + Failures.inWords(why));
    }
}
