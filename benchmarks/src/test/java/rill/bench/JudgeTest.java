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
