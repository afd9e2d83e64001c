package rill;

/**
 * The highest of some durations, ever and recently: in the last 19 to 20 seconds, by the loop's clock. Written by one thread, read by any.
 * Reading does not reset it, so there may be several readers.
 *
 * <p>It moves on every second, while a loop is still being compiled. If it did so for the first time after twenty, then the JVM would drop the code that
 * it has compiled for ticks, for which this never happens, and compile it anew.
 */
final class Peak {
    static final long SLOT_NANOS = 1_000_000_000L;
    private static final int SLOTS = 20; // with the present one

    private final long[] highest = new long[SLOTS];
    private long ever;
    private int present;
    private long began; // the present slot

    Peak(long now) {
        began = now;
    }

    void note(long nanos, long now) {
        if (now - began >= SLOT_NANOS) {
            moveOn(now);
        }
        if (nanos > highest[present]) {
            highest[present] = nanos;
            ever = Math.max(ever, nanos);
        }
    }

    private void moveOn(long now) {
        long passed = (now - began) / SLOT_NANOS;
        for (int i = 0; i < Math.min(passed, SLOTS); i++) {
            present = (present + 1) % SLOTS;
            highest[present] = 0;
        }
        began += passed * SLOT_NANOS;
    }

    long ever() {
        return ever;
    }

    /** The recent peak at this time, even if nothing was noted for long. */
    long lately(long now) {
        long passed = Math.max(0, (now - began) / SLOT_NANOS); // it may have moved on since
        long peak = 0;
        for (int back = 0; back < SLOTS - passed; back++) {
            peak = Math.max(peak, highest[(present + SLOTS - back) % SLOTS]);
        }
        return peak;
    }
}
