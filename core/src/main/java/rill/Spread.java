package rill;

/** Chooses the loop of an accepted connection. Called on the listener's loop. */
interface Spread {
    Loop next();

    /** All to one. */
    static Spread onto(Loop loop) {
        return () -> loop;
    }
}
