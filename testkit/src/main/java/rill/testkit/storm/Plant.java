package rill.testkit.storm;

import org.jspecify.annotations.Nullable;
import rill.testkit.memory.Misconduct;

/** Faults that a world in memory can be given, to see that storms find them: one for each law at least. */
enum Plant {
    /** The network loses some bytes. */
    LOSES(1, Misconduct.LOSES_BYTES),
    /** The network gives some bytes twice. */
    DOUBLES(1, Misconduct.DOUBLES_BYTES),
    /** A connection that is closed is not told so. */
    FORGETS_CLOSED(2, Misconduct.FORGETS_CLOSED),
    /** What could not be written is not released. */
    KEEPS_BUFFERS(3, Misconduct.KEEPS_BUFFERS),
    /** Memory is not given back. */
    KEEPS_MEMORY(3, null),
    /** Who resets one connection resets another as well. */
    RESETS_ANOTHER(4, Misconduct.RESETS_ANOTHER),
    /** A server answers with what is for another call. */
    WRONG_ANSWER(5, null),
    /** A call is given up before its time. */
    HURRIES(6, null),
    /** What is reported reaches nobody. */
    SILENT(7, null);

    final int law;
    final @Nullable Misconduct misconduct; // of the transport, if it is that

    Plant(int law, @Nullable Misconduct misconduct) {
        this.law = law;
        this.misconduct = misconduct;
    }
}
