package rill;

import org.jspecify.annotations.Nullable;

/** Chooses the loop of an accepted connection, or of a listener whose own loop ends. Any thread. */
interface Spread {
    /** Null if none takes connections any more. */
    @Nullable
    Loop next();

    /** All to one. */
    static Spread onto(Loop loop) {
        return () -> loop.closing().hasBegun() ? null : loop;
    }
}
