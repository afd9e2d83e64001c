package rill.transport.sim;

import java.time.Duration;
import java.time.InstantSource;
import rill.spi.Clock;

/** A host's own clock. It starts anywhere, and may run at another rate than the simulation's. It never goes back while the host has power. */
final class HostClock implements Clock {
    private final Agenda agenda;
    private long base; // its reading at since
    private long since;
    private double rate = 1;
    private final WallClock wallClock;

    /**
     * @param wallClockIsOff by how much the wall clock differs from those of other hosts
     */
    HostClock(Agenda agenda, long origin, Duration wallClockIsOff) {
        this.agenda = agenda;
        this.base = origin;
        this.wallClock = new WallClock(this, wallClockIsOff);
    }

    @Override
    public long nanoTime() {
        long passed = agenda.now() - since;
        return base + (rate == 1 ? passed : (long) (passed * rate));
    }

    @Override
    public InstantSource wallClock() {
        return wallClock;
    }

    /** Makes the wall clock jump forward, or back if {@code by} is negative. */
    void wallClockJumps(Duration by) {
        wallClock.jump(by);
    }

    /** Starts at another reading; the date does not change. */
    void startAnew(long origin) {
        long before = nanoTime();
        base = origin;
        since = agenda.now();
        wallClock.clockMoved(base - before);
    }

    void rate(double newRate) {
        base = nanoTime();
        since = agenda.now();
        rate = newRate;
    }

    /** Returns when, in simulation time, this clock will show {@code reading}; at least the present. */
    long when(long reading) {
        long left = reading - nanoTime();
        if (left <= 0) {
            return agenda.now();
        }
        double nanos = rate == 1 ? left : Math.ceil(left / rate);
        long time = rate == 1 ? agenda.now() + left : agenda.now() + Math.max(1, (long) nanos);
        return time < 0 ? Long.MAX_VALUE : time;
    }
}
