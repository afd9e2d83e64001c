package rill;

import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The pending Futures of a loop that something elsewhere waits for. If the loop closes they fail, so that no Task of a loop
 * that lives on waits for ever. A Future is in as long as one that waits elsewhere depends on it. Any thread.
 */
final class Abroad {
    private final Loop loop;
    private final Map<Future<?>, Entry> awaited = new ConcurrentHashMap<>();
    private final AtomicLong count = new AtomicLong();

    /**
     * @param number for the order
     * @param waiting how many; less than zero for a moment, if the one that leaves is faster than the one that comes
     */
    private record Entry(long number, int waiting) {}

    Abroad(Loop loop) {
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
        awaited.compute(future, (key, before) -> {
            int waiting = before == null ? n : before.waiting + n;
            return waiting == 0 ? null : new Entry(before == null ? count.incrementAndGet() : before.number, waiting);
        });
        if (future.isDone()) {
            awaited.remove(future); // it may have told its dependents already
        }
    }

    /** Whether something on another loop, or a stage, waits for one of these Futures. */
    boolean isEmpty() {
        return awaited.isEmpty();
    }

    /** It is done. */
    void remove(Future<?> future) {
        if (!awaited.isEmpty()) {
            awaited.remove(future);
        }
    }

    /** How many are awaited. */
    int size() {
        return awaited.size();
    }

    /** The loop is closed: they fail in the order in which they came. */
    void close() {
        awaited.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.comparingLong(Entry::number)))
                .forEach(each -> fail(each.getKey()));
    }

    private void fail(Future<?> future) {
        awaited.remove(future);
        future.settle(new Failed(loop.neverDone(future)));
    }
}
