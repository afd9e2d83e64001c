package rill;

import java.util.concurrent.CancellationException;

/** The awaited result was cancelled, or its loop was closed. */
public final class CancelledException extends CancellationException {
    private static final long serialVersionUID = 1L;

    /** Says what was cancelled. */
    public CancelledException(String message) {
        super(message);
    }
}
