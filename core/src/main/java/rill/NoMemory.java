package rill;

import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;

/** A buffer can't be had. The connection that wanted it fails, and its failure is the {@link IOException} within. */
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
