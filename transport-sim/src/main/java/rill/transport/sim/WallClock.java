package rill.transport.sim;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** What a host takes for the date: it begins somewhere in 2030, a little off, goes as the host's clock does, and may be made to jump. */
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

    /** The host's clock has moved, of which the date knows nothing. */
    void clockMoved(long by) {
        origin += by;
    }

    /** Forward, or back. */
    void jump(Duration by) {
        offset = offset.plus(by);
    }
}
