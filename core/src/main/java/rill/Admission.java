package rill;

import org.jspecify.annotations.Nullable;

/**
 * Belongs to a connection that a listener has accepted, and tells whether that connection is still at work. All connections of a listener share one,
 * so it does not make an idle connection larger.
 */
final class Admission implements Provenance {
    private final Listener listener;
    private final @Nullable Admission afterWork; // null in the one for connections that have done their work

    /** The Admission of connections at work. */
    Admission(Listener listener) {
        this(listener, new Admission(listener, null));
    }

    private Admission(Listener listener, @Nullable Admission afterWork) {
        this.listener = listener;
        this.afterWork = afterWork;
    }

    /** Whether the user has closed the listener, so that it accepts no other connection. */
    boolean isOver() {
        return listener.isOver();
    }

    boolean atWork() {
        return afterWork != null;
    }

    /** The Admission to use once the connection has done its work. */
    Admission workDone() {
        return afterWork == null ? this : afterWork;
    }

    /** The connection is gone. */
    void gone() {
        listener.ended();
    }
}
