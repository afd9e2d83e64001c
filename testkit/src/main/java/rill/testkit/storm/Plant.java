package rill.testkit.storm;

/** Faults that a world in memory can be given, to see that storms find them: one for each law at least. */
enum Plant {
    /** The network loses some bytes. */
    LOSES(1),
    /** The network gives some bytes twice. */
    DOUBLES(1),
    /** A connection that is closed is not told so. */
    FORGETS_CLOSED(2),
    /** What could not be written is not released. */
    KEEPS_BUFFERS(3),
    /** Memory is not given back. */
    KEEPS_MEMORY(3),
    /** Who resets one connection resets another as well. */
    RESETS_ANOTHER(4),
    /** A server answers with what is for another call. */
    WRONG_ANSWER(5),
    /** A call is given up before its time. */
    HURRIES(6),
    /** What is reported reaches nobody. */
    SILENT(7);

    final int law;

    Plant(int law) {
        this.law = law;
    }
}
