package rill.http;

import java.io.IOException;
import java.net.URI;

/** A response whose status is not one of success: see {@link ClientResponse#orThrow}. */
public final class HttpStatusException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final URI uri;

    HttpStatusException(int status, URI uri, String message) {
        super(message);
        this.status = status;
        this.uri = uri;
    }

    /** Returns the status, such as 404. */
    public int status() {
        return status;
    }

    /** Returns the URI that the response is from, after redirections. The message has it without the query, which may contain secrets. */
    public URI uri() {
        return uri;
    }
}
