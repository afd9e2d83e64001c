package rill.http;

import java.io.IOException;

/** A body has more bytes than its reader accepts. A server whose handler fails with it answers 413, unless it was that of a response. */
public final class BodyTooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    final boolean ofResponse;

    /** @param ofResponse whether it is the body of a response to this side */
    BodyTooLargeException(String message, boolean ofResponse) {
        super(message);
        this.ofResponse = ofResponse;
    }
}
