package rill;

import org.jspecify.annotations.Nullable;

/**
 * A failure of a connection, passed to its {@link Connection#onFailure}.
 *
 * <p>The connection closes afterwards (what was written before still leaves), unless the failure is {@link #survivable()} and the handler calls
 * {@link #carryOn()}. A message that can't be written is such a failure, so that no stream has a gap unless the connection's owner has asked to
 * continue. This is a message that can't be encoded, or that was written while as many bytes as the hard limit of {@link ConnectionLimits} were
 * waiting.
 *
 * <p><b>Errors:</b> what the handler throws is reported. If something else goes wrong on the connection before the handler returns, such as a write
 * by the handler, the handler is not called again: the connection closes.
 */
public final class Failure {
    private final Throwable cause;
    private final boolean survivable;
    private boolean carriesOn;
    private @Nullable Throwable followed;
    private boolean reported;

    Failure(Throwable cause, boolean survivable) {
        this.cause = cause;
        this.survivable = survivable;
    }

    /** What went wrong: {@link ProtocolException}, another {@link java.io.IOException}, or what a handler or encoder threw. */
    public Throwable cause() {
        return cause;
    }

    /** Whether the connection can continue: true after a message that was not written, or an exception from a handler; false if a stream is broken. */
    public boolean survivable() {
        return survivable;
    }

    /**
     * Keeps the connection open. A message that was not written is then missing from the stream; later writes leave.
     *
     * @throws IllegalStateException if that is impossible
     */
    public void carryOn() {
        if (!survivable) {
            throw new IllegalStateException("the connection can't go on after: " + cause);
        }
        carriesOn = true;
    }

    /**
     * Has the failure reported as if there were no handler, if the connection closes because of it and nobody else has been notified: for a handler
     * that can handle only some failures.
     */
    public void report() {
        reported = true;
    }

    boolean isToBeReported() {
        return reported;
    }

    boolean carriesOn() {
        return carriesOn && followed == null;
    }

    /** Records that something else went wrong during the call of the handler or afterwards. */
    void followedBy(Throwable other) {
        if (followed == null) {
            followed = other;
        }
        if (other != cause) {
            cause.addSuppressed(other);
        }
    }

    /** What ends the connection although the handler has called {@link #carryOn()}; null if nothing does. */
    @Nullable
    Throwable overruledBy() {
        return carriesOn ? followed : null;
    }
}
