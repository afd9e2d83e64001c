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
    /** Which cases. */
    enum Extent {
        QUICK,
        USUAL,
        FULL
    }

    /** The time in which C2's code of an echo server or a Redis client is reached and settles, on one processor. */
    private static final double PAST_COMPILATION = 1.5;

    /** Measures before the last step of compilation; what is compared is equally far. */
    static Profile quick() {
        return new Profile(Extent.QUICK, 5, 0.9, 0.6);
    }

    static Profile usual() {
        return new Profile(Extent.USUAL, 5, PAST_COMPILATION, 1.2);
    }

    static Profile full() {
        return new Profile(Extent.FULL, 5, PAST_COMPILATION, 1.2);
    }

    /** For what takes longer to measure than an echo in a closed loop. */
    Profile longer(double warmUps, double windows) {
        return new Profile(extent, pairs, warmUpSeconds * warmUps, seconds * windows);
    }
}
