package rill;

import java.io.IOException;
import java.util.concurrent.CompletionException;

/** Turns the failure of a Future into what {@code await} and {@code run} throw. */
final class Failures {
    private Failures() {}

    /** Describes what went wrong, for use within another message. */
    static String inWords(Throwable cause) {
        try {
            String message = cause.getMessage();
            return cause instanceof IOException && message != null ? message : cause.toString();
        } catch (Throwable t) {
            return describe(cause);
        }
    }

    /** As {@code toString()}, which is foreign code and may throw as well. */
    static String describe(Throwable failure) {
        try {
            return String.valueOf(failure);
        } catch (Throwable t) {
            return failure.getClass().getName() + " (whose toString() throws "
                    + t.getClass().getName() + ")";
        }
    }

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
