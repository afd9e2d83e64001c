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
    /** Buffers that could not be written are not released. */
    KEEPS_BUFFERS(3, Misconduct.KEEPS_BUFFERS),
    /** Memory is not given back. */
    KEEPS_MEMORY(3, null),
    /** Resetting one connection resets another as well. */
    RESETS_ANOTHER(4, Misconduct.RESETS_ANOTHER),
    /** A server gives the answer to another call. */
    WRONG_ANSWER(5, null),
    /** A call is given up before its deadline. */
    HURRIES(6, null),
    /** Reports reach nobody. */
    SILENT(7, null);

    final int law;
    final @Nullable Misconduct misconduct; // of the transport, if the fault is one of it

    Plant(int law, @Nullable Misconduct misconduct) {
        this.law = law;
        this.misconduct = misconduct;
    }
}
