package rill.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Contestants that are measured against each other in one case.
 *
 * @param name a short name, such as {@code 50 x 1, 16 B}
 * @param parameters the parameters of the case, by name; numbers become charts of growth
 * @param headline whether it has its own noise floor and a line in the report's summary; other contests use the floor of the headline before them
 */
record Contest(String name, Map<String, Object> parameters, List<Contestant> contestants, boolean headline) {
    /** Whether there is anything to compare. */
    boolean compared() {
        return contestants.stream().map(Contestant::ours).distinct().count() > 1;
    }

    /**
     * One participant.
     *
     * @param ours whether it is Rill, which is compared with all others
     * @param flags the flags that it was started with, for the report
     * @param aside done once, after all timed runs, for figures whose measurement would disturb them; or null
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
        /** Runs once. Throws {@link LeftOutException} if that is not possible here. */
        Outcome once() throws IOException;
    }

    /**
     * The result of one run.
     *
     * @param figures by name; see {@link Figure}
     * @param latency in nanoseconds, where it was measured
     */
    record Outcome(Map<String, Double> figures, @Nullable Histogram latency) {
        Outcome(Map<String, Double> figures) {
            this(figures, null);
        }
    }
}
