package rill.bench;

import java.util.List;
import java.util.Optional;

/** Something to be measured, under a name that {@code ./rill bench} takes. */
interface Benchmark {
    /** The name on the command line. */
    String name();

    /** What it is, in a line. */
    String title();

    /** How to read it, for the report. */
    String explanation();

    /** Why it can't be run here; empty if it can. */
    Optional<String> missing(Bench bench);

    /** Whether a quick run includes it without its being named. */
    default boolean quick() {
        return true;
    }

    /** What is to be run, in this order. Quick to tell: what has to be found out first is found out when it is needed. */
    List<Contest> contests(Bench bench);

    /** About how long a run takes, for the time left. */
    double secondsPerRun(Profile profile);

    /** About how long what has to be found out or made before the first run takes. */
    default double secondsBefore(Profile profile) {
        return 0;
    }
}
