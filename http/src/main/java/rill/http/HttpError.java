package rill.http;

import org.jspecify.annotations.Nullable;

/**
 * An error to which a server itself gives the answer, since there is none of a handler, or none that can be sent: see
 * {@link HttpServerOptions#errorAnswers(java.util.function.Function)}. Immutable.
 */
public final class HttpError {
    private final int status;
    private final String why;
    private final @Nullable HttpRequest request;
    private final @Nullable Throwable cause;

    HttpError(int status, String why, @Nullable HttpRequest request, @Nullable Throwable cause) {
        this.status = status;
        this.why = why;
        this.request = request;
        this.cause = cause;
    }

    /** Returns the status of the answer, from 400 to 599. */
    public int status() {
        return status;
    }

    /** Returns the reason in words that the client may read; empty if there is nothing to tell it, as of a failure of this side. */
    public String why() {
        return why;
    }

    /** Returns the request; null if its head could not be read. */
    public @Nullable HttpRequest request() {
        return request;
    }

    /**
     * Returns what the handler, or its response, has failed with; null if it did not fail. Not for the client: it may contain secrets. A failure that
     * is not an answer to the client's mistake is reported as well.
     */
    public @Nullable Throwable cause() {
        return cause;
    }

    @Override
    public String toString() {
        return status + (why.isEmpty() ? "" : " " + why) + (request == null ? "" : " to " + request.method());
    }
}
