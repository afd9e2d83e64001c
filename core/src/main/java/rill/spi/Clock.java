package rill.spi;

import java.time.InstantSource;

/**
 * The only source of time of a loop: a monotonic count of nanoseconds.
 *
 * <p><b>Threading:</b> any thread. <b>Units:</b> nanoseconds from an arbitrary origin. Only differences are meaningful, and readings are compared by
 * their difference so that overflow is harmless. Wall-clock time plays no part: setting the system's date changes nothing. Whoever needs a date, such as
 * one in a protocol, takes it from {@link #wallClock}.
 */
@FunctionalInterface
public interface Clock {
    /** The nanoseconds since this clock's origin; never less than an earlier reading. */
    long nanoTime();

    /** The date and the time of day, which may jump; by default this machine's. A simulation has its own, or no run would be like another. */
    default InstantSource wallClock() {
        return InstantSource.system();
    }

    /** The monotonic clock of this machine. */
    static Clock system() {
        return System::nanoTime;
    }
}
