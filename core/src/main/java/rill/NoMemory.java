package rill;

import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;

/** There is no memory for a buffer. The connection that wanted the buffer fails, with the {@link IOException} that this carries. */
final class NoMemory extends UncheckedIOException {
    @Serial
    private static final long serialVersionUID = 1;

    private final IOException failure;

    NoMemory(String message, OutOfMemoryError cause) {
        IOException failure = new IOException(message, cause);
        super(message, failure);
        this.failure = failure;
    }

    /** Returns the failure to report: the IOException itself, without the wrapper that carried it through methods which declare none. */
    static Throwable unwrapped(Throwable thrown) {
        return thrown instanceof NoMemory refused ? refused.failure : thrown;
    }
}
