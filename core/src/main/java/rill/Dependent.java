package rill;

import org.jspecify.annotations.Nullable;

/** A part of Rill that waits for a Future: a derived Future, a Task, a parked thread. */
interface Dependent {
    /** The Future is done. Called once, on the Future's loop, within the Handle that runs its callbacks. */
    void settled(Future<?> source);

    /** Called instead of {@link #settled}, on any thread, if it is not {@link #toldAfterClose}. */
    default void closedBefore(Future<?> source) {}

    /** The loop on which this is waiting; null for a thread outside. */
    @Nullable
    BareLoop home();

    /** Whether it is told of a Future of this loop even after the close of that. */
    default boolean toldAfterClose(BareLoop loop) {
        return home() != loop;
    }

    /** Whether the Future has to be told off if its loop closes, since this goes on waiting. */
    default boolean waitsElsewhere(BareLoop loop) {
        return home() != loop && home() != null;
    }

    /** Whether this is a reason for the Future to go on. What Rill does for itself at a Future's end is none. */
    default boolean counts() {
        return true;
    }

    /** Whether the value is for this: then the Future itself keeps it for nobody else. */
    default boolean owns() {
        return true;
    }
}
