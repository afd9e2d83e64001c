package rill;

import java.io.IOException;
import java.util.concurrent.CompletionException;

/** How failures of Futures come out of {@code await} and {@code run}. */
final class Failures {
    private Failures() {}

    /** Throws Errors and unchecked exceptions as they are, returns an IOException to throw, wraps anything else. */
    static IOException asThrown(Throwable cause) {
        if (cause instanceof RuntimeException e) {
            throw e;
        }
        if (cause instanceof Error e) {
            throw e;
        }
        if (cause instanceof IOException e) {
            return e;
        }
        throw new CompletionException(cause);
    }
}
