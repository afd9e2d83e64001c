package rill.http.wire;

import rill.ProtocolException;

/** The peer has broken HTTP, or went beyond a limit. What a server would answer comes with it. */
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

    /** The status that tells a client what was wrong: 400, 414, 431, 501 or 505. */
    public int status() {
        return status;
    }
}
