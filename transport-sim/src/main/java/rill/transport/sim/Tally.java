package rill.transport.sim;

import java.util.Locale;
import java.util.StringJoiner;
import rill.transport.sim.Fault.Kind;

/** Which faults struck, how often, and how much they hit; and which points in the user's code misbehaved. */
final class Tally {
    private final long[] struck = new long[Kind.values().length];
    private final long[] hits = new long[Kind.values().length];
    private final java.util.Map<String, Long> points = new java.util.TreeMap<>();

    void struck(Kind kind) {
        struck[kind.ordinal()]++;
    }

    void hit(Kind kind) {
        hits[kind.ordinal()]++;
    }

    void hit(Kind kind, int count) {
        hits[kind.ordinal()] += count;
    }

    void point(String name) {
        points.merge(name, 1L, Long::sum);
    }

    java.util.Set<String> points() {
        return points.keySet();
    }

    void add(Tally other) {
        for (int i = 0; i < struck.length; i++) {
            struck[i] += other.struck[i];
            hits[i] += other.hits[i];
        }
        other.points.forEach((name, n) -> points.merge(name, n, Long::sum));
    }

    /** In words: {@code cut 3 × (217 segments), loss 1 × (12 segments)}. */
    @Override
    public String toString() {
        var text = new StringJoiner(", ");
        text.setEmptyValue("no faults");
        for (Kind each : Kind.values()) {
            if (struck[each.ordinal()] > 0 && each != Kind.SWARM) {
                text.add(each.name().toLowerCase(Locale.ROOT).replace('_', ' ') + " " + struck[each.ordinal()] + " × ("
                        + hits[each.ordinal()] + " " + each.hits + ")");
            }
        }
        points.forEach((name, n) -> text.add("“" + name + "” " + n + " ×"));
        return text.toString();
    }
}
