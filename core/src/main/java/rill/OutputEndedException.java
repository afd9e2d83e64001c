package rill;

import java.io.IOException;

/**
 * A message was written after the last one that its protocol allows, such as a WebSocket's Close, which a session may have sent by itself. The
 * message is not written. Thrown by {@link Session#encode}.
 *
 * <p>Of the session at the top: the stream has no gap, so the write fails and the connection does not.
 *
 * <p>Of a layer, whose output its peer has ended: what was written above it never leaves, so the connection fails. But first everything that has
 * arrived is delivered, and what has passed the layer leaves.
 */
public final class OutputEndedException extends IOException {
    private static final long serialVersionUID = 1L;

    public OutputEndedException(String message) {
        super(message);
    }

    /**
     * For a layer.
     *
     * @param failure what the connection fails with
     */
    public OutputEndedException(IOException failure) {
        super(failure.getMessage(), failure);
    }

    /** What a connection fails with whose layer has thrown this. */
    Throwable failure() {
        Throwable given = getCause();
        return given == null ? this : given;
    }
}
