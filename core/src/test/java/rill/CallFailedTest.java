package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import rill.CallFailedException.Fate;

/** Every way in which a call fails says whether its request can have reached the peer. */
class CallFailedTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private static CallFailedException expect(Throwable failure, Fate fate) {
        assertThat(failure).isInstanceOf(CallFailedException.class);
        var failed = (CallFailedException) failure;
        assertThat(failed.fate()).as(failed.getMessage()).isEqualTo(fate);
        assertThat(failed).hasMessageContaining(fate == Fate.NEVER_SENT ? "(never sent)" : "(perhaps carried out)");
        return failed;
    }

    private static ClientProtocol<String, String> named() {
        return Dialogue.inOrder().naming(request -> "the " + request);
    }

    @Test
    void a_call_without_an_answer_at_its_deadline_was_perhaps_carried_out() {
        try (var dialogue = new Dialogue<>(named())) {
            Future<String> call = dialogue.call("a", SECOND);
            dialogue.passes(SECOND.multipliedBy(2));
            var failure = expect(dialogue.failureOf(call), Fate.PERHAPS_CARRIED_OUT);
            assertThat(failure).hasMessageContaining("call of the a").hasCauseInstanceOf(DeadlineException.class);
            assertThat(failure.isLate()).isTrue();
        }
    }

    @Test
    void a_call_whose_deadline_has_passed_when_it_is_made_was_never_sent() {
        try (var dialogue = new Dialogue<>(named())) {
            var failure = expect(dialogue.failureOf(dialogue.call("a", Duration.ZERO)), Fate.NEVER_SENT);
            assertThat(failure).hasMessageContaining("call of the a").hasCauseInstanceOf(DeadlineException.class);
            assertThat(dialogue.heard).isEmpty();
        }
    }

    @Test
    void a_call_that_waits_for_its_turn_until_its_deadline_was_never_sent() {
        try (var dialogue = new Dialogue<>(named().inFlight(1, ClientProtocol.WhenFull.WAIT))) {
            Future<String> first = dialogue.call("a");
            Future<String> second = dialogue.call("b", SECOND);
            dialogue.passes(SECOND.multipliedBy(2));
            assertThat(expect(dialogue.failureOf(second), Fate.NEVER_SENT))
                    .hasMessageContaining("call of the b")
                    .hasCauseInstanceOf(DeadlineException.class);
            dialogue.says("A");
            assertThat(dialogue.loops.settle(first)).isEqualTo("A");
        }
    }

    @Test
    void calls_of_one_client_that_fail_for_different_reasons_are_not_told_as_one_kind() {
        try (var dialogue = new Dialogue<>(named().inFlight(1, ClientProtocol.WhenFull.FAIL))) {
            Future<String> first = dialogue.call("a");
            String full = kindOf(dialogue.failureOf(dialogue.call("b")));
            assertThat(kindOf(dialogue.failureOf(dialogue.call("c")))).isEqualTo(full);
            dialogue.client.close();
            assertThat(kindOf(dialogue.failureOf(dialogue.call("d"))))
                    .isNotNull()
                    .isNotEqualTo(full);
            assertThat(dialogue.failureOf(first)).isInstanceOf(CallFailedException.class);
        }
    }

    private static String kindOf(Throwable failure) {
        return ((CallFailedException) failure).kind();
    }

    @Test
    void a_call_that_finds_the_client_full_was_never_sent() {
        try (var dialogue = new Dialogue<>(named().inFlight(1, ClientProtocol.WhenFull.FAIL))) {
            Future<String> first = dialogue.call("a");
            var failure = expect(dialogue.failureOf(dialogue.call("b")), Fate.NEVER_SENT);
            assertThat(failure)
                    .hasMessageContaining("call of the b")
                    .hasMessageContaining("is full: 1 calls in flight");
            assertThat(failure.isLate()).isFalse();
            dialogue.says("A");
            assertThat(dialogue.loops.settle(first)).isEqualTo("A");
        }
    }

    @Test
    void after_a_reset_what_was_sent_was_perhaps_carried_out_and_what_waited_was_never_sent() {
        try (var dialogue = new Dialogue<>(named().inFlight(1, ClientProtocol.WhenFull.WAIT))) {
            Future<String> sent = dialogue.call("a");
            Future<String> waiting = dialogue.call("b");
            dialogue.onLoop(() -> dialogue.peer().abort());
            dialogue.settle();
            var first = expect(dialogue.failureOf(sent), Fate.PERHAPS_CARRIED_OUT);
            var second = expect(dialogue.failureOf(waiting), Fate.NEVER_SENT);
            assertThat(first).hasMessageContaining("call of the a").hasMessageContaining("reset");
            assertThat(second).hasMessageContaining("call of the b").hasMessageContaining("reset");
            assertThat(first.getCause()).isInstanceOf(IOException.class).isSameAs(second.getCause());
            expect(dialogue.failureOf(dialogue.call("c")), Fate.NEVER_SENT);
        }
    }

    @Test
    void a_violation_of_the_peer_is_the_cause_of_what_was_perhaps_carried_out() {
        try (var dialogue = new Dialogue<>(named())) {
            Future<String> call = dialogue.call("a");
            dialogue.says("\0");
            assertThat(expect(dialogue.failureOf(call), Fate.PERHAPS_CARRIED_OUT))
                    .hasCauseInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void a_silent_peer_has_perhaps_carried_out_what_it_was_sent() {
        try (var dialogue =
                new Dialogue<>(named().deadline(SECOND.multipliedBy(60)).dropAfter(SECOND))) {
            Future<String> call = dialogue.call("a");
            dialogue.passes(SECOND.multipliedBy(3));
            assertThat(expect(dialogue.failureOf(call), Fate.PERHAPS_CARRIED_OUT))
                    .hasMessageContaining("nothing has come for");
            dialogue.loops.reporter().take(Report.ConnectionFailed.class);
        }
    }

    @Test
    void after_close_and_abort_calls_without_an_answer_were_perhaps_carried_out() {
        try (var dialogue = new Dialogue<>(named())) {
            Future<String> call = dialogue.call("a");
            dialogue.client.close();
            dialogue.settle();
            assertThat(expect(dialogue.failureOf(call), Fate.PERHAPS_CARRIED_OUT))
                    .hasMessageContaining("was closed");
        }
        try (var dialogue = new Dialogue<>(named())) {
            Future<String> call = dialogue.call("a");
            dialogue.client.abort();
            dialogue.settle();
            expect(dialogue.failureOf(call), Fate.PERHAPS_CARRIED_OUT);
            assertThat(dialogue.client.closed().isDone()).isTrue();
            assertThat(dialogue.failures)
                    .singleElement()
                    .satisfies(each -> assertThat(each).hasMessageContaining("reset"));
        }
    }

    @Test
    void a_call_to_a_loop_that_is_closed_was_never_sent() {
        var dialogue = new Dialogue<>(named());
        dialogue.close();
        expect(dialogue.client.call("late").failure(), Fate.NEVER_SENT);
    }

    @Test
    void a_request_that_is_itself_at_fault_fails_with_what_its_encoder_throws() {
        try (var dialogue = new Dialogue<>(named())) {
            assertThat(dialogue.failureOf(dialogue.call("a\nb"))).isInstanceOf(IllegalArgumentException.class);
            assertThat(dialogue.heard).isEmpty();
        }
    }

    @Test
    void each_call_has_a_failure_of_its_own() {
        try (var dialogue = new Dialogue<>(named())) {
            Future<String> one = dialogue.call("a");
            Future<String> other = dialogue.call("b");
            dialogue.onLoop(() -> dialogue.peer().abort());
            dialogue.settle();
            assertThat(dialogue.failureOf(one)).isNotSameAs(dialogue.failureOf(other));
            assertThat(one.failure().getStackTrace())
                    .as("it would be that of the loop")
                    .isEmpty();
        }
    }
}
