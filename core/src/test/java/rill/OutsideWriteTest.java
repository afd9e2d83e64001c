package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testing.TextLines;

/** Writes of threads other than the loop's: admitted once, by an estimate that may be wrong. */
class OutsideWriteTest {
    private static final ConnectionLimits LIMITS = ConnectionLimits.defaults().waterMarks(16, 32, 64);
    private static final String LARGE = "L".repeat(200);

    /** Writes plain text; the test decides the estimate of its size. */
    private record Guessing(ToIntFunction<String> guess) implements Codec<String, String> {
        @Override
        public Session<String, String> open(Context context) {
            return new SessionTest.Plain() {
                @Override
                public @Nullable String decode(ByteBuf in, Context context) {
                    return in.readString(in.readableBytes(), StandardCharsets.US_ASCII);
                }
            };
        }

        @Override
        public int sizeEstimate(String message) {
            return guess.applyAsInt(message);
        }
    }

    private static Rig<String, String> rig(ToIntFunction<String> guess) throws IOException {
        return new Rig<>(Pipeline.of(new Guessing(guess)), LIMITS);
    }

    @Test
    void an_admitted_write_of_another_thread_is_never_refused_later() throws IOException {
        try (var rig = rig(String::length)) {
            Future<?> header = rig.connection().write("header");
            Future<?> body = rig.connection().write(LARGE);
            rig.settle();
            assertThat(rig.sent()).isEqualTo("header" + LARGE);
            assertThat(header.failure()).isNull();
            assertThat(body.isDone()).isTrue();
            assertThat(body.failure()).isNull();
            assertThat(rig.reports).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"close", "shutdownOutput", "abort"})
    void what_a_thread_writes_after_it_has_ended_the_output_is_refused_and_what_it_wrote_before_is_not(String how)
            throws IOException {
        try (var rig = rig(String::length)) {
            Connection<String, String> connection = rig.connection();
            Future<?> before = connection.write("before");
            switch (how) {
                case "close" -> connection.close();
                case "abort" -> connection.abort();
                default -> connection.shutdownOutput();
            }
            assertThat(connection.isOpen()).isFalse();
            Future<?> after = connection.write("after");
            rig.settle();
            assertThat(before.failure()).isNull();
            assertThat(after.failure()).isInstanceOf(IOException.class);
            assertThat(rig.sent()).isEqualTo(how.equals("abort") ? "" : "before");
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void an_admitted_write_is_not_refused_for_what_was_written_on_the_loop_before_it_arrived() throws IOException {
        try (var rig = rig(String::length)) {
            rig.wire.space = 0;
            Future<?> outside = rig.connection().write("outside");
            rig.onLoop(() -> rig.connection().write(LARGE));
            rig.settle();
            rig.wire.space = 1000;
            rig.onLoop(rig.connection()::flush);
            assertThat(rig.sent()).isEqualTo(LARGE + "outside");
            assertThat(outside.failure()).isNull();
        }
    }

    @Test
    void plain_bytes_of_another_thread_are_reserved_for_as_many_as_they_are() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes(), LIMITS)) {
            rig.connection().write(Unpooled.copiedBuffer("B".repeat(40), StandardCharsets.US_ASCII));
            assertThat(rig.link.outbound().reserved()).isEqualTo(40);
            rig.settle();
            assertThat(rig.link.outbound().reserved()).isZero();
            assertThat(rig.sent()).isEqualTo("B".repeat(40));
        }
    }

    @Test
    void a_write_on_the_loop_is_not_refused_for_what_other_threads_have_on_their_way() throws IOException {
        try (var rig = rig(String::length)) {
            rig.connection().write(LARGE);
            var inside = new Future<?>[1];
            rig.onLoop(() -> inside[0] = rig.connection().write("five5"));
            assertThat(inside[0].failure()).isNull();
            rig.settle();
            assertThat(rig.sent()).isEqualTo("five5" + LARGE);
        }
    }

    @Test
    void wrong_estimates_of_any_size_and_one_that_throws_lose_nothing() throws IOException {
        List<ToIntFunction<String>> guesses = List.of(
                m -> 0,
                m -> -1,
                m -> Integer.MIN_VALUE,
                m -> Integer.MAX_VALUE,
                m -> 1,
                m -> {
                    throw new IllegalStateException("no idea");
                },
                m -> {
                    throw new StackOverflowError("no idea");
                });
        for (ToIntFunction<String> guess : guesses) {
            try (var rig = rig(guess)) {
                var expected = new StringBuilder();
                for (int i = 0; i < 3; i++) {
                    expected.append(i).append(LARGE).append(i);
                    Future<?> outside = rig.connection().write(i + LARGE);
                    int message = i;
                    rig.settle();
                    rig.onLoop(() -> rig.connection().write("" + message));
                    rig.settle();
                    assertThat(outside.isDone()).isTrue();
                    assertThat(outside.failure()).isNull();
                }
                assertThat(rig.sent()).isEqualTo(expected.toString());
                assertThat(rig.link.outbound().reserved()).isZero();
                assertThat(rig.reports).isEmpty();
            }
        }
    }

    @Test
    void a_framed_codec_that_guesses_wrongly_encodes_all_the_same() throws IOException {
        for (int guess : new int[] {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            Codec.Encoder<String> wrong = new Codec.Encoder<>() {
                @Override
                public void encode(String message, ByteBuf out) {
                    out.writeCharSequence(message, StandardCharsets.US_ASCII);
                }

                @Override
                public int sizeEstimate(String message) {
                    return guess;
                }
            };
            try (var rig = new Rig<>(
                    Pipeline.of(new rill.testing.IntFrames(1000)
                            .with(
                                    (frame, context) ->
                                            frame.readString(frame.readableBytes(), StandardCharsets.US_ASCII),
                                    wrong)),
                    LIMITS)) {
                rig.onLoop(() -> rig.connection().write(LARGE));
                rig.settle();
                Future<?> outside = rig.connection().write(LARGE);
                rig.settle();
                assertThat(outside.failure()).isNull();
                assertThat(rig.wire.sent()).hasSize(2 * (4 + LARGE.length()));
                assertThat(rig.reports).isEmpty();
            }
        }
    }

    @Test
    void messages_that_are_guessed_to_be_nothing_are_bounded_all_the_same() throws IOException {
        try (var rig = new Rig<>(Pipeline.of(new Guessing(m -> 0)))) {
            rig.onLoop(() -> rig.connection().onFailure(failure -> rig.failures.add(failure.cause())));
            int admitted = 0;
            while (rig.connection().write("").failure() == null) {
                admitted++;
            }
            assertThat(admitted).isBetween(1000, 100_000);
            rig.settle();
            assertThat(rig.failures).hasSize(1);
        }
    }

    @Test
    void the_reservation_is_given_back_on_every_path() throws IOException {
        try (var rig = rig(String::length)) { // written
            rig.connection().write("x".repeat(10));
            assertThat(rig.link.outbound().reserved()).isPositive();
            rig.settle();
            assertThat(rig.link.outbound().reserved()).isZero();
        }
        try (var rig = rig(String::length)) { // refused
            rig.onLoop(() -> rig.connection().onFailure(Failure::carryOn));
            rig.connection().write(LARGE);
            assertThat(rig.connection().write("refused").failure()).hasMessageContaining("hard limit");
            rig.settle();
            assertThat(rig.link.outbound().reserved()).isZero();
        }
        try (var rig = rig(String::length)) { // the pipeline was replaced meanwhile
            rig.connection().write("late");
            rig.onLoop(() -> rig.connection().onFailure(Failure::carryOn).become(TextLines.pipeline()));
            rig.settle();
            assertThat(rig.link.outbound().reserved()).isZero();
        }
        try (var rig = rig(String::length)) { // the connection was closed meanwhile
            rig.connection().write("late");
            rig.onLoop(rig.connection()::close);
            rig.settle();
            assertThat(rig.link.outbound().reserved()).isZero();
        }
        try (var rig = new Rig<>(TextLines.pipeline(), LIMITS)) { // the message can't be encoded
            rig.onLoop(() -> rig.connection().onFailure(Failure::carryOn));
            rig.connection().write("two\nlines");
            rig.settle();
            assertThat(rig.link.outbound().reserved()).isZero();
        }
        var rig = rig(String::length); // the loop was closed meanwhile
        Future<?> waiting = rig.connection().write(LARGE);
        assertThat(waiting.isDone()).isFalse();
        rig.loop.links().failAll(new IOException("the loop breaks"));
        rig.loop.closeNow();
        assertThat(rig.link.outbound().reserved()).isZero();
        assertThat(waiting.failure()).hasMessageContaining("its loop is closed");
    }

    @Test
    void a_refused_write_of_another_thread_fails_the_connection_and_what_it_writes_afterwards_does_not_leave()
            throws IOException {
        try (var rig = rig(String::length)) {
            rig.collect(rig.connection());
            rig.connection().write("before");
            rig.connection().write(LARGE);
            Future<?> refused = rig.connection().write("refused");
            assertThat(refused.failure()).hasMessageContaining("hard limit is 64");
            rig.tick();
            rig.onLoop(() -> rig.connection().write("later"));
            Future<?> laterOutside = rig.connection().write("later");
            rig.settle();
            assertThat(laterOutside.failure()).hasMessageContaining("closed");
            assertThat(rig.sent()).isEqualTo("before" + LARGE);
            assertThat(rig.failures).containsExactly(refused.failure());
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void what_is_admitted_after_a_refused_write_leaves_only_if_the_owner_carries_on() throws IOException {
        for (boolean carriesOn : new boolean[] {true, false}) {
            try (var rig = new Rig<>(Pipeline.of(new Guessing(String::length)), LIMITS)) {
                rig.collect(rig.connection());
                if (carriesOn) {
                    rig.onLoop(() -> rig.connection().onFailure(failure -> {
                        rig.failures.add(failure.cause());
                        assertThat(failure.survivable()).isTrue();
                        failure.carryOn();
                    }));
                }
                rig.wire.space = 0;
                rig.onLoop(() -> {
                    rig.connection().write(LARGE);
                    rig.connection().flush();
                });
                assertThat(rig.connection().write("refused").failure()).isNotNull();
                rig.wire.space = 1000;
                rig.onLoop(rig.connection()::flush); // there is room again, but the loop has not heard of the refusal
                Future<?> after = rig.connection().write("after");
                assertThat(after.isDone()).isTrue();
                assertThat(after.failure()).isNull();
                rig.settle();
                assertThat(rig.sent()).isEqualTo(carriesOn ? LARGE + "after" : LARGE);
                assertThat(rig.failures).hasSize(1);
            }
        }
    }

    @Test
    void many_refused_writes_are_told_once() throws IOException {
        try (var rig = rig(String::length)) {
            rig.onLoop(() -> rig.connection().onMessage(m -> {}));
            rig.connection().write(LARGE);
            for (int i = 0; i < 1000; i++) {
                assertThat(rig.connection().write("refused").failure()).isNotNull();
            }
            assertThat(rig.reports).isEmpty();
            rig.settle();
            assertThat(rig.reports).singleElement().isInstanceOf(Report.ConnectionFailed.class);
            assertThat(rig.reports.getFirst().message()).contains("hard limit is 64");
            rig.reports.clear();
        }
    }

    @Test
    void a_refused_write_after_close_is_not_a_failure_of_its_own() throws IOException {
        try (var rig = rig(String::length)) {
            rig.onLoop(() -> rig.connection().onFailure(failure -> rig.failures.add(failure.cause())));
            rig.connection().write(LARGE);
            rig.onLoop(rig.connection()::close);
            assertThat(rig.connection().write("refused").failure()).isNotNull();
            rig.settle();
            assertThat(rig.failures).isEmpty();
            assertThat(rig.sent()).isEqualTo(LARGE);
        }
    }

    @Test
    void a_close_hides_no_gap_that_a_refused_write_has_left() throws IOException {
        try (var rig = rig(String::length)) {
            rig.onLoop(() -> rig.connection().onFailure(failure -> rig.failures.add(failure.cause())));
            rig.connection().write(LARGE);
            assertThat(rig.connection().write("refused").failure()).isNotNull();
            rig.onLoop(rig.connection()::close);
            rig.settle();
            assertThat(rig.failures).singleElement().asString().contains("hard limit is 64");
        }
    }

    @Test
    void an_admitted_write_whose_pipeline_was_replaced_meanwhile_fails_the_connection_unless_its_owner_carries_on()
            throws IOException {
        for (boolean carriesOn : new boolean[] {true, false}) {
            try (var rig = new Rig<>(Pipeline.bytes(), LIMITS)) {
                ByteBuf late = Unpooled.copiedBuffer("late", StandardCharsets.US_ASCII);
                assertThat(rig.connection().write(late).isDone()).isTrue();
                var next = new ArrayList<Connection<String, String>>();
                rig.onLoop(() -> {
                    rig.connection().onFailure(failure -> {
                        rig.failures.add(failure.cause());
                        if (carriesOn) {
                            failure.carryOn();
                        }
                    });
                    next.add(rig.connection().become(TextLines.pipeline()));
                });
                rig.settle();
                rig.onLoop(() -> next.getFirst().write("next"));
                rig.settle();
                assertThat(rig.sent()).isEqualTo(carriesOn ? "next\n" : "");
                assertThat(rig.failures).singleElement().asString().contains("has another pipeline now");
                assertThat(late.refCnt()).isZero();
            }
        }
    }

    @Test
    void a_writer_that_was_told_to_wait_goes_on_once_its_message_is_below_the_low_mark() throws IOException {
        try (var rig = rig(String::length)) {
            rig.wire.space = 0;
            Future<?> waiting = rig.connection().write(LARGE);
            rig.settle();
            assertThat(waiting.isDone()).isFalse();
            rig.wire.space = LARGE.length() - LIMITS.lowWaterMark() - 1;
            rig.onLoop(rig.connection()::flush);
            assertThat(waiting.isDone()).isFalse();
            rig.wire.space = 1;
            rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
            rig.settle();
            assertThat(waiting.isDone()).isTrue();
            assertThat(waiting.failure()).isNull();
        }
    }

    @Test
    void an_admitted_write_leaves_before_our_stream_ends_in_whatever_way_that_comes() throws IOException {
        Map<String, Consumer<Rig<String, String>>> ends = Map.of(
                "shutdownOutput", rig -> rig.onLoop(rig.connection()::shutdownOutput),
                "close", rig -> rig.onLoop(rig.connection()::close),
                "the loop's close", rig -> rig.loop.closing().start(Duration.ofSeconds(5)),
                "the peer's end", rig -> rig.transport.events.add(rig.link::inputEnded));
        ends.forEach((name, end) -> {
            try (var rig = rig(String::length)) {
                rig.onLoop(() -> rig.connection().onMessage(message -> {}));
                Future<?> admitted = rig.connection().write("admitted");
                end.accept(rig);
                rig.settle();
                assertThat(rig.sent()).as(name).isEqualTo("admitted");
                assertThat(admitted.failure()).isNull();
                assertThat(rig.wire.outputShut || rig.wire.closed).as(name).isTrue();
                assertThat(rig.connection().write("late").failure()).as(name).isNotNull();
                assertThat(rig.reports).as(name).isEmpty();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void what_is_admitted_while_our_stream_ends_leaves_or_is_refused_at_once() throws IOException {
        try (var rig = rig(String::length)) {
            Outbound outbound = rig.link.outbound();
            assertThat(outbound.reservations().reserve(10)).isNull();
            rig.onLoop(rig.connection()::shutdownOutput);
            rig.settle();
            assertThat(rig.wire.outputShut).as("one is under way still").isFalse();
            assertThat(outbound.reservations().reserve(10)).hasMessageContaining("its output was shut down");
            outbound.reservations().giveBack(10);
            rig.onLoop(rig.link::admittedArrived);
            rig.settle();
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(outbound.reserved()).isZero();
        }
    }

    @Test
    void a_closing_connection_does_not_wait_for_ever_for_a_writer_that_never_comes() throws IOException {
        try (var rig = rig(String::length)) {
            assertThat(rig.link.outbound().reservations().reserve(10)).isNull();
            rig.onLoop(rig.connection()::close);
            rig.settle();
            assertThat(rig.wire.outputShut).isFalse();
            rig.passes(LIMITS.closeProgress().multipliedBy(2));
            assertThat(rig.wire.aborted).isTrue();
        }
    }

    @Test
    void one_that_lies_in_the_inbox_as_the_time_to_close_is_up_leaves() throws IOException {
        try (var rig = rig(String::length)) {
            rig.connection().write("admitted");
            rig.onLoop(rig.connection()::close);
            rig.transport.now += LIMITS.closeProgress().multipliedBy(2).toNanos(); // the loop was held up
            rig.settle();
            assertThat(rig.sent()).isEqualTo("admitted");
            assertThat(rig.wire.aborted).isFalse();
        }
    }

    @Test
    void a_flush_behind_an_admitted_write_is_done_although_our_stream_ends() throws IOException {
        try (var rig = rig(String::length)) {
            rig.connection().write("admitted");
            Future<?> flushed = rig.connection().flush();
            rig.onLoop(rig.connection()::shutdownOutput);
            rig.settle();
            assertThat(rig.sent()).isEqualTo("admitted");
            assertThat(flushed.failure()).isNull();
            assertThat(flushed.isDone()).isTrue();
        }
    }

    @Test
    void what_is_kept_back_while_the_wire_is_busy_follows_once_a_try_has_found_room() throws IOException {
        try (var rig = rig(String::length)) {
            rig.wire.space = 0;
            rig.onLoop(() -> rig.connection().write("first"));
            rig.settle();
            rig.onLoop(() -> rig.connection().write("second"));
            rig.settle();
            assertThat(rig.link.outbound().reservations().reserve(10)).isNull();
            rig.onLoop(rig.connection()::close);
            rig.wire.unreported = 100;
            rig.passes(LIMITS.closeProgress());
            assertThat(rig.sent()).isEqualTo("firstsecond");
        }
    }

    @Test
    void a_message_that_its_writer_releases_as_well_fails_the_connection_instead_of_leaving_a_gap() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes(), LIMITS)) {
            rig.onLoop(() -> rig.connection().onFailure(failure -> rig.failures.add(failure.cause())));
            ByteBuf twice = Unpooled.copiedBuffer("twice", StandardCharsets.US_ASCII);
            rig.connection().write(twice);
            twice.release();
            rig.connection().write(Unpooled.copiedBuffer("after", StandardCharsets.US_ASCII));
            rig.settle();
            assertThat(rig.failures).hasSize(1);
            assertThat(rig.sent()).isEmpty();
            assertThat(rig.link.outbound().reserved()).isZero();
            assertThat(rig.reports).isEmpty();
        }
    }
}
