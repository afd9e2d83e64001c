package rill;

import org.jspecify.annotations.Nullable;

/**
 * What the current thread does for a loop: it runs callbacks ({@code task} is null), or the body of a Task. Both count as being on the loop. Only the
 * body of a Task may await.
 */
record OnLoop(BareLoop loop, @Nullable Task<?> task) {
    private static final ThreadLocal<@Nullable OnLoop> CURRENT = new ThreadLocal<>();

    /** Null on a thread that is outside every loop. */
    static @Nullable OnLoop current() {
        return CURRENT.get();
    }

    void enter() {
        CURRENT.set(this);
    }

    static void exit() {
        CURRENT.set(null); // not removed: that would cost an allocation in each tick
    }
}
