package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;

final class JudgeTest {
    private static Map<String, Report.Value> medians(Figure figure, double value) {
        return Map.of(figure.key, new Report.Value(value, value, value));
    }

    @Test
    void a_saturated_other_end_is_noted() {
        assertThat(Judge.notes(medians(Figure.OTHER_BUSY, 97)))
                .containsExactly("the other end was at its limit, so it may be what this rate shows");
        assertThat(Judge.notes(medians(Figure.OTHER_BUSY, 80))).isEmpty();
    }

    @Test
    void a_load_that_fell_behind_its_schedule_is_noted() {
        assertThat(Judge.notes(medians(Figure.LATE, 1))).hasSize(1);
        assertThat(Judge.notes(medians(Figure.LATE, 0))).isEmpty();
    }

    @Test
    void one_that_falls_behind_a_rate_is_noted_and_gets_no_verdict() {
        Outcome well = atRate(1_000, 999, 3);
        Outcome waiting = atRate(1_000, 999, 11);
        Outcome slow = atRate(1_000, 980, 0);
        assertThat(comparison(well, well)).isEqualTo("ahead");
        assertThat(comparison(well, waiting)).isEqualTo("fell behind");
        assertThat(comparison(slow, well)).isEqualTo("fell behind");
        var behind = judged(well, slow);
        assertThat(behind.entries())
                .filteredOn(entry -> !entry.ours())
                .singleElement()
                .satisfies(entry -> assertThat(entry.notes())
                        .singleElement()
                        .asString()
                        .startsWith("in 5 of 5 rounds it fell behind"));
        assertThat(behind.entries())
                .filteredOn(Report.Entry::ours)
                .singleElement()
                .satisfies(entry -> assertThat(entry.notes()).isEmpty());
    }

    /** Ours has half of their latency in any case. */
    private static Report.Case judged(Outcome ours, Outcome theirs) {
        var one = contestant("rill-nio", true);
        var other = contestant("netty-nio", false);
        Map<String, Double> halved = new java.util.LinkedHashMap<>(ours.figures());
        halved.computeIfPresent(Figure.P99.key, (key, value) -> value / 2);
        Map<Contestant, List<Outcome>> runs = new java.util.LinkedHashMap<>();
        runs.put(one, java.util.Collections.nCopies(5, new Outcome(halved)));
        runs.put(other, java.util.Collections.nCopies(5, theirs));
        var rounds = new Conductor.Rounds(List.of(), runs, Map.of(), Map.of(), Map.of());
        var floors = new Judge.Floors("case", Map.of(Figure.P99.key, 1.1));
        return Judge.judge(new Contest("case", Map.of(), List.of(one, other), true), rounds, floors);
    }

    private static String comparison(Outcome ours, Outcome theirs) {
        return judged(ours, theirs).comparisons().getFirst().verdict();
    }

    private static Outcome atRate(double asked, double sent, double waiting) {
        return new Outcome(Map.of(
                Figure.P99.key, 100.0,
                Figure.COUNT.key, 1_000.0,
                Figure.ASKED.key, asked,
                Figure.SENT.key, sent,
                Figure.WAITING.key, waiting));
    }

    @Test
    void a_share_is_what_a_message_costs_beyond_the_bare_loop_in_the_same_round() {
        var ours = contestant("rill-nio", true);
        var limit = contestant("bare-c", false);
        var rounds = new Conductor.Rounds(
                List.of(),
                new java.util.LinkedHashMap<>(Map.of(
                        ours, List.of(cpu(700), cpu(1_400)),
                        limit, List.of(cpu(500), cpu(1_200)))),
                Map.of(),
                Map.of(),
                Map.of());
        var judged = Judge.judge(new Contest("case", Map.of(), List.of(ours, limit), true), rounds, Judge.Floors.NONE);
        assertThat(judged.entries())
                .filteredOn(Report.Entry::ours)
                .singleElement()
                .extracting(entry -> entry.medians().get(Figure.SHARE.key).value())
                .isEqualTo(200.0);
    }

    @Test
    void where_no_message_was_timed_there_is_no_share() {
        var ours = contestant("rill-nio", true);
        var limit = contestant("bare-c", false);
        Outcome held = new Outcome(Map.of(Figure.RESIDENT.key, 100.0));
        var rounds = new Conductor.Rounds(
                List.of(),
                new java.util.LinkedHashMap<>(Map.of(ours, List.of(held), limit, List.of(held))),
                Map.of(),
                Map.of(),
                Map.of());
        var judged = Judge.judge(new Contest("case", Map.of(), List.of(ours, limit), true), rounds, Judge.Floors.NONE);
        assertThat(judged.entries())
                .hasSize(2)
                .allSatisfy(entry -> assertThat(entry.medians()).containsOnlyKeys(Figure.RESIDENT.key));
    }

    private static Contestant contestant(String name, boolean ours) {
        return new Contestant(name, name, ours, List.of(), () -> cpu(0));
    }

    private static Outcome cpu(double nanos) {
        return new Outcome(Map.of(Figure.CPU.key, nanos));
    }
}
