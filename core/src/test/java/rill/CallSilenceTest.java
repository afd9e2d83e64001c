package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A peer from which nothing arrives is given up; one that is merely slow is not. */
class CallSilenceTest {
    private static final Duration SILENCE = Duration.ofSeconds(10);

    private static Dialogue<String, String> inOrder() {
        return new Dialogue<>(Dialogue.inOrder().dropAfter(SILENCE));
    }

    private static boolean isOpen(Dialogue<?, ?> dialogue) {
        return !dialogue.client.closed().isDone();
    }

    @Test
    void after_the_longest_silence_the_connection_is_aborted_and_its_calls_fail() {
        try (var dialogue = inOrder()) {
            Future<String> call = dialogue.call("a");
            dialogue.passes(SILENCE.minusMillis(1));
            assertThat(call.isDone()).isFalse();
            dialogue.passes(Duration.ofMillis(1));
            assertThat(dialogue.failureOf(call))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("nothing has come for 10 s, with 1 calls in flight");
            assertThat(isOpen(dialogue)).isFalse();
            assertThat(dialogue.failures)
                    .singleElement()
                    .satisfies(each -> assertThat(each).hasMessageContaining("reset"));
            assertThat(dialogue.failureOf(dialogue.call("b"))).hasMessageContaining("nothing has come for");
        }
    }

    @Test
    void tombstones_are_enough_to_give_a_silent_peer_up() {
        try (var dialogue = inOrder()) {
            dialogue.call("a").cancel();
            assertThat(dialogue.failureOf(dialogue.call("b", Duration.ZERO)))
                    .hasCauseInstanceOf(DeadlineException.class);
            dialogue.passes(SILENCE);
            assertThat(isOpen(dialogue)).isFalse();
            dialogue.loops.reporter().take(Report.ConnectionFailed.class); // nobody else was notified
        }
    }

    @Test
    void the_silence_begins_with_the_first_call_and_not_with_the_last_byte() {
        try (var dialogue = inOrder()) {
            dialogue.passes(Duration.ofDays(1));
            assertThat(isOpen(dialogue)).isTrue();
            Future<String> call = dialogue.call("a");
            dialogue.passes(SILENCE.dividedBy(2));
            dialogue.says("A");
            assertThat(dialogue.loops.settle(call)).isEqualTo("A");
            dialogue.passes(Duration.ofDays(1));
            assertThat(isOpen(dialogue)).isTrue();
        }
    }

    @Test
    void an_answer_that_comes_slowly_is_no_silence() {
        try (var dialogue = inOrder()) {
            Future<String> call = dialogue.call("a", Duration.ofMinutes(5));
            for (int i = 0; i < 20; i++) {
                dialogue.passes(SILENCE.multipliedBy(3).dividedBy(4));
                dialogue.saysPart("x");
            }
            assertThat(isOpen(dialogue)).isTrue();
            dialogue.says("");
            assertThat(dialogue.loops.settle(call)).isEqualTo("x".repeat(20));
        }
    }

    @Test
    void after_a_part_of_an_answer_a_peer_has_a_quarter_more_at_most() {
        try (var dialogue = inOrder()) {
            Future<String> call = dialogue.call("a");
            dialogue.passes(Duration.ofSeconds(1));
            dialogue.saysPart("x");
            dialogue.passes(SILENCE.minusMillis(1));
            assertThat(isOpen(dialogue)).isTrue();
            dialogue.passes(SILENCE.dividedBy(4));
            assertThat(isOpen(dialogue)).isFalse();
            assertThat(call.failure()).isNotNull();
        }
    }

    @Test
    void a_call_with_a_longer_deadline_of_its_own_keeps_the_connection_till_then() {
        try (var dialogue = inOrder()) {
            Future<String> patient = dialogue.call("wait for an hour", Duration.ofHours(1));
            Future<String> usual = dialogue.call("a");
            dialogue.passes(Duration.ofMinutes(59));
            assertThat(isOpen(dialogue)).isTrue();
            assertThat(dialogue.failureOf(usual)).hasCauseInstanceOf(DeadlineException.class);
            dialogue.passes(Duration.ofMinutes(2));
            assertThat(dialogue.failureOf(patient)).hasCauseInstanceOf(DeadlineException.class);
            assertThat(isOpen(dialogue)).isFalse();
            dialogue.loops.reporter().take(Report.ConnectionFailed.class);
        }
    }

    @Test
    void what_came_while_the_loop_was_busy_for_longer_is_heard_first() {
        try (var dialogue = inOrder()) {
            Future<String> call = dialogue.call("a");
            dialogue.onLoop(() -> dialogue.peer().write("A\n"));
            dialogue.loop.tick(); // it leaves the peer
            dialogue.clock().advance(SILENCE.multipliedBy(2));
            assertThat(dialogue.loops.settle(call)).isEqualTo("A");
            assertThat(isOpen(dialogue)).isTrue();
        }
    }

    @Test
    void calls_that_are_made_when_it_has_lasted_too_long_do_not_put_it_off_whatever_their_deadlines() {
        try (var dialogue = inOrder()) {
            var calls = new ArrayList<Future<String>>();
            for (int i = 0; i < 7; i++) {
                assertThat(isOpen(dialogue)).isTrue();
                calls.add(dialogue.call("a", Duration.ofSeconds(30)));
                dialogue.passes(Duration.ofSeconds(5));
            }
            assertThat(isOpen(dialogue)).isFalse();
            for (Future<String> each : calls.subList(0, 2)) { // made before
                assertThat(dialogue.failureOf(each)).hasCauseInstanceOf(DeadlineException.class);
            }
            for (Future<String> each : calls.subList(2, 7)) {
                assertThat(dialogue.failureOf(each)).hasMessageContaining("nothing has come for 35 s");
            }
        }
    }

    // ---- bytes that do not leave

    private static final String MORE_THAN_LEAVES = "x".repeat(900_000);

    private static Future<?> send(Dialogue<String, String> dialogue, String request) {
        return dialogue.onLoop(() -> dialogue.client.send(request));
    }

    private static void readsNothing(Dialogue<?, ?> dialogue) {
        dialogue.onLoop(() -> {
            dialogue.peer().pause();
            return null;
        });
    }

    @Test
    void a_peer_that_takes_nothing_is_given_up_though_nothing_but_sends_waits_for_it() {
        try (var dialogue = inOrder()) {
            readsNothing(dialogue);
            send(dialogue, MORE_THAN_LEAVES);
            Future<?> waits = send(dialogue, "b");
            dialogue.passes(SILENCE.minusMillis(1));
            assertThat(waits.isDone()).isFalse();
            dialogue.passes(SILENCE.dividedBy(4));
            assertThat(dialogue.failureOf(waits))
                    .hasMessageContaining("nothing has left for")
                    .hasMessageContaining("bytes to be sent");
            assertThat(isOpen(dialogue)).isFalse();
        }
    }

    @Test
    void sends_that_give_up_one_after_the_other_do_not_put_that_off() {
        try (var dialogue = new Dialogue<>(
                Dialogue.inOrder().deadline(Duration.ofSeconds(1)).dropAfter(SILENCE))) {
            readsNothing(dialogue);
            send(dialogue, MORE_THAN_LEAVES);
            for (int i = 0; i < 6; i++) {
                Future<?> waits = send(dialogue, "b");
                dialogue.passes(Duration.ofMillis(1500));
                assertThat(dialogue.failureOf(waits)).hasMessageContaining("waited for its turn");
            }
            dialogue.passes(Duration.ofSeconds(1));
            assertThat(isOpen(dialogue)).isFalse();
            dialogue.loops.reporter().take(Report.ConnectionFailed.class); // nobody else was notified
        }
    }

    @Test
    void whoever_waits_for_room_is_told_as_well() {
        try (var dialogue = inOrder()) {
            readsNothing(dialogue);
            send(dialogue, MORE_THAN_LEAVES);
            Future<?> room = dialogue.onLoop(dialogue.client::writable);
            dialogue.passes(SILENCE.plus(SILENCE.dividedBy(4)));
            assertThat(dialogue.failureOf(room)).hasMessageContaining("nothing has left for");
            assertThat(isOpen(dialogue)).isFalse();
            dialogue.loops.reporter().take(Report.ConnectionFailed.class);
        }
    }

    @Test
    void a_peer_that_takes_little_at_a_time_is_not_given_up() {
        try (var dialogue = inOrder()) {
            readsNothing(dialogue);
            send(dialogue, MORE_THAN_LEAVES);
            Future<?> waits = send(dialogue, "b");
            for (int i = 0; i < 3; i++) {
                dialogue.passes(SILENCE.multipliedBy(3).dividedBy(4));
                dialogue.onLoop(() -> {
                    dialogue.peer().resume();
                    return null;
                });
                dialogue.loop.tick();
                readsNothing(dialogue);
            }
            assertThat(isOpen(dialogue)).isTrue();
            assertThat(waits.isDone()).isFalse();
            dialogue.onLoop(() -> {
                dialogue.peer().resume();
                return null;
            });
            dialogue.loops.settle(waits);
            dialogue.passes(SILENCE.multipliedBy(3));
            assertThat(isOpen(dialogue)).isTrue();
            assertThat(dialogue.heard).containsExactly(MORE_THAN_LEAVES, "b");
        }
    }

    // ---- by key

    private static Dialogue<String, String> byKey(int inFlight) {
        return new Dialogue<>(Dialogue.byKey()
                .deadline(Duration.ofSeconds(5))
                .dropAfter(SILENCE)
                .inFlight(inFlight, ClientProtocol.WhenFull.FAIL));
    }

    /** Lets this much time pass, during which the peer answers other calls. */
    private static void passes(Dialogue<String, String> dialogue, Duration time) {
        int steps = 20;
        for (int i = 0; i < steps; i++) {
            Future<String> other = dialogue.call("other:");
            dialogue.passes(time.dividedBy(steps));
            dialogue.says("other:answer");
            assertThat(dialogue.loops.settle(other)).isEqualTo("other:answer");
        }
    }

    @Test
    void a_call_that_is_never_answered_gives_back_its_slot_and_keeps_its_key_from_others() {
        try (var dialogue = byKey(2)) {
            Future<String> lost = dialogue.call("1:a");
            passes(dialogue, Duration.ofSeconds(6));
            assertThat(dialogue.failureOf(lost)).hasCauseInstanceOf(DeadlineException.class);
            assertThat(dialogue.inFlight()).as("with its tombstone").isEqualTo(1);
            passes(dialogue, SILENCE);
            assertThat(dialogue.inFlight()).isZero();
            assertThat(dialogue.failureOf(dialogue.call("1:again")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("long overdue");
            dialogue.says("1:late");
            Future<String> again = dialogue.call("1:again");
            dialogue.says("1:again");
            assertThat(dialogue.loops.settle(again)).isEqualTo("1:again");
        }
    }

    @Test
    void a_call_that_waits_has_its_turn_when_one_that_is_never_answered_gives_back_its_slot() {
        var protocol = Dialogue.byKey()
                .deadline(Duration.ofSeconds(5))
                .dropAfter(SILENCE)
                .inFlight(2, ClientProtocol.WhenFull.WAIT)
                .unsolicited(line -> line.startsWith("push"), line -> {});
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> lost = dialogue.call("1:a");
            Future<String> slow = dialogue.call("2:b", Duration.ofHours(1));
            Future<String> waits = dialogue.call("3:c", Duration.ofHours(1));
            for (int i = 0; i < 5; i++) {
                dialogue.passes(Duration.ofSeconds(4));
                dialogue.says("push");
            }
            assertThat(dialogue.failureOf(lost)).hasCauseInstanceOf(DeadlineException.class);
            assertThat(dialogue.heard).containsExactly("1:a", "2:b", "3:c");
            dialogue.says("3:C", "2:B");
            assertThat(dialogue.loops.settle(Future.all(slow, waits))).containsExactly("2:B", "3:C");
        }
    }

    @Test
    void a_peer_that_loses_too_many_calls_is_given_up() {
        try (var dialogue = byKey(3)) {
            for (int i = 0; i < 2; i++) {
                Future<String> lost = dialogue.call(i + ":a");
                passes(dialogue, SILENCE.plusSeconds(6));
                assertThat(dialogue.failureOf(lost)).hasCauseInstanceOf(DeadlineException.class);
                assertThat(isOpen(dialogue)).isTrue();
            }
            Future<String> lost = dialogue.call("third:a");
            passes(dialogue, SILENCE.plusSeconds(4));
            Future<String> last = dialogue.call("last:a");
            dialogue.passes(Duration.ofSeconds(2));
            assertThat(dialogue.failureOf(lost)).hasCauseInstanceOf(DeadlineException.class);
            assertThat(dialogue.failureOf(last)).hasMessageContaining("the answers of 3 calls have never come");
            assertThat(isOpen(dialogue)).isFalse();
        }
    }

    @Test
    void a_tombstone_counts_as_in_flight_until_its_answer_has_come() {
        var protocol = Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.FAIL);
        try (var dialogue = new Dialogue<>(protocol)) {
            dialogue.call("a").cancel();
            assertThat(dialogue.failureOf(dialogue.call("b"))).hasMessageContaining("is full: 1 calls in flight");
            dialogue.says("A");
            Future<String> next = dialogue.call("c");
            dialogue.says("C");
            assertThat(dialogue.loops.settle(next)).isEqualTo("C");
        }
    }

    @Test
    void a_silence_has_to_be_positive() {
        for (Duration silence : List.of(Duration.ZERO, Duration.ofNanos(-1))) {
            assertThatThrownBy(() -> Dialogue.inOrder().dropAfter(silence))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("has to be positive");
        }
    }

    // ---- what is left

    @Test
    void a_call_that_is_cancelled_leaves_no_timer_of_its_own() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            long due = dialogue.loop.nanoTime() + Duration.ofSeconds(10).toNanos();
            Future<String> call = dialogue.call("a", Duration.ofSeconds(10));
            assertThat(dialogue.loop.nextTimer()).hasValue(due);
            call.cancel();
            dialogue.settle();
            assertThat(dialogue.loop.nextTimer().orElseThrow()).isGreaterThan(due);
        }
    }

    @Test
    void a_call_that_is_over_leaves_no_timer_whatever_its_deadline() {
        try (var dialogue = new Dialogue<>(Dialogue.byKey())) {
            var calls = new ArrayList<Future<String>>();
            for (int i = 0; i < 100; i++) {
                calls.add(dialogue.call(i + ":", Duration.ofDays(1 + i)));
            }
            for (int i = 0; i < 100; i += 2) {
                calls.get(i).cancel();
            }
            dialogue.settle();
            for (int i = 0; i < 100; i++) {
                dialogue.says(i + ":answer");
            }
            dialogue.passes(Duration.ofMinutes(2));
            assertThat(dialogue.loop.nextTimer()).isEmpty();
        }
    }
}
