package rill.testkit.memory;

/** A way to break the contract of transports, for finding out whether a test notices. */
public enum Misconduct {
    /** Some bytes never arrive. */
    LOSES_BYTES,
    /** Some bytes arrive twice. */
    DOUBLES_BYTES,
    /** A wire that is closed is not told so. */
    FORGETS_CLOSED,
    /** What could not be written is not released. */
    KEEPS_BUFFERS,
    /** Who resets one connection resets another as well. */
    RESETS_ANOTHER
}
