package rill;

import org.jspecify.annotations.Nullable;

/** The outcome of a Future that failed, and whether it has been looked at. */
final class Failed {
    final Throwable cause;
    final @Nullable String connection; // the connection whose failure it is, if any
    private FailureWatch.@Nullable Entry watch;
    private boolean observed;

    Failed(Throwable cause) {
        this(cause, null);
    }

    Failed(Throwable cause, @Nullable String connection) {
        this.cause = cause;
        this.connection = connection;
    }

    boolean isCancelled() {
        return cause instanceof CancelledException;
    }

    /** Whether nobody needs to be notified: it was cancelled, or is a call without an answer when its loop was closed, which names those. */
    boolean wanted() {
        return isCancelled()
                || (cause instanceof CallFailedException && cause.getCause() instanceof CancelledException);
    }

    /** Whether it will be reported unless somebody looks. */
    synchronized boolean isWatched() {
        return watch != null;
    }

    /** Nobody has looked so far: {@code entry} will report it, unless that changes. */
    synchronized void watchedBy(FailureWatch.Entry entry) {
        if (observed) {
            entry.dismiss();
        } else {
            watch = entry;
        }
    }

    /** The failure was looked at: there is nothing to report any more. */
    synchronized void observed() {
        observed = true;
        if (watch != null) {
            watch.dismiss();
            watch = null;
        }
    }
}
