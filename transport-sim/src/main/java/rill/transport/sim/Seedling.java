package rill.transport.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.PrimitiveIterator;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/** A scenario that is run with one seed after another, up to the first that fails. */
final class Seedling {
    private static final int MOST_RECORDED = 100_000; // events; a picture shows far fewer

    private final Scenario scenario;
    private final String name; // for Maven
    private final Simulated settings;
    private final Seeds seeds;
    private final Without without;
    private final Tally tally = new Tally();
    private final Map<String, Boolean> reached = new TreeMap<>();

    Seedling(Scenario scenario, String name, Simulated settings, Seeds seeds) {
        this.scenario = scenario;
        this.name = name;
        this.settings = settings;
        this.seeds = seeds;
        String left = System.getProperty("rill.without");
        this.without = left == null ? Without.NOTHING : Without.parse(left);
        if (!without.strikes().isEmpty() && seeds.count() > 1) {
            throw new IllegalArgumentException(
                    "rill.without leaves out faults by their numbers, which differ from seed to seed; say which with"
                            + " rill.seed");
        }
    }

    /** Returns which faults have struck. */
    Tally run() {
        PrimitiveIterator.OfLong each = seeds.stream().iterator();
        while (each.hasNext()) {
            run(each.nextLong());
        }
        if (seeds.areMany()) {
            requireSomethingHappened();
        }
        return tally;
    }

    private void requireSomethingHappened() {
        var never = reached.entrySet().stream()
                .filter(one -> !one.getValue())
                .map(Map.Entry::getKey)
                .toList();
        if (!never.isEmpty()) {
            throw new AssertionError("in none of " + seeds.stream().count() + " seeds did this hold: "
                    + String.join("; ", never) + "\nfaults: " + tally);
        }
        if (tally.swarmedInVain()) {
            throw new AssertionError("in none of " + seeds.stream().count()
                    + " seeds did the swarm do anything; inject it before anybody talks, have hosts talk while it is in force, for"
                    + " some seconds of virtual time, and leave it some hosts and kinds");
        }
        List<Fault.Kind> inVain = tally.inVain();
        if (!inVain.isEmpty()) {
            throw new AssertionError("in none of " + seeds.stream().count() + " seeds did this hit anything: "
                    + inVain.stream().map(Tally::words).collect(Collectors.joining(", "))
                    + "; look whether somebody talks while it is in force, where it strikes, and whether the scenario lasts until then\nfaults: "
                    + tally);
        }
    }

    private void run(long seed) {
        Trial trial = trial(seed);
        if (trial.failure() instanceof TestAbortedException assumed) {
            throw assumed;
        }
        if (Boolean.getBoolean("rill.twice") || trial.failure() != null) {
            requireSame(trial, trial(seed));
        }
        if (trial.failure() != null) {
            throw failure(trial);
        }
        tally.add(trial.tally());
        trial.reached().forEach((property, held) -> reached.merge(property, held, Boolean::logicalOr));
    }

    private Trial trial(long seed) {
        return trial(seed, simulation -> {});
    }

    private Trial trial(long seed, Consumer<? super Simulation> recorded) {
        // The faults are those of the run in which nothing is left out, whatever that changes.
        return without.nothing()
                ? Trial.run(seed, scenario, null, without, recorded)
                : Trial.run(seed, scenario, Trial.run(seed, scenario).strikes(), without, recorded);
    }

    private void requireSame(Trial first, Trial second) {
        boolean alike = first.hash().equals(second.hash());
        if (!alike || !first.endsAs(second)) {
            var error = new AssertionError("seed " + first.seed()
                    + " is not deterministic: a second run in the same JVM differs, "
                    + (alike ? "in how it ends" : "with hash " + second.hash() + " after " + first.hash())
                    + "; look for static state, for time, chance and threads that are not the simulation's"
                    + (alike ? "" : whereTwoMoreDiffer(first.seed()))
                    + "\nthe first run " + outcome(first) + "\nthe second run " + outcome(second));
            if (first.failure() != null) {
                error.initCause(first.failure());
            }
            throw error;
        }
    }

    /** Runs it twice more, and recorded: nothing says how far the runs so far were the same. */
    private String whereTwoMoreDiffer(long seed) {
        List<String> one = events(seed);
        List<String> other = events(seed);
        int same = 0;
        while (same < one.size() && same < other.size() && one.get(same).equals(other.get(same))) {
            same++;
        }
        if (same == one.size() && same == other.size()) {
            return "\ntwo more runs were the same: what differed is perhaps what only a first run initializes";
        }
        return "\ntwo more runs differ\n  after        " + (same == 0 ? "the beginning" : one.get(same - 1))
                + "\n  once there was " + (same < one.size() ? one.get(same) : "nothing")
                + "\n  and once       " + (same < other.size() ? other.get(same) : "nothing");
    }

    private List<String> events(long seed) {
        var events = new ArrayList<String>();
        trial(seed, simulation -> {
            if (simulation.trace().recording()) {
                simulation.trace().entries().forEach(each -> events.add(each.line()));
            } else {
                simulation.trace().record();
            }
        });
        return events;
    }

    private static String outcome(Trial trial) {
        return trial.failure() == null ? "passed" : "failed: " + trial.text();
    }

    private AssertionError failure(Trial trial) {
        var text = new StringBuilder("seed " + trial.seed() + " failed: " + trial.text());
        text.append("\nreplay: ").append(replay(trial.seed(), without));
        long bound = TimeUnit.SECONDS.toNanos(settings.shrinkSeconds());
        var shrinker = new Shrinker(scenario, trial, without, System.nanoTime() + bound);
        Trial smallest = bound == 0 ? null : shrinker.shrink();
        Without least = smallest == null ? without : shrinker.without();
        if (bound > 0 && smallest == null) {
            text.append("\nnot reduced: played again, it does not fail in the same manner within ")
                    .append(settings.shrinkSeconds())
                    .append(" s");
        } else if (smallest != null && !least.equals(without)) {
            text.append("\nreduced: ")
                    .append(String.join("; ", shrinker.found()))
                    .append("; replay: ")
                    .append(replay(trial.seed(), least));
        }
        if (!settings.pictures().isEmpty()) {
            text.append('\n').append(picture(trial, least));
        }
        return new AssertionError(text.toString(), trial.failure());
    }

    private String replay(long seed, Without left) {
        return "mvn test -Dtest=" + name + " -Drill.seed=" + seed
                + (left.nothing() ? "" : " '-Drill.without=" + left + "'");
    }

    /** Says where the picture is. That there is none must not hide the failure. */
    private String picture(Trial trial, Without least) {
        try {
            return "picture: " + draw(trial, least);
        } catch (RuntimeException | Error e) {
            return "no picture: " + e;
        }
    }

    /** Runs it again to draw it. */
    private Path draw(Trial trial, Without least) {
        Path file = Path.of(
                settings.pictures(), name.replace("'", "").replaceAll("[#$]", ".") + "-" + trial.seed() + ".svg");
        var recorder = new java.util.concurrent.atomic.AtomicReference<@Nullable Simulation>();
        Trial.run(trial.seed(), scenario, trial.strikes(), least, simulation -> {
            if (recorder.getAndSet(simulation) == null) {
                simulation.trace().recordLast(MOST_RECORDED);
            } else {
                write(simulation, file);
            }
        });
        return file;
    }

    private static void write(Simulation simulation, Path file) {
        try {
            simulation.timeline().writePicture(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
