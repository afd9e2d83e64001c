package rill;

import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * A ClosedChannelException that says which one. Every connection that this side closes has one, and hardly anybody reads it: the
 * message is made when it is asked for, and where close was called is noted in tracing mode only.
 */
final class ClosedHere extends ClosedChannelException {
    private final transient @Nullable Link link;

    ClosedHere(Link link) {
        this.link = link;
        if (link.loop().origins() != null) {
            super.fillInStackTrace();
        }
    }

    /** Not while it is made. */
    @Override
    public Throwable fillInStackTrace() {
        return this;
    }

    @Override
    public String getMessage() {
        return (link == null ? "connection" : link) + " was closed by this side";
    }
}
