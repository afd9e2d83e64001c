package rill;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Settles what depends on Futures that are done after their loop has closed. No callback runs. Dependents elsewhere are notified, and derived Futures
 * are settled as well: one after the other, without recursion, since there may be many.
 */
final class Discarding {
    private static final ThreadLocal<@Nullable Queue<Future<?>>> WAITING = new ThreadLocal<>();

    private Discarding() {}

    static void discard(Future<?> settled) {
        Queue<Future<?>> begun = WAITING.get();
        if (begun != null) {
            begun.add(settled);
            return;
        }
        var waiting = new ArrayDeque<Future<?>>();
        WAITING.set(waiting);
        try {
            for (Future<?> next = settled; next != null; next = waiting.poll()) {
                next.tellAfterClose();
            }
        } finally {
            WAITING.remove();
        }
    }
}
