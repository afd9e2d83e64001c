package rill.http;

import java.io.IOException;

/** A body has more bytes than its reader accepts. A server whose handler fails with it answers 413. */
public final class BodyTooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    BodyTooLargeException(String message) {
        super(message);
    }
}
