package rill.bench;

import java.util.List;
import java.util.Optional;

/** A benchmark, under a name that {@code ./rill bench} accepts. */
interface Benchmark {
    /** Returns the name on the command line. */
    String name();

    /** Returns a title of one line. */
    String title();

    /** Returns how to read the results, for the report. */
    String explanation();

    /** Returns why it can't be run here; empty if it can. */
    Optional<String> missing(Bench bench);

    /** Whether a quick run includes it even if it is not named. */
    default boolean quick() {
        return true;
    }

    /** Returns the contests to run, in order. Must be cheap: anything that has to be found out first is found out when it is needed. */
    List<Contest> contests(Bench bench);

    /** Returns roughly how long one run takes, for the estimate of the remaining time. */
    double secondsPerRun(Profile profile);

    /** Returns roughly how long the preparations before the first run take. */
    default double secondsBefore(Profile profile) {
        return 0;
    }
}
