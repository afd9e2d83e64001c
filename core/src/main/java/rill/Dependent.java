package rill;

import org.jspecify.annotations.Nullable;

/** A part of Rill that waits for a Future: a derived Future, a Task, a parked thread. */
interface Dependent {
    /** The Future is done. Called once, on the Future's loop, within the Handle that runs its callbacks. */
    void settled(Future<?> source);

    /** Called instead of {@link #settled}, on any thread, if the loop is closed and {@link #toldAfterClose} is false. */
    default void closedBefore(Future<?> source) {}

    /** The loop on which this is waiting; null for a thread outside. */
    @Nullable
    BareLoop home();

    /** Whether this is notified of a Future of {@code loop} even after that loop has closed. */
    default boolean toldAfterClose(BareLoop loop) {
        return home() != loop;
    }

    /** Whether the Future has to fail if its loop closes, since this waits elsewhere and would continue to wait. */
    default boolean waitsElsewhere(BareLoop loop) {
        return home() != loop && home() != null;
    }

    /** Whether this is an interest that keeps the Future from being cancelled. Rill's own work at a Future's end is not. */
    default boolean counts() {
        return true;
    }

    /** Whether this looks at the outcome: a failure that nobody looks at is reported. */
    default boolean looks() {
        return counts();
    }

    /** Whether the value is for this: then the Future keeps it for no one else. */
    default boolean owns() {
        return true;
    }
}
