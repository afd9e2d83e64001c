package rill.spi;

/**
 * The only source of time of a loop: a monotonic count of nanoseconds.
 *
 * <p><b>Threading:</b> any thread. <b>Units:</b> nanoseconds from an arbitrary origin. Only differences are meaningful, and readings are compared by
 * their difference so that overflow is harmless. Wall-clock time plays no part: setting the system's date changes nothing.
 */
@FunctionalInterface
public interface Clock {
    /** The nanoseconds since this clock's origin; never less than an earlier reading. */
    long nanoTime();

    /** The monotonic clock of this machine. */
    static Clock system() {
        return System::nanoTime;
    }
}
