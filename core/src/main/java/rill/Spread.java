package rill;

import org.jspecify.annotations.Nullable;

/** Chooses the loop of an accepted connection, or of a listener whose own loop ends. Any thread. */
interface Spread {
    /** Returns null if no loop takes connections any more. */
    @Nullable
    Loop next();

    /** Chooses the same loop always. */
    static Spread onto(Loop loop) {
        return () -> loop.closing().hasBegun() ? null : loop;
    }
}
