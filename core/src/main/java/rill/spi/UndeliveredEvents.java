package rill.spi;

import java.util.ArrayDeque;

/**
 * The Wires of one Selector that have something to tell which no readiness will announce: that they were closed, that
 * they were accepted, that a half-close wrote bytes.
 *
 * <p>A readiness Selector polls instead of blocking while this is not empty, and calls {@link #deliver()} in each
 * {@link Selector#select}. <b>Threading:</b> the Selector's driver.
 */
public final class UndeliveredEvents {
    private final ArrayDeque<ReadinessWire> wires = new ArrayDeque<>();

    /** Nothing is waiting. */
    public UndeliveredEvents() {}

    /** Whether nothing waits. */
    public boolean isEmpty() {
        return wires.isEmpty();
    }

    void add(ReadinessWire wire) {
        wires.add(wire);
    }

    /** How many Wires are waiting. */
    public int size() {
        return wires.size();
    }

    /** Delivers what was waiting when the call was made; what listeners cause by it waits for the next call. */
    public void deliver() {
        deliver(wires.size());
    }

    /** Delivers to so many Wires, those that have waited longest. */
    public void deliver(int count) {
        for (int n = count; n > 0; n--) {
            wires.remove().deliver();
        }
    }
}
