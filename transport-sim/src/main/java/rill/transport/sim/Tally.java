package rill.transport.sim;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import rill.transport.sim.Fault.Kind;

/** Counts which faults struck, how often, and how much they hit; which points in user code misbehaved; and of what there may be less. */
final class Tally {
    /** The counts of one kind. */
    private static final class Count {
        private long struck;
        private long bySwarms; // of these
        private long planned; // by the scenario, for later
        private long hits;
    }

    private final Map<Kind, Count> counts = new EnumMap<>(Kind.class);
    private final Map<String, Long> points = new TreeMap<>();
    private final Map<String, Integer> amounts = new TreeMap<>();
    private long givenUp; // runs in which it is not known whether a Task hangs

    private Count count(Kind kind) {
        return counts.computeIfAbsent(kind, each -> new Count());
    }

    void struck(Kind kind, boolean bySwarm) {
        Count count = count(kind);
        count.struck++;
        count.bySwarms += bySwarm ? 1 : 0;
    }

    /** The scenario has scheduled one. */
    void planned(Kind kind) {
        count(kind).planned++;
    }

    /** Tasks that may hang were not looked for to the end. */
    void givenUp() {
        givenUp++;
    }

    /** Returns whether there were swarms, and none of them struck. */
    boolean swarmedInVain() {
        return count(Kind.SWARM).struck > 0 && counts.values().stream().allMatch(each -> each.bySwarms == 0);
    }

    /** Returns the kinds that the scenario itself injected and that hit nothing, or that it scheduled and that never struck. */
    List<Kind> inVain() {
        return counts.entrySet().stream()
                .filter(each -> isInVain(each.getKey(), each.getValue()))
                .map(Map.Entry::getKey)
                .toList();
    }

    private static boolean isInVain(Kind kind, Count count) {
        boolean struck = count.struck > count.bySwarms;
        // A crash or kill takes effect even without a connection.
        boolean hits = count.hits > 0 || kind == Kind.SWARM || kind == Kind.CRASH || kind == Kind.KILL;
        return struck ? !hits : count.planned > 0;
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

    /** Returns how much the scenario would do of what it asks for with {@link Simulation#atMost}, by name. */
    Map<String, Integer> amounts() {
        return amounts;
    }

    void add(Tally other) {
        other.counts.forEach((kind, more) -> {
            Count sum = count(kind);
            sum.struck += more.struck;
            sum.bySwarms += more.bySwarms;
            sum.hits += more.hits;
            sum.planned += more.planned;
        });
        givenUp += other.givenUp;
        other.points.forEach((name, n) -> points.merge(name, n, Long::sum));
    }

    static String words(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** Describes it in words: {@code cut 3 × (217 segments), loss 1 × (12 segments)}. */
    @Override
    public String toString() {
        var text = new StringJoiner(", ");
        text.setEmptyValue("no faults");
        counts.forEach((kind, count) -> {
            if (count.struck > 0 && kind != Kind.SWARM) {
                text.add(words(kind) + " " + count.struck + " × (" + count.hits + " " + kind.hits + ")");
            }
        });
        points.forEach((name, n) -> text.add("“" + name + "” " + n + " ×"));
        if (givenUp > 0) {
            text.add("looking for Tasks that hang given up " + givenUp + " ×, since too much happens");
        }
        return text.toString();
    }
}
