package rill;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The pending Futures of a loop that something on another loop waits for. If the loop closes they fail, so that no Task of a loop
 * that lives on waits for ever. Any thread.
 */
final class Abroad {
    private final Loop loop;
    private final Set<Future<?>> awaited = ConcurrentHashMap.newKeySet();

    Abroad(Loop loop) {
        this.loop = loop;
    }

    void add(Future<?> future) {
        awaited.add(future);
        if (loop.closed()) {
            fail(future);
        } else if (future.isDone()) {
            awaited.remove(future); // it may have told its dependents already
        }
    }

    void remove(Future<?> future) {
        if (!awaited.isEmpty()) {
            awaited.remove(future);
        }
    }

    /** The loop is closed. */
    void close() {
        awaited.forEach(this::fail);
    }

    private void fail(Future<?> future) {
        awaited.remove(future);
        future.settle(new Failed(loop.neverDone(future)));
    }
}
