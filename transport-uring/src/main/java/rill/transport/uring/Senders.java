package rill.transport.uring;

import org.jspecify.annotations.Nullable;

/**
 * Counts how many Wires of a Selector send something in this step, and did in the last. If few, each sends by a call, since its bytes then leave at
 * once. If many, their requests go to the kernel together.
 *
 * <p>In one step of {@value #REVERSED} it is the other way round, so that both ways are compiled. A loop that needed one of them for the first time
 * after some seconds would wait for that.
 */
final class Senders {
    private static final int FEW = 2;
    private static final int REVERSED = 256;

    private @Nullable UringWire last;
    private int now;
    private int before;
    private int steps;
    private boolean reversed; // in this step

    /** Begins another step. */
    void step() {
        steps++;
        reversed = steps % REVERSED == 0;
        before = now;
        now = 0;
        last = null;
    }

    /** Adds a Wire that sends in this step. Returns whether it should send by a call. */
    boolean add(UringWire sender) {
        if (last != sender) {
            last = sender;
            now++;
        }
        boolean few = now <= FEW && before <= FEW;
        return few != reversed;
    }
}
