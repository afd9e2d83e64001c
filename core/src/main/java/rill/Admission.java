package rill;

import org.jspecify.annotations.Nullable;

/**
 * Belongs to a connection that a listener has accepted, and tells whether that connection is still at work. All connections of a listener
 * share one, so that an idle connection is no larger for it.
 */
final class Admission implements Provenance {
    private final Listener listener;
    private final @Nullable Admission afterWork; // null if it has done its work

    /** Of connections at work. */
    Admission(Listener listener) {
        this(listener, new Admission(listener, null));
    }

    private Admission(Listener listener, @Nullable Admission afterWork) {
        this.listener = listener;
        this.afterWork = afterWork;
    }

    /** Whether the listener was closed by its user, so that no other connection comes in by it. */
    boolean isOver() {
        return listener.isOver();
    }

    boolean atWork() {
        return afterWork != null;
    }

    /** What is to be said once it has done its work. */
    Admission workDone() {
        return afterWork == null ? this : afterWork;
    }

    /** The connection is gone. */
    void gone() {
        listener.ended();
    }
}
