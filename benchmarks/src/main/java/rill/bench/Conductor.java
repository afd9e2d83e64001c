package rill.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;
import rill.bench.Contest.Run;

/**
 * Runs a contest by the protocol: in each round every contestant runs once, and every other round runs backwards (A B B A), so that a machine that
 * slows down hurts all alike. To determine the noise, one contestant runs twice in each round, the second time at the other end.
 */
final class Conductor {
    /** Receives the progress of runs. */
    interface Listener {
        void starts(Contest contest, Contestant contestant, String round);

        void ended(Outcome outcome);

        /** Notes something that readers of the report should know and that stops nothing. */
        void note(String text);
    }

    private final int pairs;
    private final Listener listener;

    Conductor(int pairs, Listener listener) {
        this.pairs = pairs;
        this.listener = listener;
    }

    /**
     * The results of a contest.
     *
     * @param same pairs of runs of the same contestant, each pair within one round
     * @param runs by contestant, one per round
     * @param aside by contestant, the figures from outside of the timed runs
     * @param leftOut by contestant, why it has no runs
     * @param asideLeftOut by contestant, why there are no figures from outside of the timed runs
     */
    record Rounds(
            List<List<Outcome>> same,
            Map<Contestant, List<Outcome>> runs,
            Map<Contestant, Outcome> aside,
            Map<Contestant, String> leftOut,
            Map<Contestant, String> asideLeftOut) {}

    /** Runs a contest; {@code withNoise} makes one contestant run twice in each round. */
    Rounds run(Contest contest, boolean withNoise) {
        Map<Contestant, String> leftOut = new LinkedHashMap<>();
        Map<Contestant, List<List<Outcome>>> same = new LinkedHashMap<>();
        Map<Contestant, List<Outcome>> runs = new LinkedHashMap<>();
        for (Contestant each : contest.contestants()) {
            runs.put(each, new ArrayList<>()); // so that they are listed in this order
        }
        for (int round = 0; round < pairs; round++) {
            boolean backwards = round % 2 == 1;
            String name = (round + 1) + "/" + pairs;
            Map<Contestant, Outcome> again = withNoise && backwards ? again(contest, name, leftOut) : Map.of();
            for (Contestant each : backwards ? contest.contestants().reversed() : contest.contestants()) {
                once(contest, each, each.run(), name, leftOut)
                        .ifPresent(outcome -> runs.computeIfAbsent(each, ignored -> new ArrayList<>())
                                .add(outcome));
            }
            if (withNoise && !backwards) {
                again = again(contest, name, leftOut);
            }
            again.forEach((contestant, second) -> {
                List<Outcome> first = runs.get(contestant);
                if (first != null && !leftOut.containsKey(contestant)) {
                    same.computeIfAbsent(contestant, ignored -> new ArrayList<>())
                            .add(List.of(first.getLast(), second));
                }
            });
        }
        leftOut.keySet().forEach(runs::remove); // one that failed once has no pairs for a verdict
        leftOut.keySet().forEach(same::remove);
        List<List<Outcome>> pairs = same.values().stream().findFirst().orElse(List.of());
        Map<Contestant, String> asideLeftOut = new LinkedHashMap<>();
        return new Rounds(pairs, runs, aside(contest, runs.keySet(), asideLeftOut), leftOut, asideLeftOut);
    }

    private Map<Contestant, Outcome> aside(
            Contest contest, Set<Contestant> contestants, Map<Contestant, String> leftOut) {
        Map<Contestant, Outcome> aside = new LinkedHashMap<>();
        for (Contestant each : contestants) {
            Run run = each.aside();
            if (run != null) {
                once(contest, each, run, "aside", leftOut).ifPresent(outcome -> aside.put(each, outcome));
            }
        }
        return aside;
    }

    /** Runs the contestant that determines the noise a second time: Rill on the best available transport, or else another. */
    private Map<Contestant, Outcome> again(Contest contest, String round, Map<Contestant, String> leftOut) {
        Optional<Contestant> twice = contest.contestants().stream()
                .filter(each -> !leftOut.containsKey(each))
                .min(Comparator.comparing((Contestant each) -> !each.ours())
                        .thenComparing(each -> !each.name().equals("rill-epoll")));
        Map<Contestant, Outcome> outcome = new LinkedHashMap<>();
        twice.ifPresent(each ->
                once(contest, each, each.run(), round + ", A/A", leftOut).ifPresent(one -> outcome.put(each, one)));
        return outcome;
    }

    /** Runs a contestant once. A failure is noted, and stops no other run. */
    private Optional<Outcome> once(
            Contest contest, Contestant contestant, Run run, String round, Map<Contestant, String> leftOut) {
        if (leftOut.containsKey(contestant)) {
            return Optional.empty();
        }
        listener.starts(contest, contestant, round);
        try {
            Outcome outcome = run.once();
            listener.ended(outcome);
            return Optional.of(outcome);
        } catch (LeftOutException e) {
            leftOut.put(contestant, String.valueOf(e.getMessage()));
            listener.note("left out: " + e.getMessage());
        } catch (IOException | RuntimeException e) {
            String reason = "failed: " + (e instanceof IOException ? e.getMessage() : e);
            leftOut.put(contestant, reason);
            listener.note(reason);
        }
        return Optional.empty();
    }
}
