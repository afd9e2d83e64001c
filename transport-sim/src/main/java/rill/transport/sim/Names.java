package rill.transport.sim;

import java.util.HashMap;
import java.util.Map;

/** What faults have done to names. */
final class Names {
    private final Map<String, Integer> failing = new HashMap<>(); // looked up, never walked
    private final Map<String, Long> slow = new HashMap<>();

    private final Tally tally;

    Names(Tally tally) {
        this.tally = tally;
    }

    boolean failing(String name) {
        boolean fails = failing.getOrDefault(name, 0) > 0;
        if (fails) {
            tally.hit(Fault.Kind.NAME_FAILS);
        }
        return fails;
    }

    long delay(String name) {
        long delay = slow.getOrDefault(name, 0L);
        if (delay > 0) {
            tally.hit(Fault.Kind.NAME_IS_SLOW);
        }
        return delay;
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
