package rill;

import org.jspecify.annotations.Nullable;

/**
 * Something that went wrong on a connection, for its {@link Connection#onFailure}.
 *
 * <p>The connection closes afterwards (what was written before still leaves), unless the failure is {@link #survivable()} and
 * the handler says {@link #carryOn()}. A message that can't be written is such a failure, so that no stream has a gap unless the
 * connection's owner has asked to go on: one that can't be encoded, or that came while as many bytes as the hard limit of
 * {@link ConnectionLimits} were waiting.
 *
 * <p><b>Errors:</b> what the handler throws is reported. If something else goes wrong on the connection before the handler returns, such
 * as a write of its own, the handler is not called again: the connection closes.
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

    /** Whether the connection can go on: after a message that was not written, and after what a handler threw. Not if a stream is broken. */
    public boolean survivable() {
        return survivable;
    }

    /**
     * Keeps the connection open. A message that was not written is missing from the stream then; what is written later leaves.
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
     * Has it reported as if there were no handler, if the connection closes of it and nobody else has been told: for a handler that
     * knows what to do about some failures only.
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

    /** Something else went wrong while the handler was told of this, or afterwards. */
    void followedBy(Throwable other) {
        if (followed == null) {
            followed = other;
        }
        if (other != cause) {
            cause.addSuppressed(other);
        }
    }

    /** What ends the connection although the handler has said that it carries on; null if nothing does. */
    @Nullable
    Throwable overruledBy() {
        return carriesOn ? followed : null;
    }
}
