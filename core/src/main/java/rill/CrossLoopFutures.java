package rill;

import java.util.LinkedHashMap;
import java.util.List;

/**
 * The pending Futures of a loop that something on another loop, or a CompletionStage, waits for. If the loop closes, they fail, so that no Task of a
 * surviving loop waits for ever. A Future stays in as long as such a dependent waits for it. Any thread.
 */
final class CrossLoopFutures {
    private final BareLoop loop;

    /** The number of such dependents of each; less than zero for a moment, if one that leaves is faster than one that is added. */
    private final LinkedHashMap<Future<?>, Integer> awaited = new LinkedHashMap<>(); // guarded by this

    // Written after the map, and before its writer asks whether the Future is done. So a thread that completes a Future
    // that was just added sees a size above zero, or its completion is seen. A concurrent map's own count may be 0
    // while something is in it.
    private volatile int size;

    CrossLoopFutures(BareLoop loop) {
        this.loop = loop;
    }

    /** Adds one such dependent. */
    void add(Future<?> future) {
        change(future, 1);
        if (loop.isClosed()) {
            fail(future);
        }
    }

    /** Removes one such dependent. */
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
            remove(future); // it may have notified its dependents already
        }
    }

    /** Whether nothing on another loop, and no stage, waits for one of these Futures. */
    boolean isEmpty() {
        return size == 0;
    }

    /** The Future is done. */
    void remove(Future<?> future) {
        if (size > 0) {
            takeOut(future);
        }
    }

    private synchronized void takeOut(Future<?> future) {
        awaited.remove(future);
        size = awaited.size();
    }

    /** The number of such Futures. */
    int size() {
        return size;
    }

    /** The loop is closed: they fail in the order in which they were added. */
    void close() {
        List<Future<?>> left;
        synchronized (this) {
            left = List.copyOf(awaited.keySet());
        }
        Each.of(left, loop, "telling other loops of the close", null, this::fail);
    }

    /** Fails a Future. If it was derived from others, it gives those up, which may continue elsewhere. */
    private void fail(Future<?> future) {
        takeOut(future);
        var never = new Failed(Each.cause(() -> loop.neverDone(future)));
        if (future.settle(never) && future instanceof Derived<?> derived) {
            derived.abandonSources();
        }
    }
}
