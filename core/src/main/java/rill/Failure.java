package rill;

/**
 * Something that went wrong on a connection, for its {@link Connection#onFailure}.
 *
 * <p>The connection closes afterwards (what was written before still leaves), unless the failure is {@link #survivable()} and
 * the handler says {@link #carryOn()}.
 */
public final class Failure {
    private final Throwable cause;
    private final boolean survivable;
    private boolean carriesOn;

    Failure(Throwable cause, boolean survivable) {
        this.cause = cause;
        this.survivable = survivable;
    }

    /** What went wrong: {@link ProtocolException}, another {@link java.io.IOException}, or what a handler or encoder threw. */
    public Throwable cause() {
        return cause;
    }

    /** Whether the connection can go on: after a failure to encode, and one of a handler. Not if the stream is broken. */
    public boolean survivable() {
        return survivable;
    }

    /**
     * Keeps the connection open.
     *
     * @throws IllegalStateException if that is impossible
     */
    public void carryOn() {
        if (!survivable) {
            throw new IllegalStateException("the connection can't go on after: " + cause);
        }
        carriesOn = true;
    }

    boolean carriesOn() {
        return carriesOn;
    }
}
