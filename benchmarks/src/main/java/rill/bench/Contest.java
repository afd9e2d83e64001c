package rill.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Those that are measured against each other on one case.
 *
 * @param name short, such as {@code 50 x 1, 16 B}
 * @param parameters what the case is, by name; numbers make charts of growth
 * @param headline whether it has a noise floor of its own and a line in the report's summary; others are judged by the floor of
 *     the headline before them
 */
record Contest(String name, Map<String, Object> parameters, List<Contestant> contestants, boolean headline) {
    /** Whether there is anything to be compared. */
    boolean compared() {
        return contestants.stream().map(Contestant::ours).distinct().count() > 1;
    }

    /**
     * One of them.
     *
     * @param ours Rill: compared with all that are not
     * @param flags what it was started with, for the report
     * @param aside done once, after all timed runs, for figures that would disturb them; or null
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
        /** Throws {@link LeftOutException} if it is not to be had here. */
        Outcome once() throws IOException;
    }

    /**
     * What one run gave.
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
