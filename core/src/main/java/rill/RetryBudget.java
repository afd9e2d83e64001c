package rill;

import java.time.Duration;

/**
 * Bounds second tries, so that a struggling peer is not overwhelmed. Each call adds its share. Of an unused budget no more is kept than the calls of
 * about ten seconds have added, and a few tries are free in each such period. It is consulted seldom, and checks nothing in between. Confined to a
 * loop.
 */
final class RetryBudget {
    /** The number of second tries that are allowed however few the calls are. */
    static final int RESERVE = 10;

    private static final long WINDOW = Duration.ofSeconds(10).toNanos();

    private final double share;
    private double left = RESERVE;
    private long began; // the present window
    private long callsAtBegin;
    private long calls; // at the latest check

    RetryBudget(double share, long now) {
        this.share = share;
        this.began = now;
    }

    /**
     * Takes one more second try from the budget, if there is one; returns whether there was.
     *
     * @param callsSoFar how many calls have been made in all
     */
    boolean spend(long now, long callsSoFar) {
        left += share * (callsSoFar - calls);
        calls = callsSoFar;
        long lasted = now - began;
        if (lasted >= WINDOW) { // of an unused budget, at most what a window added on average is kept
            double perWindow = (double) (callsSoFar - callsAtBegin) * WINDOW / lasted;
            left = Math.clamp(left, RESERVE, RESERVE + share * perWindow);
            began = now;
            callsAtBegin = callsSoFar;
        }
        if (left < 1) {
            return false;
        }
        left--;
        return true;
    }
}
