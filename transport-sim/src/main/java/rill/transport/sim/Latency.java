package rill.transport.sim;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long a segment takes, in one direction. Segments of one connection stay in order in any case. */
public sealed interface Latency {
    /** Returns a constant latency. */
    static Latency fixed(Duration delay) {
        return new Fixed(nanos(delay));
    }

    /** Returns a latency evenly distributed between the two. */
    static Latency uniform(Duration least, Duration most) {
        if (most.compareTo(least) < 0) {
            throw new IllegalArgumentException("a latency between " + least + " and " + most + ": the first is larger");
        }
        return new Uniform(nanos(least), nanos(most));
    }

    /**
     * Returns a log-normal latency, roughly as in real networks: mostly near the median, and sometimes far above it.
     *
     * @param sigma the standard deviation of the logarithm; 0.5 gives a 99th percentile of 3.2 times the median
     */
    static Latency logNormal(Duration median, double sigma) {
        if (!(sigma >= 0 && sigma <= 5)) {
            throw new IllegalArgumentException("the sigma of a log-normal latency is between 0 and 5, not " + sigma);
        }
        return new LogNormal(nanos(median), sigma);
    }

    /** Draws a delay in nanoseconds. */
    long sample(RandomGenerator random);

    private static long nanos(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("negative latency: " + delay);
        }
        return Agenda.nanos(delay);
    }

    private static String inWords(long nanos) {
        return BigDecimal.valueOf(nanos, 6).stripTrailingZeros().toPlainString() + " ms";
    }

    /** See {@link Latency#fixed}. */
    record Fixed(long nanos) implements Latency {
        @Override
        public long sample(RandomGenerator random) {
            return nanos;
        }

        @Override
        public String toString() {
            return inWords(nanos);
        }
    }

    /** See {@link Latency#uniform}. */
    record Uniform(long least, long most) implements Latency {
        @Override
        public long sample(RandomGenerator random) {
            return random.nextLong(least, most + 1);
        }

        @Override
        public String toString() {
            return inWords(least) + " to " + inWords(most);
        }
    }

    /** See {@link Latency#logNormal}. */
    record LogNormal(long median, double sigma) implements Latency {
        @Override
        public long sample(RandomGenerator random) {
            // StrictMath: the same on every processor.
            return Math.min(Agenda.END, (long) (median * StrictMath.exp(sigma * random.nextGaussian())));
        }

        @Override
        public String toString() {
            return "about " + inWords(median);
        }
    }
}
