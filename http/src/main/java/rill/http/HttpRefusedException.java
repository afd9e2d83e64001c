package rill.http;

import java.io.IOException;

/** The refusal of a request. If a handler throws it, or its Future fails with it, the server answers with its status and its message, and reports nothing. */
public final class HttpRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * A refusal.
     *
     * @param status from 400 to 599
     * @param message is sent to the client
     */
    public HttpRefusedException(int status, String message) {
        super(message);
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("the status of an error, from 400 to 599, not " + status);
        }
        this.status = status;
    }

    /** Returns the status of the answer. */
    public int status() {
        return status;
    }
}
