package rill;

/**
 * The highest of some durations, ever and recently: in the last ten to twenty seconds, by the loop's clock. Written by one thread, read by any.
 * Reading does not reset it, so there may be several readers.
 */
final class Peak {
    static final long WINDOW_NANOS = 10_000_000_000L;

    private long ever;
    private long present; // since the window began
    private long before; // in the window before
    private long began;

    Peak(long now) {
        began = now;
    }

    void note(long nanos, long now) {
        long age = now - began;
        if (age >= WINDOW_NANOS) {
            boolean adjoining = age < 2 * WINDOW_NANOS;
            before = adjoining ? present : 0;
            began = adjoining ? began + WINDOW_NANOS : now;
            present = 0;
        }
        if (nanos > present) {
            present = nanos;
            ever = Math.max(ever, nanos);
        }
    }

    long ever() {
        return ever;
    }

    /** The recent peak at this time, even if nothing was noted for long. */
    long lately(long now) {
        long age = now - began;
        return age >= 2 * WINDOW_NANOS ? 0 : age >= WINDOW_NANOS ? present : Math.max(present, before);
    }
}
