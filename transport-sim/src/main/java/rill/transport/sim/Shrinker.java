package rill.transport.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Makes a failing run smaller. It reduces the amounts that may be less, then leaves out faults of its swarms, in halves and quarters and one by one,
 * then freedoms and points, as long as the run fails in the same manner and time is left. No trial takes more than twice the steps of the failing
 * run, or a million if that is more, since fewer faults may mean more work; so a run that never ends takes little time.
 */
final class Shrinker {
    private static final int ENOUGH_STEPS = 1_000_000;

    private final Scenario scenario;
    private final Trial failing;
    private final long deadline;
    private Without without;
    private @Nullable Trial smallest;

    /**
     * @param failing with everything in it but {@code without}
     * @param deadline a reading of {@link System#nanoTime}
     */
    Shrinker(Scenario scenario, Trial failing, Without without, long deadline) {
        this.scenario = scenario;
        this.failing = failing;
        this.without = without;
        this.deadline = deadline;
    }

    /** Returns the smallest run found; null if not even the same run fails again. */
    @Nullable
    Trial shrink() {
        if (!stillFails(without)) {
            return null;
        }
        doLess();
        leaveOutStrikes();
        for (Freedom each : Freedom.values()) {
            stillFails(without.freedom(each));
        }
        for (String each : failing.tally().points()) {
            stillFails(without.point(each));
        }
        doLess(); // with less around it, it may need less
        return smallest;
    }

    /** Returns what the smallest run leaves out. */
    Without without() {
        return without;
    }

    /** Describes how the smallest run is smaller. */
    List<String> found() {
        var found = new ArrayList<String>();
        if (!left().isEmpty()) {
            found.add("of the swarm's faults only these are needed: " + left());
        } else if (failing.strikes().stream().anyMatch(Shrinker::isOfSwarm)) {
            found.add("none of the swarm's faults is needed");
        }
        found.addAll(less());
        if (found.isEmpty()) {
            found.add("not all that the seed has chosen is needed");
        }
        return found;
    }

    private static boolean isOfSwarm(Strike strike) {
        return strike.number() > 0;
    }

    /** Returns the faults that the smallest run does not leave out. */
    List<Strike> left() {
        return failing.strikes().stream()
                .filter(each -> isOfSwarm(each) && !without.strikes().contains(each.number()))
                .toList();
    }

    /** Describes what the smallest run does less of. */
    List<String> less() {
        return without.bounds().entrySet().stream()
                .map(each -> each.getKey() + " " + each.getValue() + " instead of "
                        + failing.tally().amounts().get(each.getKey()))
                .toList();
    }

    private void doLess() {
        failing.tally().amounts().forEach((name, most) -> {
            int tooFew = 0;
            int enough = without.atMost(most, name);
            while (enough - tooFew > 1) {
                int fewer = tooFew + (enough - tooFew) / 2;
                if (stillFails(without.bound(name, fewer))) {
                    enough = fewer;
                } else {
                    tooFew = fewer;
                }
            }
        });
    }

    private void leaveOutStrikes() {
        for (int size = Math.max(1, left().size()); size >= 1; size /= 2) {
            List<Strike> candidates = new ArrayList<>(left());
            for (int from = 0; from < candidates.size(); from += size) {
                Set<Integer> some = new TreeSet<>();
                candidates
                        .subList(from, Math.min(candidates.size(), from + size))
                        .forEach(each -> some.add(each.number()));
                stillFails(without.strike(some));
            }
        }
    }

    private boolean stillFails(Without candidate) {
        if (System.nanoTime() - deadline > 0) {
            return false;
        }
        Trial trial = Trial.run(
                failing.seed(),
                scenario,
                failing.strikes(),
                candidate,
                simulation -> {},
                Math.max(2 * failing.steps(), ENOUGH_STEPS));
        if (!trial.failsAs(failing)) {
            return false;
        }
        without = candidate;
        smallest = trial;
        return true;
    }
}
