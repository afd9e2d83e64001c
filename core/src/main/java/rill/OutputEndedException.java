package rill;

import java.io.IOException;

/**
 * A message was written after the last one that its protocol allows, such as a WebSocket's Close, which a session may have sent by itself. The
 * message is not written, and the stream has no gap, so the write fails and the connection does not. Thrown by {@link Session#encode} of the session
 * at the top.
 */
public final class OutputEndedException extends IOException {
    private static final long serialVersionUID = 1L;

    public OutputEndedException(String message) {
        super(message);
    }
}
