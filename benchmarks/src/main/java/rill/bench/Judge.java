package rill.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Statistics.Interval;
import rill.bench.Statistics.Verdict;

/** Turns a contest's runs into the content of the report: medians, noise floors, and ratios with a verdict. */
final class Judge {
    /** A load that uses more of its processor than this may be what limited the rate. */
    static final double SATURATED_PERCENT = 95;

    private static final int BEYOND = 10;
    private static final double TOO_MANY_LATE = 0.01;

    /** Of the messages measured; more of them without an answer at the end of the window mean that the server was behind. */
    private static final double TOO_MANY_WAITING = 0.01;

    private static final double ENOUGH_OF_THE_RATE = 0.99;

    /** Less than a byte per message is an occasional stray object; its ratios would mean nothing. */
    private static final double WORTH_A_RATIO = 1;

    /** The contestant that the share of the others is computed from. */
    private static final String LIMIT = "bare-c";

    private static final double[] QUANTILES = {
        0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999, 1
    };

    private Judge() {}

    /**
     * The noise floors: how far the ratio of a contestant to itself deviated.
     *
     * @param from the case in which they were measured
     */
    record Floors(String from, Map<String, Double> byFigure) {
        static final Floors NONE = new Floors("", Map.of());
    }

    static Report.Case judge(Contest contest, Conductor.Rounds rounds, Floors floors) {
        List<Report.Entry> entries = new ArrayList<>();
        Map<Contestant, List<Outcome>> all = withShare(rounds.runs());
        all.forEach((contestant, runs) ->
                entries.add(entry(contestant, runs, rounds.aside().get(contestant))));
        List<Report.Comparison> comparisons = new ArrayList<>();
        all.forEach((subject, runs) -> {
            if (subject.ours()) {
                all.forEach((baseline, others) -> {
                    if (!baseline.ours()) {
                        comparisons.addAll(compare(subject, runs, baseline, others, floors.byFigure));
                    }
                });
            }
        });
        List<Report.LeftOut> leftOut = new ArrayList<>();
        rounds.leftOut().forEach((each, reason) -> leftOut.add(new Report.LeftOut(each.name(), reason)));
        rounds.asideLeftOut()
                .forEach((each, reason) -> leftOut.add(new Report.LeftOut(each.name() + ", aside", reason)));
        return new Report.Case(
                contest.name(),
                contest.parameters(),
                contest.headline(),
                floors.byFigure,
                floors.from,
                entries,
                comparisons,
                leftOut);
    }

    /** Adds the share: what each message cost beyond the bare loop in C, round by round, where that took part. */
    private static Map<Contestant, List<Outcome>> withShare(Map<Contestant, List<Outcome>> runs) {
        List<Outcome> limit = runs.entrySet().stream()
                .filter(each -> each.getKey().name().equals(LIMIT))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(List.of());
        if (limit.isEmpty()) {
            return runs;
        }
        Map<Contestant, List<Outcome>> all = new LinkedHashMap<>();
        runs.forEach((contestant, outcomes) -> {
            List<Outcome> more = new ArrayList<>();
            for (int i = 0; i < outcomes.size(); i++) {
                Outcome outcome = outcomes.get(i);
                Map<String, Double> figures = new LinkedHashMap<>(outcome.figures());
                Double cost = figures.get(Figure.CPU.key);
                Double least = limit.get(i).figures().get(Figure.CPU.key);
                if (!contestant.name().equals(LIMIT) && cost != null && least != null) {
                    figures.put(Figure.SHARE.key, cost - least);
                }
                more.add(new Outcome(figures, outcome.latency()));
            }
            all.put(contestant, more);
        });
        return all;
    }

    static Map<String, Double> floors(List<List<Outcome>> same) {
        Map<String, Double> floors = new LinkedHashMap<>();
        List<Outcome> first = same.stream().map(List::getFirst).toList();
        List<Outcome> second = same.stream().map(List::getLast).toList();
        for (String key : keys(first)) {
            double[] ratios = ratios(key, first, second);
            if (Figure.of(key).judged && ratios.length > 0) {
                floors.put(key, Statistics.floor(ratios));
            }
        }
        return floors;
    }

    private static Report.Entry entry(Contestant contestant, List<Outcome> runs, @Nullable Outcome aside) {
        Map<String, Report.Value> medians = new LinkedHashMap<>();
        for (String key : keys(runs)) {
            double[] values = runs.stream()
                    .filter(run -> run.figures().containsKey(key))
                    .mapToDouble(run -> run.figures().get(key))
                    .toArray();
            Interval interval = Statistics.bootstrap(values);
            medians.put(key, new Report.Value(interval.value(), interval.low(), interval.high()));
        }
        if (aside != null) {
            aside.figures().forEach((key, value) -> medians.put(key, new Report.Value(value, value, value)));
        }
        return new Report.Entry(
                contestant.name(),
                contestant.title(),
                contestant.ours(),
                contestant.flags(),
                runs.stream().map(Outcome::figures).toList(),
                medians,
                latency(runs),
                notes(medians, runs));
    }

    private static List<Report.Quantile> latency(List<Outcome> runs) {
        var all = new Histogram(3);
        for (Outcome run : runs) {
            if (run.latency() != null) {
                all.add(run.latency());
            }
        }
        List<Report.Quantile> quantiles = new ArrayList<>();
        for (double quantile : QUANTILES) {
            // A quantile is meaningful only if some messages lie beyond it.
            if (all.getTotalCount() > 0 && (quantile == 1 || all.getTotalCount() * (1 - quantile) >= BEYOND)) {
                quantiles.add(new Report.Quantile(quantile, all.getValueAtPercentile(quantile * 100)));
            }
        }
        return quantiles;
    }

    private static List<String> notes(Map<String, Report.Value> medians, List<Outcome> runs) {
        List<String> notes = new ArrayList<>(notes(medians));
        long behind = runs.stream().filter(Judge::fellBehind).count();
        if (behind > 0) {
            notes.add(
                    "in " + behind + " of " + runs.size()
                            + " rounds it fell behind the rate: the latencies of what it had not answered are missing, so there is no verdict");
        }
        return notes;
    }

    /** Whether the server did less than was asked of it, so that its latencies are only those of what it got to. */
    static boolean fellBehind(Outcome run) {
        Map<String, Double> figures = run.figures();
        return figures.getOrDefault(Figure.WAITING.key, 0.0)
                        > figures.getOrDefault(Figure.COUNT.key, 0.0) * TOO_MANY_WAITING
                || figures.getOrDefault(Figure.SENT.key, 0.0)
                        < figures.getOrDefault(Figure.ASKED.key, 0.0) * ENOUGH_OF_THE_RATE;
    }

    static List<String> notes(Map<String, Report.Value> medians) {
        List<String> notes = new ArrayList<>();
        Function<Figure, Double> median = figure ->
                medians.getOrDefault(figure.key, new Report.Value(0, 0, 0)).value();
        if (median.apply(Figure.OTHER_BUSY) > SATURATED_PERCENT) {
            notes.add("the other end was at its limit, so it may be what this rate shows");
        }
        if (medians.containsKey(Figure.SHARE.key)
                && medians.get(Figure.SHARE.key).low() <= 0) {
            notes.add("in some round it took no more than the bare loop in C, so there is no ratio of shares");
        }
        if (median.apply(Figure.LATE) > median.apply(Figure.COUNT) * TOO_MANY_LATE) {
            notes.add("the load could not keep to its schedule: more was asked for than could be done");
        }
        return notes;
    }

    private static List<Report.Comparison> compare(
            Contestant subject,
            List<Outcome> runs,
            Contestant baseline,
            List<Outcome> others,
            Map<String, Double> floors) {
        List<Report.Comparison> comparisons = new ArrayList<>();
        boolean oneFellBehind = Stream.concat(runs.stream(), others.stream()).anyMatch(Judge::fellBehind);
        for (String key : keys(runs)) {
            Figure figure = Figure.of(key);
            double[] ratios = ratios(key, runs, others);
            if (!figure.judged
                    || ratios.length == 0
                    || (isBytes(figure) && nextToNothing(key, runs) && nextToNothing(key, others))) {
                continue;
            }
            Interval ratio = Statistics.bootstrap(ratios);
            Double floor = figure == Figure.SHARE ? Double.valueOf(1) : floors.get(key); // C has no second run
            Verdict verdict = oneFellBehind
                    ? Verdict.FELL_BEHIND
                    : Statistics.verdict(ratio, ratios.length, floor, figure.higherIsBetter);
            comparisons.add(new Report.Comparison(
                    key,
                    subject.name(),
                    baseline.name(),
                    ratio.value(),
                    ratio.low(),
                    ratio.high(),
                    ratios.length,
                    verdict.words));
        }
        return comparisons;
    }

    private static boolean isBytes(Figure figure) {
        return figure == Figure.ALLOCATED || figure == Figure.ALLOCATED_PER_OPERATION;
    }

    private static boolean nextToNothing(String key, List<Outcome> runs) {
        return runs.stream().allMatch(run -> run.figures().getOrDefault(key, 0.0) < WORTH_A_RATIO);
    }

    /** Returns the ratios within the same rounds; none where one of the two has no positive value, since there is no ratio then. */
    private static double[] ratios(String key, List<Outcome> above, List<Outcome> below) {
        double[] ratios = new double[Math.min(above.size(), below.size())];
        for (int i = 0; i < ratios.length; i++) {
            double numerator = above.get(i).figures().getOrDefault(key, 0.0);
            double denominator = below.get(i).figures().getOrDefault(key, 0.0);
            if (numerator <= 0 || denominator <= 0) {
                return new double[0];
            }
            ratios[i] = numerator / denominator;
        }
        return ratios;
    }

    private static Set<String> keys(List<Outcome> runs) {
        Set<String> keys = new LinkedHashSet<>();
        runs.forEach(run -> keys.addAll(run.figures().keySet()));
        return keys;
    }
}
