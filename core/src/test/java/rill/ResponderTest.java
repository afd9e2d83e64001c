package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
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
    void an_answer_that_another_loop_gives_is_written() throws IOException {
        try (var loops = Loops.manual()) {
            Loop other = loops.open();
            Promise<String> given = other.promise();
            try (var rig = new Rig<String, String>(LIMITS, link -> {
                Responder.open(link, TextLines.pipeline(), ListenOptions.defaults(), question -> given);
                return null;
            })) {
                rig.arrives("question\n");
                given.complete("answer");
                loops.settle();
                rig.settle();
                assertThat(rig.sent()).isEqualTo("answer\n");
            }
        }
    }

    @Test
    void a_peer_that_is_gone_before_its_requests_were_taken_on_is_forgotten_once_they_were() throws IOException {
        try (var rig = rig(ListenOptions.defaults().requestsInFlight(2))) {
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
            assertThat(rig.link.audience().closed().isDone()).isTrue();
            assertThat(rig.sent()).isEmpty();
            rig.reports.clear(); // the reset
        }
    }

    /** Two connections whose requests share one answer. */
    private void withTwo(TwoConnections test) throws IOException {
        var answer = new AtomicReference<Promise<String>>();
        try (var one = rigFor(answer);
                var two = rigFor(answer)) {
            answer.set(one.loop.promise());
            one.arrives("question\n");
            two.arrives("question\n");
            one.settle();
            two.settle();
            test.run(one, two, answer.get());
        }
    }

    private interface TwoConnections {
        void run(Rig<String, String> one, Rig<String, String> two, Promise<String> answer) throws IOException;
    }

    private static Rig<String, String> rigFor(AtomicReference<Promise<String>> answer) throws IOException {
        return new Rig<>(LIMITS, link -> {
            Responder.open(link, TextLines.pipeline(), ListenOptions.defaults(), question -> answer.get());
            return null;
        });
    }

    @Test
    void a_peer_that_goes_does_not_cancel_the_answer_that_another_waits_for() throws IOException {
        withTwo((one, two, answer) -> {
            two.wire.end(null);
            two.onLoop(() -> two.link.abort());
            two.settle();
            assertThat(answer.isDone()).isFalse();
            answer.complete("for both");
            one.settle();
            assertThat(one.sent()).isEqualTo("for both\n");
            one.reports.clear();
            two.reports.clear();
        });
    }

    @Test
    void the_last_peer_that_goes_cancels_the_answer() throws IOException {
        withTwo((one, two, answer) -> {
            two.onLoop(() -> two.link.abort());
            two.settle();
            assertThat(answer.isDone()).isFalse();
            one.onLoop(() -> one.link.abort());
            one.settle();
            assertThat(answer.isCancelled()).isTrue();
        });
    }

    @Test
    void a_late_answer_is_released_if_its_peer_has_gone() throws IOException {
        var answer = new AtomicReference<Task<ByteBuf>>();
        ByteBuf late = Unpooled.copiedBuffer("too late", StandardCharsets.UTF_8);
        try (var rig = new Rig<ByteBuf, ByteBuf>(LIMITS, link -> {
            Responder.open(link, Pipeline.bytes(), ListenOptions.defaults(), question -> {
                question.release();
                answer.set(link.loop().task(() -> {
                    try {
                        link.loop().promise().await();
                    } catch (CancelledException e) {
                        return late; // nobody will receive it
                    }
                    return late;
                }));
                return answer.get();
            });
            return null;
        })) {
            rig.arrives("question");
            rig.settle();
            rig.onLoop(() -> rig.link.abort());
            rig.settle();
            assertThat(answer.get().isDone()).isTrue();
            assertThat(late.refCnt()).isZero();
        }
    }

    @Test
    void an_answer_that_waits_for_its_turn_is_released_if_its_peer_goes() throws IOException {
        var answers = new ArrayList<Promise<ByteBuf>>();
        ByteBuf second = Unpooled.copiedBuffer("second", StandardCharsets.UTF_8);
        try (var rig = new Rig<ByteBuf, ByteBuf>(LIMITS, link -> {
            Responder.open(link, Pipeline.bytes(), ListenOptions.defaults(), question -> {
                question.release();
                Promise<ByteBuf> made = new Offer<>(link.loop(), Messages::release);
                answers.add(made);
                return made;
            });
            return null;
        })) {
            rig.arrives("question");
            rig.arrives("question");
            answers.get(1).complete(second);
            rig.settle();
            assertThat(second.refCnt()).as("it waits for the first").isEqualTo(1);
            rig.onLoop(() -> rig.link.abort());
            rig.settle();
            assertThat(second.refCnt()).isZero();
            assertThat(answers.getFirst().isCancelled()).isTrue();
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

    @Test
    void an_answer_whose_value_has_gone_back_does_not_keep_later_ones_from_being_cancelled() throws IOException {
        var questions = new ArrayList<String>();
        try (var rig = new Rig<String, String>(LIMITS, link -> {
            Responder.open(link, TextLines.pipeline(), ListenOptions.defaults(), question -> {
                questions.add(question);
                Promise<String> answer = new Offer<>(link.loop(), unseen -> {});
                answers.add(answer);
                if (answers.size() == 2) {
                    Future<String> derived = answer.map(value -> value);
                    answer.complete("nobody wants it any more");
                    derived.cancel();
                }
                return answer;
            });
            return null;
        })) {
            rig.arrives("1\n2\n3\n");
            rig.settle();
            assertThat(questions).hasSize(3);

            rig.link.abort();
            rig.settle();

            assertThat(answers).allMatch(Future::isCancelled);
            assertThat(rig.reports).isEmpty();
        }
    }
}
