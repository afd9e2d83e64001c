package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;

final class ConductorTest {
    private final List<String> order = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    private final Conductor.Listener listener = new Conductor.Listener() {
        @Override
        public void starts(Contest contest, Contestant contestant, String round) {
            order.add(contestant.name());
        }

        @Override
        public void ended(Outcome outcome) {}

        @Override
        public void note(String text) {
            notes.add(text);
        }
    };

    private static Contestant giving(String name, boolean ours, double... rates) {
        var next = new int[1];
        return new Contestant(
                name,
                name,
                ours,
                List.of(),
                () -> new Outcome(Map.of(Figure.RATE.key, rates[next[0]++ % rates.length])));
    }

    private static Contestant throwing(String name, IOException failure) {
        return new Contestant(name, name, true, List.of(), () -> {
            throw failure;
        });
    }

    private static Contest contest(Contestant... contestants) {
        return new Contest("case", Map.of(), List.of(contestants), true);
    }

    @Test
    void every_other_round_runs_backwards() {
        new Conductor(3, listener).run(contest(giving("A", true, 1), giving("B", false, 1)), false);
        assertThat(order).containsExactly("A", "B", "B", "A", "A", "B");
    }

    @Test
    void for_the_noise_ours_runs_once_more_at_the_far_end_of_each_round() {
        var rounds = new Conductor(2, listener)
                .run(contest(giving("A", false, 1), giving("B", true, 8, 4), giving("C", false, 1)), true);
        assertThat(order).containsExactly("A", "B", "C", "B", "B", "C", "B", "A");
        assertThat(rounds.same()).hasSize(2);
        assertThat(Judge.floors(rounds.same())).containsEntry(Figure.RATE.key, 2.0);
    }

    @Test
    void what_is_not_to_be_had_is_left_out_with_its_reason_and_tried_once() {
        var absent = throwing("C", new LeftOutException("not installed"));
        var rounds = new Conductor(2, listener).run(contest(absent, giving("A", true, 1)), true);
        assertThat(order).containsExactly("C", "A", "A", "A", "A");
        assertThat(rounds.same()).as("pairs for the noise").hasSize(2);
        assertThat(rounds.leftOut()).containsExactly(Map.entry(absent, "not installed"));
        assertThat(rounds.runs()).doesNotContainKey(absent);
        assertThat(notes).containsExactly("left out: not installed");
    }

    @Test
    void the_noise_is_that_of_ours_on_the_best_transport() {
        var conductor = new Conductor(1, listener);
        conductor.run(contest(giving("rill-nio", true, 1), giving("rill-epoll", true, 1), giving("A", false, 1)), true);
        assertThat(order).containsExactly("rill-nio", "rill-epoll", "A", "rill-epoll");
    }

    @Test
    void what_fails_is_left_out_as_a_failure() {
        var broken = throwing("C", new IOException("it ended"));
        var rounds = new Conductor(1, listener).run(contest(broken), false);
        assertThat(rounds.leftOut()).containsExactly(Map.entry(broken, "failed: it ended"));
    }

    @Test
    void one_that_breaks_in_a_later_round_is_left_out_and_the_others_go_on() {
        var runs = new int[1];
        var breaking = new Contestant("C", "C", true, List.of(), () -> {
            if (++runs[0] == 2) {
                throw new IllegalStateException("a fault of its own");
            }
            return new Outcome(Map.of(Figure.RATE.key, 1.0));
        });
        Contest contest = contest(breaking, giving("B", false, 1));
        var rounds = new Conductor(3, listener).run(contest, false);
        assertThat(order).containsExactly("C", "B", "B", "C", "B");
        assertThat(rounds.runs()).doesNotContainKey(breaking).hasSize(1);
        assertThat(Judge.judge(contest, rounds, Judge.Floors.NONE).leftOut())
                .containsExactly(
                        new Report.LeftOut("C", "failed: java.lang.IllegalStateException: a fault of its own"));
    }

    @Test
    void what_fails_aside_leaves_the_timed_runs_and_is_said() {
        var uncounted =
                new Contestant("A", "A", true, List.of(), () -> new Outcome(Map.of(Figure.RATE.key, 1.0)), () -> {
                    throw new LeftOutException("no strace");
                });
        Contest contest = contest(uncounted);
        var judged = Judge.judge(contest, new Conductor(2, listener).run(contest, false), Judge.Floors.NONE);
        assertThat(judged.entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.runs()).hasSize(2));
        assertThat(judged.leftOut()).containsExactly(new Report.LeftOut("A, aside", "no strace"));
    }

    @Test
    void ratios_are_of_runs_in_the_same_round() {
        // Whatever the machine does to a round, ours performs twice as well in each.
        var ours = giving("A", true, 200, 20, 2_000, 2, 20_000);
        var theirs = giving("B", false, 100, 10, 1_000, 1, 10_000);
        Contest contest = contest(ours, theirs);
        var floors = new Judge.Floors("case", Map.of(Figure.RATE.key, 1.1));
        var judged = Judge.judge(contest, new Conductor(5, listener).run(contest, false), floors);
        assertThat(judged.comparisons())
                .containsExactly(new Report.Comparison(Figure.RATE.key, "A", "B", 2, 2, 2, 5, "ahead"));
    }

    @Test
    void what_is_done_aside_comes_after_all_rounds_and_joins_the_figures() {
        var counted = new Contestant(
                "A",
                "A",
                true,
                List.of(),
                () -> new Outcome(Map.of(Figure.RATE.key, 1.0)),
                () -> new Outcome(Map.of(Figure.SYSTEM_CALLS.key, 2.0)));
        Contest contest = contest(counted, giving("B", false, 1));
        var judged = Judge.judge(contest, new Conductor(2, listener).run(contest, false), Judge.Floors.NONE);
        assertThat(order).containsExactly("A", "B", "B", "A", "A");
        assertThat(judged.entries().getFirst().medians())
                .containsEntry(Figure.SYSTEM_CALLS.key, new Report.Value(2, 2, 2));
    }
}
