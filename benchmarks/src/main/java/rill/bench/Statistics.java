package rill.bench;

import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Medians and their uncertainty. */
final class Statistics {
    /** Fewer pairs than this support no verdict. */
    static final int PAIRS_FOR_A_VERDICT = 5;

    private static final int RESAMPLES = 4_000;
    private static final double TAIL = 0.025;

    private Statistics() {}

    /** A value and its interval: {@code low} to {@code high} contains 95 % of the medians of resampled data. */
    record Interval(double value, double low, double high) {}

    static double median(double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("the median of nothing");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    /** Returns the median with its bootstrap interval. The same values give the same interval. */
    static Interval bootstrap(double[] values) {
        var random = new Random(20_251);
        double[] medians = new double[RESAMPLES];
        double[] sample = new double[values.length];
        for (int i = 0; i < RESAMPLES; i++) {
            for (int j = 0; j < sample.length; j++) {
                sample[j] = values[random.nextInt(values.length)];
            }
            medians[i] = median(sample);
        }
        Arrays.sort(medians);
        return new Interval(
                median(values), medians[(int) (RESAMPLES * TAIL)], medians[(int) (RESAMPLES * (1 - TAIL)) - 1]);
    }

    /** Returns how far from 1 the ratio of a contestant to itself was seen: the larger end of its interval, as a factor of at least 1. */
    static double floor(double[] ratiosOfTheSame) {
        Interval interval = bootstrap(ratiosOfTheSame);
        return Math.exp(Math.max(Math.abs(Math.log(interval.low())), Math.abs(Math.log(interval.high()))));
    }

    /** What a ratio means, given the noise. */
    enum Verdict {
        AHEAD("ahead"),
        BEHIND("behind"),
        NO_DIFFERENCE("no difference"),
        TOO_FEW_PAIRS("too few pairs"),
        /** Nobody ran twice, so how much two equal contestants differ is unknown. */
        NO_FLOOR("no noise floor"),
        /** At a fixed rate, one of the two did not keep up with it. */
        FELL_BEHIND("fell behind");

        final String words;

        Verdict(String words) {
            this.words = words;
        }
    }

    /** A difference counts if the whole interval is on one side of 1 and the median is outside the noise floor. Without a floor, none does. */
    static Verdict verdict(Interval ratio, int pairs, @Nullable Double floor, boolean higherIsBetter) {
        if (pairs < PAIRS_FOR_A_VERDICT) {
            return Verdict.TOO_FEW_PAIRS;
        }
        if (floor == null) {
            return Verdict.NO_FLOOR;
        }
        boolean withinNoise = ratio.value() <= floor && ratio.value() >= 1 / floor;
        if (withinNoise || (ratio.low() <= 1 && ratio.high() >= 1)) {
            return Verdict.NO_DIFFERENCE;
        }
        return ratio.value() > 1 == higherIsBetter ? Verdict.AHEAD : Verdict.BEHIND;
    }
}
