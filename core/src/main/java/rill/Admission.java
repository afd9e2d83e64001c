package rill;

import org.jspecify.annotations.Nullable;

/**
 * Belongs to a connection that a listener has accepted, and tells whether that connection is still at work. All connections of a listener
 * share one, so that an idle connection is no larger for it.
 */
final class Admission {
    private final Runnable whenGone;
    private final @Nullable Admission afterWork; // null if it has done its work

    /** Of connections at work. */
    Admission(Runnable whenGone) {
        this(whenGone, new Admission(whenGone, null));
    }

    private Admission(Runnable whenGone, @Nullable Admission afterWork) {
        this.whenGone = whenGone;
        this.afterWork = afterWork;
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
        whenGone.run();
    }
}
