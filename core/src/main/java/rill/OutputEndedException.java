package rill;

import java.io.IOException;

/**
 * A message that was written after the one that its protocol has last, such as a WebSocket's Close, which a session may have sent by itself. It is not written, and
 * nothing is missing in the stream: so the write fails, and the connection does not. Thrown by {@link Session#encode} of the session on top.
 */
public final class OutputEndedException extends IOException {
    private static final long serialVersionUID = 1L;

    public OutputEndedException(String message) {
        super(message);
    }
}
