package rill.http.wire;

import rill.ProtocolException;

/** The peer has violated HTTP, or exceeded a limit. Includes the status that a server would answer with. */
public final class HttpProtocolException extends ProtocolException {
    private static final long serialVersionUID = 1L;

    private final int status;

    HttpProtocolException(int position, int status, String violation) {
        super(position, violation);
        this.status = status;
    }

    HttpProtocolException(int position, String violation) {
        this(position, 400, violation);
    }

    /** Returns the status that tells a client what was wrong: 400, 414, 431, 501 or 505. */
    public int status() {
        return status;
    }
}
