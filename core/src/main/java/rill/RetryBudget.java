package rill;

import java.time.Duration;

/**
 * Bounds second tries, so that a peer in difficulties is not buried under them: each call adds its share, and of what is not used no more is kept than the
 * calls of about ten seconds have added; a few are free in each such time. It is asked seldom, and looks at nothing in between. Confined to a loop.
 */
final class RetryBudget {
    /** So many may be made however few the calls are. */
    static final int RESERVE = 10;

    private static final long WINDOW = Duration.ofSeconds(10).toNanos();

    private final double share;
    private double left = RESERVE;
    private long began; // the present window
    private long callsAtBegin;
    private long calls; // by the latest look

    RetryBudget(double share, long now) {
        this.share = share;
        this.began = now;
    }

    /**
     * Whether one more second try is within the budget, which then has it.
     *
     * @param callsSoFar how many calls have been made in all
     */
    boolean spend(long now, long callsSoFar) {
        left += share * (callsSoFar - calls);
        calls = callsSoFar;
        long lasted = now - began;
        if (lasted >= WINDOW) { // of what was not used, no more is kept than a window of that time has given on average
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
