package rill.bench;

/**
 * The thoroughness of a run.
 *
 * @param extent which cases: the fewest, the usual, or all
 * @param pairs the number of rounds, each of which runs every contestant once
 * @param warmUpSeconds the time before a timed window
 * @param seconds the length of a timed window
 */
record Profile(Extent extent, int pairs, double warmUpSeconds, double seconds) {
    /** How many cases are included. */
    enum Extent {
        QUICK,
        USUAL,
        FULL
    }

    /** The code that C2 generates for an echo server or a Redis client takes this long, on one processor, to be reached and to settle. */
    private static final double PAST_COMPILATION = 1.5;

    /** Measures before compilation is complete; the contestants are equally far. */
    static Profile quick() {
        return new Profile(Extent.QUICK, 5, 0.9, 0.6);
    }

    static Profile usual() {
        return new Profile(Extent.USUAL, 5, PAST_COMPILATION, 1.2);
    }

    static Profile full() {
        return new Profile(Extent.FULL, 5, PAST_COMPILATION, 1.2);
    }

    /** Returns a profile for what needs more time than an echo in a closed loop. */
    Profile longer(double warmUps, double windows) {
        return new Profile(extent, pairs, warmUpSeconds * warmUps, seconds * windows);
    }
}
