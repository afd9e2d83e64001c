package rill.transport.uring;

import org.jspecify.annotations.Nullable;

/**
 * Counts how many Wires of a Selector send something in this step, and did in the last. If few, each sends by a call, since its bytes then leave at
 * once. If many, their requests go to the kernel together.
 */
final class Senders {
    private static final int FEW = 2;

    private @Nullable UringWire last;
    private int now;
    private int before;

    /** Begins another step. */
    void step() {
        before = now;
        now = 0;
        last = null;
    }

    /** Adds a Wire that sends in this step. Returns whether there are few. */
    boolean add(UringWire sender) {
        if (last != sender) {
            last = sender;
            now++;
        }
        return now <= FEW && before <= FEW;
    }
}
