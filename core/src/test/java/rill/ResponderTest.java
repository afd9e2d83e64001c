package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** Answers against the water marks. */
class ResponderTest {
    private static final int REQUESTS = 100;
    private static final ConnectionLimits LIMITS = ConnectionLimits.defaults().waterMarks(16, 32, 64);

    private final List<Promise<String>> answers = new ArrayList<>();

    private Rig<String, String> rig() throws IOException {
        return rig(ListenOptions.defaults());
    }

    private Rig<String, String> rig(ListenOptions options) throws IOException {
        return new Rig<>(LIMITS, link -> {
            Responder.open(link, TextLines.pipeline(), options, question -> {
                Promise<String> answer = link.loop().promise();
                answers.add(answer);
                return answer;
            });
            return null;
        });
    }

    @Test
    void answers_that_are_done_all_at_once_leave_whole_and_in_order_however_slowly_the_peer_reads() throws IOException {
        try (var rig = rig()) {
            rig.wire.space = 0;
            rig.arrives("question\n".repeat(REQUESTS));
            rig.settle();
            assertThat(answers).hasSize(REQUESTS);
            for (int i = REQUESTS - 1; i >= 0; i--) {
                answers.get(i).complete("answer " + i);
            }
            rig.settle();
            assertThat(rig.link.outbound().pending()).isLessThan(LIMITS.hardLimit());

            var sent = new StringBuilder();
            for (int n = 0; n < REQUESTS; n++) {
                rig.wire.space = 11;
                rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
                rig.settle();
                sent.append(rig.sent());
            }
            var expected = new StringBuilder();
            for (int i = 0; i < REQUESTS; i++) {
                expected.append("answer ").append(i).append('\n');
            }
            assertThat(sent).hasToString(expected.toString());
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void a_peer_that_is_gone_before_its_requests_were_taken_on_is_forgotten_once_they_were() throws IOException {
        try (var rig = rig(ListenOptions.defaults().requestsInProgress(2))) {
            rig.arrives("question\n".repeat(4));
            rig.settle();
            assertThat(answers).hasSize(2);
            rig.wire.end(new IOException("reset, on purpose"));
            rig.settle();
            answers.forEach(answer -> answer.complete("nobody hears this"));
            rig.settle();
            answers.forEach(answer -> answer.complete("nor this"));
            rig.settle();
            assertThat(answers).hasSize(4);
            assertThat(rig.link.closedFuture().isDone()).isTrue();
            assertThat(rig.sent()).isEmpty();
            rig.reports.clear(); // the reset
        }
    }

    @Test
    void a_peer_that_has_ended_and_reads_late_still_gets_every_answer() throws IOException {
        try (var rig = rig()) {
            rig.wire.space = 0;
            rig.arrives("question\n".repeat(REQUESTS));
            rig.inputEnds();
            rig.settle();
            answers.forEach(answer -> answer.complete("yes"));
            rig.settle();
            rig.wire.space = Integer.MAX_VALUE;
            rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
            rig.settle();
            assertThat(rig.sent()).isEqualTo("yes\n".repeat(REQUESTS));
            assertThat(rig.wire.closed).isTrue();
            assertThat(rig.wire.aborted).isFalse();
        }
    }
}
