package rill;

import org.jspecify.annotations.Nullable;

/** A part of Rill that waits for a Future: a derived Future, a Task, a parked thread. */
interface Dependent {
    /** The Future is done. Called once, on the Future's loop, within the Handle that runs its callbacks. */
    void settled(Future<?> source);

    /** The loop on which this is waiting; null for a thread outside. */
    @Nullable
    Loop home();
}
