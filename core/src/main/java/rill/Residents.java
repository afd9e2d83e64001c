package rill;

import java.util.List;

/**
 * What lives on a loop besides its Tasks, as {@link Tick} and {@link Closing} see it: connections, connections being made, and listeners.
 * {@link Links} is the only implementation.
 */
abstract class Residents {
    // ---- in a tick

    /** Whether something was written and not flushed. */
    abstract boolean hasDirty();

    /** Flushes what was written; the last part of a tick. */
    abstract void flushDirty();

    // ---- when the loop ends: see Closing

    /** Stops accepting; other loops of a group continue if they can. */
    abstract void stopListening();

    /** Stops accepting, and asks every accepted connection to finish. */
    abstract void finishAccepted();

    /** Whether every accepted connection has finished its work. */
    abstract boolean acceptedAreDone();

    /** Stops connecting, and asks every connection to finish. */
    abstract void finishAll();

    /** Whether nothing is left that closing the loop has to wait for. */
    abstract boolean isEmpty();

    /** Adds descriptions of what is not finished. */
    abstract void nameTo(List<String> survivors);

    /** Ends everything at once, since the loop was closed. */
    abstract void abortAll();

    /** Ends everything at once, with this cause. */
    abstract void failAll(Throwable cause);
}
