package rill.transport.uring;

import org.jspecify.annotations.Nullable;

/**
 * How many Wires of a selector have sent something in this step, and did in the last. Few: a call for each is right, since their bytes are on
 * their way at once. Many: their requests go to the kernel together.
 */
final class Senders {
    private static final int FEW = 2;

    private @Nullable UringWire last;
    private int now;
    private int before;

    /** Another step begins. */
    void step() {
        before = now;
        now = 0;
        last = null;
    }

    /** This one sends. Whether there are few. */
    boolean areFew(UringWire sender) {
        if (last != sender) {
            last = sender;
            now++;
        }
        return now <= FEW && before <= FEW;
    }
}
