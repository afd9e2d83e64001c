package rill.testkit.storm;

import org.jspecify.annotations.Nullable;
import rill.testkit.memory.Misconduct;

/** Faults that a world in memory can have, to show that storms find them: at least one for each law. */
enum Plant {
    /** The network loses some bytes. */
    LOSES(1, Misconduct.LOSES_BYTES),
    /** The network duplicates some bytes. */
    DOUBLES(1, Misconduct.DOUBLES_BYTES),
    /** The owner of a closed connection is not notified. */
    FORGETS_CLOSED(2, Misconduct.FORGETS_CLOSED),
    /** A writer that waits for room is told only that the connection is closed. */
    KEEPS_WRITERS_WAITING(2, null),
    /** Buffers that could not be written are not released. */
    KEEPS_BUFFERS(3, Misconduct.KEEPS_BUFFERS),
    /** Memory is not given back. */
    KEEPS_MEMORY(3, null),
    /** Resetting one connection resets another as well. */
    RESETS_ANOTHER(4, Misconduct.RESETS_ANOTHER),
    /** Reading many bytes fails for no reason. */
    FAILS_READS(4, Misconduct.FAILS_READS),
    /** A server gives the answer to another call. */
    WRONG_ANSWER(5, null),
    /** A call is given up before its deadline. */
    HURRIES(6, null),
    /** A call is given up long after its deadline. */
    DAWDLES(6, null),
    /** A call by key that has failed is said to have never been sent. */
    WRONG_FATE(7, null),
    /** Reports reach nobody. */
    SILENT(7, null);

    final int law;
    final @Nullable Misconduct misconduct; // of the transport, if the fault is one of it

    Plant(int law, @Nullable Misconduct misconduct) {
        this.law = law;
        this.misconduct = misconduct;
    }
}
