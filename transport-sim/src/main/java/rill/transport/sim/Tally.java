package rill.transport.sim;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import rill.transport.sim.Fault.Kind;

/** Which faults struck, how often, and how much they hit; which points in the user's code misbehaved; and what there may be less of. */
final class Tally {
    /** Of one kind. */
    private static final class Count {
        private long struck;
        private long hits;
    }

    private final Map<Kind, Count> counts = new EnumMap<>(Kind.class);
    private final Map<String, Long> points = new TreeMap<>();
    private final Map<String, Integer> amounts = new TreeMap<>();

    private Count count(Kind kind) {
        return counts.computeIfAbsent(kind, each -> new Count());
    }

    void struck(Kind kind) {
        count(kind).struck++;
    }

    void hit(Kind kind) {
        count(kind).hits++;
    }

    void hit(Kind kind, int times) {
        count(kind).hits += times;
    }

    void point(String name) {
        points.merge(name, 1L, Long::sum);
    }

    Set<String> points() {
        return points.keySet();
    }

    void amount(String name, int most) {
        amounts.merge(name, most, Math::max);
    }

    /** How much the scenario would do of what it asks for with {@link Simulation#atMost}, by name. */
    Map<String, Integer> amounts() {
        return amounts;
    }

    void add(Tally other) {
        other.counts.forEach((kind, more) -> {
            Count sum = count(kind);
            sum.struck += more.struck;
            sum.hits += more.hits;
        });
        other.points.forEach((name, n) -> points.merge(name, n, Long::sum));
    }

    /** In words: {@code cut 3 × (217 segments), loss 1 × (12 segments)}. */
    @Override
    public String toString() {
        var text = new StringJoiner(", ");
        text.setEmptyValue("no faults");
        counts.forEach((kind, count) -> {
            if (count.struck > 0 && kind != Kind.SWARM) {
                text.add(kind.name().toLowerCase(Locale.ROOT).replace('_', ' ') + " " + count.struck + " × ("
                        + count.hits + " " + kind.hits + ")");
            }
        });
        points.forEach((name, n) -> text.add("“" + name + "” " + n + " ×"));
        return text.toString();
    }
}
