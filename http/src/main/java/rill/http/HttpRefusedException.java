package rill.http;

import java.io.IOException;

/** What a request is refused for: a handler that throws it, or whose Future fails with it, is answered for with its status and its message, and nothing is reported. */
public final class HttpRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * A refusal.
     *
     * @param status from 400 to 599
     * @param message which the client is told
     */
    public HttpRefusedException(int status, String message) {
        super(message);
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("the status of an error, from 400 to 599, not " + status);
        }
        this.status = status;
    }

    /** What it is answered with. */
    public int status() {
        return status;
    }
}
