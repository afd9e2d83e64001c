package rill.bench;

/**
 * How thorough a run is.
 *
 * @param extent which cases: the fewest, the usual, or all
 * @param pairs rounds, each of which runs every contestant once
 * @param warmUpSeconds before a timed window
 * @param seconds of a timed window
 */
record Profile(Extent extent, int pairs, double warmUpSeconds, double seconds) {
    /** How many cases. */
    enum Extent {
        QUICK,
        USUAL,
        FULL
    }

    static Profile quick() {
        return new Profile(Extent.QUICK, 5, 0.9, 0.6);
    }

    static Profile usual() {
        return new Profile(Extent.USUAL, 5, 3, 3);
    }

    static Profile full() {
        return new Profile(Extent.FULL, 7, 4, 5);
    }

    boolean atLeast(Extent other) {
        return extent.compareTo(other) >= 0;
    }
}
