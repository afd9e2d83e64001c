package rill.transport.sim;

import java.util.HashMap;
import java.util.Map;

/** What faults have done to names. */
final class Names {
    private final Map<String, Integer> failing = new HashMap<>(); // looked up, never walked
    private final Map<String, Long> slow = new HashMap<>();

    boolean failing(String name) {
        return failing.getOrDefault(name, 0) > 0;
    }

    long delay(String name) {
        return slow.getOrDefault(name, 0L);
    }

    Runnable fail(String name) {
        failing.merge(name, 1, Integer::sum);
        return () -> failing.merge(name, -1, Integer::sum);
    }

    Runnable slow(String name, long nanos) {
        slow.merge(name, nanos, Long::sum);
        return () -> slow.merge(name, -nanos, Long::sum);
    }
}
