package rill.bench;

import java.util.List;
import java.util.Optional;

/** Something to be measured, under a name that {@code ./rill bench} takes. */
interface Benchmark {
    /** The name on the command line. */
    String name();

    /** A one-line description. */
    String title();

    /** How to read the results, for the report. */
    String explanation();

    /** Why it can't be run here; empty if it can. */
    Optional<String> missing(Bench bench);

    /** Whether a quick run includes it even if it was not named. */
    default boolean quick() {
        return true;
    }

    /** What to run, in this order. Returns quickly: anything expensive to find out is found out when it is needed. */
    List<Contest> contests(Bench bench);

    /** The approximate duration of a run, for the remaining time. */
    double secondsPerRun(Profile profile);

    /** The approximate duration of what must be found out or made before the first run. */
    default double secondsBefore(Profile profile) {
        return 0;
    }
}
