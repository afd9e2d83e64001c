package rill;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The pending Futures of a loop that something on another loop waits for. If the loop closes they fail, so that no Task of a loop
 * that lives on waits for ever. Any thread.
 */
final class Abroad {
    private final Loop loop;
    private final Map<Future<?>, Long> awaited = new ConcurrentHashMap<>(); // with a number for the order
    private final AtomicLong count = new AtomicLong();

    Abroad(Loop loop) {
        this.loop = loop;
    }

    void add(Future<?> future) {
        awaited.put(future, count.incrementAndGet());
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

    /** The loop is closed: they fail in the order in which they came. */
    void close() {
        awaited.entrySet().stream().sorted(Map.Entry.comparingByValue()).forEach(each -> fail(each.getKey()));
    }

    private void fail(Future<?> future) {
        awaited.remove(future);
        future.settle(new Failed(loop.neverDone(future)));
    }
}
