package rill.transport.sim;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A host's wall clock: it begins in 2030, a little off, runs at the rate of the host's clock, and may be made to jump. */
final class WallClock implements InstantSource {
    private static final Instant BEGINNING = Instant.parse("2030-01-01T00:00:00Z");

    private final HostClock clock;
    private long origin;
    private Duration offset;

    WallClock(HostClock clock, Duration offset) {
        this.clock = clock;
        this.origin = clock.nanoTime();
        this.offset = offset;
    }

    @Override
    public Instant instant() {
        return BEGINNING.plusNanos(clock.nanoTime() - origin).plus(offset);
    }

    /** Compensates for a move of the host's clock, which does not change the date. */
    void clockMoved(long by) {
        origin += by;
    }

    /** Jumps forward, or back if {@code by} is negative. */
    void jump(Duration by) {
        offset = offset.plus(by);
    }
}
