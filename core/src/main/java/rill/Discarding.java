package rill;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * What happens to Futures that are done after their loop has closed: no callback runs, but those that wait elsewhere are told, and
 * those that follow are done as well. One after the other, since they may be many.
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
