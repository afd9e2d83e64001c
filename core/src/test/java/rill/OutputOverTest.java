package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** A peer has ended the output of a layer: what it sent before is delivered, and then the connection fails. */
class OutputOverTest {
    private static final Duration A_WHILE = ConnectionLimits.defaults().closeProgress();
    private static final int ROUNDS = 12;

    private final IOException over = new IOException("over, on purpose");

    /** A dot is the peer's good-bye: it is answered, and ends both directions. */
    private final class Ending implements ByteLayer {
        @Override
        public Session<ByteBuf, ByteBuf> open(Context opening) {
            return new Session<>() {
                private boolean ended;

                @Override
                public @Nullable ByteBuf decode(ByteBuf in, Context context) {
                    int end = in.bytesBefore((byte) '.');
                    if (end != 0) {
                        return in.readSlice(end < 0 ? in.readableBytes() : end);
                    }
                    in.skipBytes(in.readableBytes());
                    context.out().buffer(3).writeCharSequence("bye", StandardCharsets.US_ASCII);
                    context.end();
                    ended = true;
                    return null;
                }

                @Override
                public void encode(ByteBuf message, Outgoing out) throws IOException {
                    if (ended) {
                        out.buffer(4).writeCharSequence("half", StandardCharsets.US_ASCII);
                        throw new OutputEndedException(over);
                    }
                    out.pass(message.retainedSlice());
                }

                @Override
                public void outputEnding(Outgoing out) {
                    out.buffer(4).writeCharSequence("end.", StandardCharsets.US_ASCII);
                }
            };
        }
    }

    private Rig<String, String> rig() throws IOException {
        var rig = new Rig<>(TextLines.pipeline().over(new Ending()));
        rig.onLoop(() -> rig.connection().onFailure(failure -> rig.failures.add(failure.cause())));
        return rig;
    }

    private static void pull(Rig<String, String> rig, List<Object> log) {
        rig.onLoop(() -> rig.connection()
                .receive()
                .onDone((line, failure) -> log.add(failure != null ? failure : line == null ? "the end" : line)));
        rig.settle();
    }

    private static void write(Rig<String, String> rig, String line) {
        rig.onLoop(() -> rig.connection().write(line));
        rig.settle();
    }

    private static void assertNothingIsLeft(Rig<?, ?> rig) {
        assertThat(rig.link.audience().closed().isDone()).isTrue();
        assertThat(rig.loop.connections()).isZero();
        for (Stage stage : rig.stages()) {
            assertThat(stage.rest).isNull();
            assertThat(stage.waits()).isFalse();
            assertThat(stage.output.holdsBuffer()).isFalse();
        }
        assertThat(rig.link.outbound().pending()).isZero();
    }

    @Test
    void who_pulls_gets_all_that_came_and_then_the_failure_in_place_of_the_end() throws IOException {
        try (var rig = rig()) {
            var log = new ArrayList<Object>();
            rig.arrives("a\nb\nc\n.");
            pull(rig, log);
            var flushed = new Future<?>[1];
            rig.onLoop(() -> {
                rig.connection().write("accepted, and never sent");
                flushed[0] = rig.connection().flush();
            });
            rig.settle();
            assertThat(flushed[0].failure()).isSameAs(over);
            rig.onLoop(
                    () -> assertThat(rig.connection().write("late").failure()).isSameAs(over));
            assertThat(rig.failures).isEmpty();
            assertThat(rig.wire.outputShut).isFalse();
            pull(rig, log);
            pull(rig, log);
            pull(rig, log);
            assertThat(log).containsExactly("a", "b", "c", over);
            assertThat(rig.failures).containsExactly(over);
            assertThat(rig.sent())
                    .as("what the layer has answered, and nothing more")
                    .isEqualTo("bye");
            assertThat(rig.wire.outputShut).isTrue();
            rig.inputEnds();
            rig.settle();
            assertNothingIsLeft(rig);
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void what_had_passed_the_layer_leaves_however_late_the_wire_takes_it() throws IOException {
        try (var rig = rig()) {
            rig.wire.space = 0;
            write(rig, "in time");
            rig.arrives("a\nb\n.");
            write(rig, "too late");
            var log = new ArrayList<Object>();
            pull(rig, log);
            pull(rig, log);
            assertThat(log).containsExactly("a", "b");
            assertThat(rig.failures).containsExactly(over);
            rig.wire.space = Integer.MAX_VALUE;
            rig.onLoop(() -> rig.link.written(rig.wire.flush()));
            rig.settle();
            assertThat(rig.sent()).isEqualTo("in time\nbye");
            assertThat(rig.wire.outputShut).isTrue();
            rig.inputEnds();
            rig.settle();
            assertNothingIsLeft(rig);
        }
    }

    @Test
    void who_pauses_meanwhile_gets_the_rest_when_it_resumes() throws IOException {
        try (var rig = rig()) {
            var log = new ArrayList<Object>();
            rig.arrives("a\nb\n.");
            pull(rig, log);
            rig.onLoop(rig.connection()::pause);
            write(rig, "too late");
            pull(rig, log);
            pull(rig, log);
            assertThat(log).containsExactly("a");
            rig.onLoop(rig.connection()::resume);
            rig.settle();
            assertThat(log).containsExactly("a", "b", over);
        }
    }

    /** Some answers are flushed while the rest is just being decoded. */
    @Test
    void what_is_being_decoded_at_that_moment_is_delivered_as_well() throws IOException {
        var asked = new ArrayList<Promise<String>>();
        try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
            Pipeline<String, String> lines = TextLines.pipeline().over(new Ending());
            Responder.open(link, lines, ListenOptions.defaults().requestsInFlight(1), question -> {
                Promise<String> answer = link.loop().promise();
                asked.add(answer);
                if (asked.size() > 1) {
                    answer.complete("an answer");
                }
                return answer;
            });
            return null;
        })) {
            rig.arrives("question\n".repeat(100) + ".");
            assertThat(asked).hasSize(1);
            rig.onLoop(() -> asked.getFirst().complete("an answer"));
            rig.settle();
            assertThat(asked).hasSize(100);
            assertThat(rig.reports).singleElement().asString().contains("over, on purpose");
            rig.reports.clear();
        }
    }

    @Test
    void a_responder_at_its_bound_is_asked_all_that_came() throws IOException {
        var asked = new ArrayList<Promise<String>>();
        try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
            Pipeline<String, String> lines = TextLines.pipeline().over(new Ending());
            Responder.open(link, lines, ListenOptions.defaults().requestsInFlight(1), question -> {
                Promise<String> answer = link.loop().promise();
                asked.add(answer);
                return answer;
            });
            return null;
        })) {
            rig.arrives("a\nb\nc\n.");
            for (int i = 0; i < 3; i++) {
                rig.onLoop(() -> asked.getLast().complete("an answer"));
                rig.settle();
            }
            assertThat(asked).hasSize(3);
            assertThat(rig.reports).singleElement().asString().contains("over, on purpose");
            rig.reports.clear();
            rig.inputEnds();
            rig.settle();
            assertNothingIsLeft(rig);
        }
    }

    @Test
    void once_everything_was_received_it_fails_at_once() throws IOException {
        try (var rig = rig()) {
            var log = new ArrayList<Object>();
            rig.arrives("a\n.");
            pull(rig, log);
            pull(rig, log);
            assertThat(log).containsExactly("a", "the end");
            write(rig, "too late");
            assertThat(rig.failures).containsExactly(over);
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void half_a_message_is_a_violation_and_nothing_else_is_told() throws IOException {
        try (var rig = rig()) {
            var log = new ArrayList<Object>();
            rig.arrives("a\nb\nhal.");
            pull(rig, log);
            write(rig, "too late");
            pull(rig, log);
            pull(rig, log);
            assertThat(log).startsWith("a", "b").hasSize(3);
            assertThat(rig.failures).singleElement().isInstanceOf(ProtocolException.class);
            assertThat(log.getLast()).isSameAs(rig.failures.getFirst());
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    // ---- ends

    @Test
    void what_nobody_takes_is_dropped_in_the_end_and_everybody_is_told() throws IOException {
        for (boolean pulls : new boolean[] {true, false}) {
            try (var rig = rig()) {
                var log = new ArrayList<Object>();
                rig.arrives("a\nb\n.");
                if (pulls) {
                    pull(rig, log);
                }
                write(rig, "too late");
                rig.passes(A_WHILE);
                assertThat(rig.link.audience().closed().isDone()).isTrue();
                assertThat(rig.failures).containsExactly(over);
                for (int i = 0; i < ROUNDS; i++) {
                    rig.passes(A_WHILE);
                }
                assertThat(rig.wire.outputShut).isTrue();
                rig.passes(A_WHILE); // the peer never ends its stream
                assertNothingIsLeft(rig);
                assertThat(rig.failures).containsExactly(over);
                assertThat(rig.reports).isEmpty();
            }
        }
    }

    @Test
    void closing_or_aborting_drops_what_waits_at_once_and_tells_nothing_more() throws IOException {
        for (boolean abort : new boolean[] {false, true}) {
            try (var rig = rig()) {
                var log = new ArrayList<Object>();
                rig.arrives("a\nb\n.");
                pull(rig, log);
                write(rig, "too late");
                rig.onLoop(abort ? rig.connection()::abort : rig.connection()::close);
                rig.settle();
                assertThat(abort ? rig.wire.aborted : rig.wire.outputShut).isTrue();
                rig.inputEnds();
                rig.settle();
                assertNothingIsLeft(rig);
                assertThat(rig.failures).isEmpty();
                assertThat(rig.reports).isEmpty();
                assertThat(log).containsExactly("a");
            }
        }
    }

    @Test
    void who_closes_after_a_write_that_can_not_leave_is_told_and_gets_no_more() throws IOException {
        try (var rig = rig()) {
            var log = new ArrayList<Object>();
            rig.arrives("a\nb\n.");
            pull(rig, log);
            rig.onLoop(() -> {
                rig.connection().write("too late");
                rig.connection().close();
            });
            rig.settle();
            assertThat(rig.failures).containsExactly(over);
            pull(rig, log);
            assertThat(log).containsExactly("a", over);
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void who_ends_its_output_after_such_a_write_still_gets_what_came() throws IOException {
        try (var rig = rig()) {
            var log = new ArrayList<Object>();
            rig.arrives("a\nb\n.");
            rig.onLoop(() -> {
                rig.connection().write("too late");
                rig.connection().shutdownOutput();
            });
            rig.settle();
            pull(rig, log);
            pull(rig, log);
            pull(rig, log);
            assertThat(log).containsExactly("a", "b", over);
            assertThat(rig.failures).containsExactly(over);
            assertThat(rig.sent()).isEqualTo("bye");
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void if_the_wire_fails_as_well_what_came_is_delivered_and_the_first_failure_told() throws IOException {
        for (boolean byWrite : new boolean[] {true, false}) {
            try (var rig = rig()) {
                var log = new ArrayList<Object>();
                var reset = new IOException("reset, on purpose");
                rig.arrives("a\nb\n.");
                pull(rig, log);
                write(rig, "too late");
                if (byWrite) {
                    rig.wire.failWrites(reset);
                } else {
                    rig.wire.end(reset);
                }
                rig.settle();
                pull(rig, log);
                pull(rig, log);
                assertThat(log).containsExactly("a", "b", over);
                assertThat(rig.failures).containsExactly(over);
                rig.wire.end(reset);
                rig.settle();
                assertNothingIsLeft(rig);
            }
        }
    }

    @Test
    void a_loop_that_closes_waits_for_nobody_and_tells_of_it() throws IOException {
        try (var rig = rig()) {
            var log = new ArrayList<Object>();
            rig.arrives("a\nb\n.");
            pull(rig, log);
            write(rig, "too late");
            rig.loop.closing().start(Duration.ofHours(1));
            rig.settle();
            assertThat(rig.failures).containsExactly(over);
            assertThat(rig.wire.outputShut).isTrue();
            rig.inputEnds();
            rig.settle();
            assertThat(rig.loop.isClosed()).isTrue();
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void on_top_it_fails_the_write_alone() throws IOException {
        try (var rig = new Rig<>(Pipeline.of(new Ending()))) {
            rig.onLoop(() -> rig.connection()
                    .onFailure(failure -> rig.failures.add(failure.cause()))
                    .onMessage(ByteBuf::release, () -> {}));
            rig.arrives(".");
            rig.onLoop(() -> assertThat(rig.connection()
                            .write(Unpooled.copiedBuffer("late", StandardCharsets.US_ASCII))
                            .failure())
                    .isInstanceOf(OutputEndedException.class)
                    .hasCause(over)
                    .hasMessage("over, on purpose"));
            rig.settle();
            assertThat(rig.failures).isEmpty();
            assertThat(rig.link.open()).isTrue();
        }
    }
}
