package rill;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** The pause before connecting again: longer with each failure in a row, and randomized so that clients don't act in step. Confined to a loop. */
final class BackOff {
    private static final double FACTOR = 1.6;
    private static final double JITTER = 0.2;

    private final long first;
    private final long longest;
    private final RandomGenerator random;
    private double next;

    BackOff(Duration first, Duration longest, RandomGenerator random) {
        this.first = BareLoop.nanos(first);
        this.longest = BareLoop.nanos(longest);
        this.random = random;
        this.next = this.first;
    }

    /** The pause after one more failure. */
    long pauseNanos() {
        double pause = next * (1 - JITTER + 2 * JITTER * random.nextDouble());
        next = Math.min(next * FACTOR, (double) longest);
        return (long) pause;
    }

    /** Called when the peer has done its work. */
    void reset() {
        next = first;
    }

    long longest() {
        return longest;
    }
}
