package rill.testkit.memory;

/** A way to break the contract of transports, for checking that a test notices. */
public enum Misconduct {
    /** Some bytes never arrive. */
    LOSES_BYTES,
    /** Some bytes arrive twice. */
    DOUBLES_BYTES,
    /** A closed wire's listener is not notified. */
    FORGETS_CLOSED,
    /** Buffers that could not be written are not released. */
    KEEPS_BUFFERS,
    /** Resetting one connection resets another as well. */
    RESETS_ANOTHER,
    /** Reading many bytes at once fails, although nothing is wrong with the connection. */
    FAILS_READS
}
