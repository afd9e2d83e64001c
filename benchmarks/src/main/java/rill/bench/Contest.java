package rill.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Contestants that are measured against each other on one case.
 *
 * @param name short, such as {@code 50 x 1, 16 B}
 * @param parameters what the case is, by name; numbers make charts of growth
 * @param headline whether it has a noise floor of its own and a line in the report's summary; others are judged by the floor of the headline before
 *     them
 */
record Contest(String name, Map<String, Object> parameters, List<Contestant> contestants, boolean headline) {
    /** Whether there is anything to compare. */
    boolean compared() {
        return contestants.stream().map(Contestant::ours).distinct().count() > 1;
    }

    /**
     * A participant in a contest.
     *
     * @param ours whether it is Rill, which is compared with all that are not
     * @param flags what it was started with, for the report
     * @param aside run once, after all timed runs, for figures that would disturb them; or null
     */
    record Contestant(
            String name,
            String title,
            boolean ours,
            List<String> flags,
            Run run,
            @Nullable Run aside) {
        Contestant(String name, String title, boolean ours, List<String> flags, Run run) {
            this(name, title, ours, flags, run, null);
        }
    }

    /** One run, in fresh processes. */
    @FunctionalInterface
    interface Run {
        /** Runs once. Throws {@link LeftOutException} if the contestant is not available here. */
        Outcome once() throws IOException;
    }

    /**
     * The results of one run.
     *
     * @param figures by name, see {@link Figure}
     * @param latency in nanoseconds, where it was measured
     */
    record Outcome(Map<String, Double> figures, @Nullable Histogram latency) {
        Outcome(Map<String, Double> figures) {
            this(figures, null);
        }
    }
}
