package rill.transport.sim;

import rill.spi.Clock;

/** A host's own clock. It starts anywhere, and may run at another rate than the simulation's. It never goes back while the host has power. */
final class HostClock implements Clock {
    private final Agenda agenda;
    private long base; // its reading at since
    private long since;
    private double rate = 1;

    HostClock(Agenda agenda, long origin) {
        this.agenda = agenda;
        this.base = origin;
    }

    @Override
    public long nanoTime() {
        long passed = agenda.now() - since;
        return base + (rate == 1 ? passed : (long) (passed * rate));
    }

    /** Starts at another reading, and returns by how much it has moved. */
    long startAnew(long origin) {
        long before = nanoTime();
        base = origin;
        since = agenda.now();
        return base - before;
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
