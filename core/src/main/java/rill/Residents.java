package rill;

import java.util.List;

/**
 * What lives on a loop besides its Tasks, as {@link Tick} and {@link Closing} see it: connections, connections that are being made, and
 * listeners. {@link Links} is the only one.
 */
abstract class Residents {
    // ---- in a tick

    /** Whether something was written and not flushed. */
    abstract boolean hasDirty();

    /** Flushes what was written; the last part of a tick. */
    abstract void flushDirty();

    // ---- when the loop ends: see Closing

    /** Stops accepting; where others of a group can, they go on with it. */
    abstract void stopListening();

    /** Stops accepting, and asks every connection that came in to finish. */
    abstract void finishAccepted();

    /** Whether every connection that came in has done its work. */
    abstract boolean acceptedAreDone();

    /** Stops connecting, and asks every connection to finish. */
    abstract void finishAll();

    /** Whether nothing is left that closing the loop has to wait for. */
    abstract boolean isEmpty();

    /** Adds what is not finished, in words. */
    abstract void nameTo(List<String> survivors);

    /** Ends all at once, since the loop was closed. */
    abstract void abortAll();

    /** Ends all at once, with this cause. */
    abstract void failAll(Throwable cause);
}
