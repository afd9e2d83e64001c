package rill;

import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;

/** No memory for a buffer. The connection that wanted the buffer fails, with the {@link IOException} that this carries. */
final class NoMemory extends UncheckedIOException {
    @Serial
    private static final long serialVersionUID = 1;

    private final IOException failure;

    NoMemory(String message, OutOfMemoryError cause) {
        IOException failure = new IOException(message, cause);
        super(message, failure);
        this.failure = failure;
    }

    /** What is to be told: the failure itself, without the wrapping that took it through methods which declare no IOException. */
    static Throwable unwrapped(Throwable thrown) {
        return thrown instanceof NoMemory refused ? refused.failure : thrown;
    }
}
