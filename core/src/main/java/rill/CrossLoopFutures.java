package rill;

import java.util.LinkedHashMap;
import java.util.List;

/**
 * The pending Futures of a loop that something on another loop, or a CompletionStage, waits for. If the loop closes, they fail, so that no
 * Task of a loop that lives on waits for ever. A Future stays in as long as such a dependent waits for it. Any thread.
 */
final class CrossLoopFutures {
    private final BareLoop loop;

    /** How many wait for each; less than zero for a moment, if the one that leaves is faster than the one that comes. */
    private final LinkedHashMap<Future<?>, Integer> awaited = new LinkedHashMap<>(); // guarded by this

    // Written after the map, and before its writer asks whether the Future is done: whoever completes one that was just
    // put in sees that there is some, or is seen. A concurrent map's own count may be 0 while something is in it.
    private volatile int size;

    CrossLoopFutures(BareLoop loop) {
        this.loop = loop;
    }

    /** One more waits elsewhere. */
    void add(Future<?> future) {
        change(future, 1);
        if (loop.closed()) {
            fail(future);
        }
    }

    /** One less. */
    void leave(Future<?> future) {
        change(future, -1);
    }

    private void change(Future<?> future, int n) {
        synchronized (this) {
            int waiting = awaited.merge(future, n, Integer::sum);
            if (waiting == 0) {
                awaited.remove(future);
            }
            size = awaited.size();
        }
        if (future.isDone()) {
            remove(future); // it may have told its dependents already
        }
    }

    /** Whether nothing on another loop, and no stage, waits for one of these Futures. */
    boolean isEmpty() {
        return size == 0;
    }

    /** It is done. */
    void remove(Future<?> future) {
        if (size > 0) {
            takeOut(future);
        }
    }

    private synchronized void takeOut(Future<?> future) {
        awaited.remove(future);
        size = awaited.size();
    }

    /** How many are awaited. */
    int size() {
        return size;
    }

    /** The loop is closed: they fail in the order in which they came. */
    void close() {
        List<Future<?>> left;
        synchronized (this) {
            left = List.copyOf(awaited.keySet());
        }
        Each.of(left, loop, "telling other loops of the close", null, this::fail);
    }

    /** One that was made from others gives those up, which may go on elsewhere. */
    private void fail(Future<?> future) {
        takeOut(future);
        var never = new Failed(Each.cause(() -> loop.neverDone(future)));
        if (future.settle(never) && future instanceof Derived<?> derived) {
            derived.abandonSources();
        }
    }
}
