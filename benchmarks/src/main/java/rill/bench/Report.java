package rill.bench;

import java.util.List;
import java.util.Map;

/**
 * Everything that a run has found out so far, as stored in {@code report.json}.
 *
 * @param notRun the cases that were planned and have not been run; none in the report of a complete run
 */
record Report(
        String started,
        String took,
        Profile profile,
        String command,
        Map<String, String> machine,
        Map<String, String> versions,
        List<Section> sections,
        List<LeftOut> leftOut,
        List<String> notRun) {

    /** One benchmark. {@code figures} describes the names that its runs use. */
    record Section(String name, String title, String explanation, List<FigureText> figures, List<Case> cases) {}

    /** The description of a figure. */
    record FigureText(String key, String title, String unit, boolean higherIsBetter, boolean judged) {}

    /**
     * One contest.
     *
     * @param headline whether it belongs in a summary
     * @param floors by figure, how far the ratio of a contestant to itself deviated, as a factor
     * @param floorsFrom the case in which the floors were measured; empty if there are none
     * @param leftOut the contestants without runs, and the reasons
     */
    record Case(
            String name,
            Map<String, Object> parameters,
            boolean headline,
            Map<String, Double> floors,
            String floorsFrom,
            List<Entry> entries,
            List<Comparison> comparisons,
            List<LeftOut> leftOut) {}

    /**
     * One contestant's results.
     *
     * @param medians by figure, over its runs
     * @param latency quantiles in nanoseconds over all its runs; empty where none was measured
     * @param notes caveats, such as that the load was at its limit
     */
    record Entry(
            String name,
            String title,
            boolean ours,
            List<String> flags,
            List<Map<String, Double>> runs,
            Map<String, Value> medians,
            List<Quantile> latency,
            List<String> notes) {}

    /** A median and its interval. */
    record Value(double value, double low, double high) {}

    /** This share of all messages took no longer than this. */
    record Quantile(double quantile, double nanos) {}

    /** A ratio of two contestants in the same rounds: {@code subject / baseline}. */
    record Comparison(
            String figure,
            String subject,
            String baseline,
            double ratio,
            double low,
            double high,
            int pairs,
            String verdict) {}

    /** Something that was not measured, and why. */
    record LeftOut(String what, String reason) {}
}
