package rill.transport.sim;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is left out of a run when it is replayed.
 *
 * @param strikes the numbers of a swarm's faults
 * @param freedoms what is not left to the seed
 * @param points of {@link Simulation#buggify}, by name
 * @param bounds of {@link Simulation#atMost}, by name: the most to do
 */
record Without(Set<Integer> strikes, Set<Freedom> freedoms, Set<String> points, Map<String, Integer> bounds) {
    static final Without NOTHING = new Without(Set.of(), Set.of(), Set.of(), Map.of());

    private static final Pattern BOUND = Pattern.compile("(.+)=(\\d{1,9})");

    /** Parses text such as {@code 3,7-9,jitter,a point,calls=12}. */
    static Without parse(String text) {
        var strikes = new TreeSet<Integer>();
        var freedoms = EnumSet.noneOf(Freedom.class);
        var points = new LinkedHashSet<String>();
        var bounds = new TreeMap<String, Integer>();
        for (String each : text.split(",", -1)) {
            String part = each.strip();
            Matcher bound = BOUND.matcher(part);
            if (part.matches("\\d{1,9}")) {
                strikes.add(Integer.parseInt(part));
            } else if (part.matches("\\d{1,9}-\\d{1,9}")) {
                int dash = part.indexOf('-');
                addAll(strikes, Integer.parseInt(part.substring(0, dash)), Integer.parseInt(part.substring(dash + 1)));
            } else if (Arrays.stream(Freedom.values())
                    .anyMatch(freedom -> name(freedom).equals(part))) {
                freedoms.add(Freedom.valueOf(part.toUpperCase(Locale.ROOT).replace('-', '_')));
            } else if (bound.matches()) {
                bounds.put(bound.group(1), Integer.parseInt(bound.group(2)));
            } else if (!part.isEmpty()) {
                points.add(part);
            }
        }
        return new Without(strikes, freedoms, points, bounds);
    }

    /** Requires a name of a point or bound that is understood as it is printed, within quotes of a shell. */
    static void requireName(String name) {
        boolean understood = name.matches("[\\p{L}\\p{N} ._-]+")
                && parse(name).points().contains(name)
                && parse(name + "=1").bounds().containsKey(name);
        if (!understood) {
            throw new IllegalArgumentException(
                    "“" + name + "” can't be told by -Drill.without: a name has letters, digits,"
                            + " spaces, hyphens and dots, is no number, and no freedom's");
        }
    }

    private static void addAll(Set<Integer> strikes, int first, int last) {
        if (last - first > 1_000_000) {
            throw new IllegalArgumentException(
                    "rill.without leaves out " + first + " to " + last + ", which is too many");
        }
        for (int n = first; n <= last; n++) {
            strikes.add(n);
        }
    }

    private static String name(Freedom freedom) {
        return freedom.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    boolean nothing() {
        return strikes.isEmpty() && freedoms.isEmpty() && points.isEmpty() && bounds.isEmpty();
    }

    /** Returns what is left of this amount. */
    int atMost(int most, String name) {
        return Math.min(most, bounds.getOrDefault(name, most));
    }

    Without strike(Set<Integer> more) {
        var all = new TreeSet<>(strikes);
        all.addAll(more);
        return new Without(all, freedoms, points, bounds);
    }

    Without freedom(Freedom more) {
        var all = EnumSet.of(more);
        all.addAll(freedoms);
        return new Without(strikes, all, points, bounds);
    }

    Without point(String more) {
        var all = new LinkedHashSet<>(points);
        all.add(more);
        return new Without(strikes, freedoms, all, bounds);
    }

    Without bound(String name, int most) {
        var all = new TreeMap<>(bounds);
        all.put(name, most);
        return new Without(strikes, freedoms, points, all);
    }

    /** Returns text that {@link #parse} understands. */
    @Override
    public String toString() {
        var text = new StringJoiner(",");
        int from = -1;
        int to = -1;
        for (int each : new TreeSet<>(strikes)) {
            if (from >= 0 && each == to + 1) {
                to = each;
                continue;
            }
            addRange(text, from, to);
            from = each;
            to = each;
        }
        addRange(text, from, to);
        freedoms.forEach(each -> text.add(name(each)));
        points.forEach(text::add);
        bounds.forEach((name, most) -> text.add(name + "=" + most));
        return text.toString();
    }

    private static void addRange(StringJoiner text, int from, int to) {
        if (from >= 0) {
            text.add(from == to ? Integer.toString(from) : from + "-" + to);
        }
    }
}
