package rill.transport.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Names besides those of hosts, and the effects of faults on all names. */
final class Names {
    private final Map<String, List<Host>> given = new LinkedHashMap<>();
    private final Map<String, Integer> failing = new HashMap<>(); // looked up, never iterated over
    private final Map<String, Long> slow = new HashMap<>();

    private final Tally tally;

    Names(Tally tally) {
        this.tally = tally;
    }

    void give(String name, List<Host> hosts) {
        given.put(name, hosts);
    }

    /** Returns the hosts that a name was given to; empty if none. */
    List<Host> holders(String name) {
        return given.getOrDefault(name, List.of());
    }

    /** Returns all names by which a host is found, its own first. */
    List<String> of(Host host) {
        List<String> names = new ArrayList<>(List.of(host.name()));
        given.forEach((name, hosts) -> {
            if (hosts.contains(host)) {
                names.add(name);
            }
        });
        return names;
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
