package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import rill.testing.TextLines;

/**
 * The wire or a write fails while earlier bytes of the peer still wait: they are delivered to a receiver that takes them, and nothing is left behind.
 */
class BrokenTest {
    private static final Duration A_WHILE = ConnectionLimits.defaults().closeProgress();
    private static final int ROUNDS = 12;

    private final IOException reset = new IOException("reset, on purpose");
    private int sessionsOpened;
    private int sessionsClosed;

    /** Lines; counts its sessions. The line {@code stop} ends the protocol, and {@code work} starts work elsewhere. */
    private Codec<String, String> lines() {
        return context -> {
            sessionsOpened++;
            Session<String, String> inner = TextLines.codec().open(context);
            return new SessionTest.Plain() {
                @Override
                public @Nullable String decode(ByteBuf in, Context context) throws IOException {
                    String text = in.toString(StandardCharsets.US_ASCII);
                    if (text.startsWith("stop\n")) {
                        context.stop();
                    } else if (text.startsWith("work\n")) {
                        context.runBlocking(() -> {});
                    }
                    return inner.decode(in, context);
                }

                @Override
                public @Nullable String opened(Context context) {
                    context.startTimer(Duration.ofMillis(1));
                    return null;
                }

                @Override
                public @Nullable String timerExpired(Context context) {
                    return "from a timer";
                }

                @Override
                public void encode(String message, Outgoing out) {
                    out.buffer(16).writeCharSequence(message + "\n", StandardCharsets.US_ASCII);
                }

                @Override
                public void closed() {
                    sessionsClosed++;
                }
            };
        };
    }

    private Rig<String, String> rig() throws IOException {
        var rig = new Rig<>(Pipeline.of(lines()));
        rig.onLoop(() -> rig.connection().onFailure(failure -> rig.failures.add(failure.cause())));
        rig.passes(Duration.ofMillis(1)); // now the message of its timer waits
        return rig;
    }

    private static void aLongTimePasses(Rig<?, ?> rig) {
        for (int i = 0; i < ROUNDS; i++) {
            rig.passes(A_WHILE);
        }
    }

    /** The two ways in which a connection breaks. */
    enum Breaking {
        THE_WIRE {
            @Override
            void happens(Rig<?, ?> rig, IOException cause) {
                rig.wire.end(cause);
            }
        },
        /** All that the wire has read is already delivered, but it is asked to pause and so can't report that there is no more. */
        A_WRITE {
            @Override
            void happens(Rig<?, ?> rig, IOException cause) {
                rig.wire.failWrites(cause);
            }
        };

        abstract void happens(Rig<?, ?> rig, IOException cause);
    }

    private void assertNothingIsLeft(Rig<?, ?> rig) {
        assertThat(rig.link.audience().closed().isDone()).isTrue();
        assertThat(rig.loop.connections()).isZero();
        assertThat(sessionsClosed).as("sessions closed").isEqualTo(sessionsOpened);
        for (Stage stage : rig.stages()) {
            assertThat(stage.rest).isNull();
            assertThat(stage.waits() && !stage.isWorking()).isFalse();
            assertThat(stage.output.holdsBuffer()).isFalse();
        }
    }

    // ---- nobody takes what waits

    /** Receivers that do not take what waits. */
    enum Idle {
        NOBODY {
            @Override
            void begin(Rig<String, String> rig) {
                rig.arrives("unheard\n");
            }
        },
        A_PULLER_THAT_ASKS_NO_MORE {
            @Override
            void begin(Rig<String, String> rig) {
                rig.onLoop(() -> rig.connection().receive());
                rig.arrives("unheard\n");
            }
        },
        ONE_THAT_HAS_PAUSED {
            @Override
            void begin(Rig<String, String> rig) {
                rig.onLoop(() ->
                        rig.connection().onMessage(line -> rig.connection().pause()));
                rig.arrives("unheard\n");
            }
        },
        ONE_THAT_HAS_STOPPED {
            @Override
            void begin(Rig<String, String> rig) {
                rig.onLoop(() -> rig.connection().onMessage(line -> {}));
                rig.settle();
                rig.arrives("stop\nunheard\n");
            }
        },
        WORK_ELSEWHERE_THAT_NEVER_ENDS {
            @Override
            void begin(Rig<String, String> rig) {
                rig.onLoop(() -> rig.connection().onMessage(line -> {}));
                rig.arrives("work\nunheard\n");
            }
        },
        A_MESSAGE_THAT_A_TIMER_HAS_BROUGHT {
            @Override
            void begin(Rig<String, String> rig) {
                rig.onLoop(() -> rig.connection().receive().cancel());
            }
        };

        abstract void begin(Rig<String, String> rig);
    }

    static Stream<Object[]> idleAndBreaking() {
        return Stream.of(Idle.values())
                .flatMap(idle -> Stream.of(Breaking.values()).map(breaking -> new Object[] {idle, breaking}));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("idleAndBreaking")
    void a_broken_connection_of_which_nobody_takes_what_waits_is_closed_and_let_go(Idle idle, Breaking breaking)
            throws IOException {
        try (var rig = rig()) {
            idle.begin(rig);
            rig.settle();
            if (breaking == Breaking.A_WRITE && !rig.wire.paused) {
                fillReadAhead(rig);
            }
            breaking.happens(rig, reset);
            rig.settle();
            rig.passes(A_WHILE);
            assertThat(rig.link.audience().closed().isDone()).isTrue();
            assertThat(rig.failures).containsExactly(reset);
            aLongTimePasses(rig);
            assertNothingIsLeft(rig);
            assertThat(rig.failures).containsExactly(reset);
            var late = new ArrayList<Future<?>>();
            rig.onLoop(() -> {
                if (idle == Idle.NOBODY || idle == Idle.A_PULLER_THAT_ASKS_NO_MORE) {
                    late.add(rig.connection().receive());
                }
                late.add(rig.connection().write("late"));
            });
            assertThat(late).allMatch(each -> each.failure() == reset);
        }
    }

    /** Delivers until the wire is paused: there may be more, which the wire does not report. */
    private static void fillReadAhead(Rig<?, ?> rig) {
        for (int i = 0; i < 100 && !rig.wire.paused; i++) {
            rig.arrives("unheard\n".repeat(1_000));
            rig.settle();
        }
    }

    @Test
    void while_nobody_receives_its_end_is_told_at_once_and_what_came_waits_for_one_who_comes_late() throws IOException {
        try (var rig = rig()) {
            rig.arrives("one\ntwo\n");
            rig.wire.end(reset);
            rig.settle();
            assertThat(rig.link.audience().closed().isDone()).isTrue();
            assertThat(rig.failures).containsExactly(reset);
            for (int i = 1; i < ROUNDS; i++) {
                rig.passes(A_WHILE);
            }
            assertThat(pullAll(rig)).containsExactly("from a timer", "one", "two", reset);
            assertNothingIsLeft(rig);
        }
    }

    private static List<Object> pullAll(Rig<String, ?> rig) {
        var log = new ArrayList<Object>();
        for (int n = 0; n < 10_000 && (log.isEmpty() || log.getLast() instanceof String); n++) {
            rig.onLoop(() ->
                    rig.connection().receive().onDone((line, failure) -> log.add(failure == null ? line : failure)));
            rig.settle();
        }
        return log;
    }

    @Test
    void a_responder_at_its_bound_whose_handler_never_answers_is_let_go() throws IOException {
        var asked = new ArrayList<Promise<String>>();
        try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
            Responder.open(link, Pipeline.of(lines()), ListenOptions.defaults().requestsInFlight(2), question -> {
                Promise<String> answer = link.loop().promise();
                asked.add(answer);
                return answer;
            });
            return null;
        })) {
            rig.arrives("question\n".repeat(4));
            rig.wire.end(reset);
            rig.settle();
            rig.passes(A_WHILE);
            assertThat(rig.link.audience().closed().isDone()).isTrue();
            aLongTimePasses(rig);
            assertThat(asked).hasSize(2).allMatch(Future::isCancelled);
            assertNothingIsLeft(rig);
            rig.reports.clear(); // the reset
        }
    }

    @Test
    void one_that_pings_does_not_read_and_resets_is_let_go() throws IOException {
        var limits = ConnectionLimits.defaults().waterMarks(100, 1_000, 10_000);
        for (Breaking breaking : Breaking.values()) {
            try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new Pinging()), limits)) {
                rig.wire.space = 0;
                List<String> received = rig.collect(rig.connection());
                for (int i = 0; i < 100 && !rig.wire.paused; i++) {
                    rig.arrives("p".repeat(30_000) + "x");
                }
                assertThat(rig.wire.paused).isTrue();
                breaking.happens(rig, reset);
                rig.settle();
                rig.wire.end(reset); // after a failed write: there was no more
                rig.settle();
                assertThat(rig.failures).containsExactly(reset);
                assertThat(received).as("what came before").isNotEmpty().containsOnly("x");
                assertNothingIsLeft(rig);
                assertThat(rig.link.outbound().pending()).isZero();
            }
        }
    }

    // ---- receivers that take it late

    @ParameterizedTest
    @EnumSource(Breaking.class)
    void who_pulls_slowly_gets_all_that_came_and_then_the_failure(Breaking breaking) throws IOException {
        try (var rig = rig()) {
            var log = new ArrayList<Object>();
            rig.onLoop(() -> rig.connection().receive().onDone((line, failure) -> log.add(line)));
            rig.arrives("unheard\n".repeat(20));
            breaking.happens(rig, reset);
            rig.settle();
            for (int i = 0; i < 20; i++) {
                for (int n = 2; n < ROUNDS; n++) {
                    rig.passes(A_WHILE); // slow, but not too slow
                }
                rig.onLoop(() -> rig.connection().receive().onDone((line, failure) -> log.add(line)));
                rig.settle();
            }
            assertThat(log).hasSize(21).startsWith("from a timer", "unheard").doesNotContainNull();
            rig.wire.end(reset); // if it was a write: there is no more
            assertThat(pullAll(rig)).containsExactly(reset);
            assertNothingIsLeft(rig);
        }
    }

    @ParameterizedTest
    @EnumSource(Breaking.class)
    void who_resumes_gets_all_that_came_and_then_the_failure(Breaking breaking) throws IOException {
        try (var rig = rig()) {
            var log = new ArrayList<Object>();
            rig.onLoop(() -> rig.connection().onMessage(log::add).onFailure(failure -> log.add(failure.cause())));
            rig.settle();
            log.clear();
            rig.onLoop(() -> rig.connection().pause());
            rig.arrives("one\ntwo\nthr");
            breaking.happens(rig, reset);
            rig.settle();
            assertThat(log).isEmpty();
            rig.onLoop(rig.connection()::resume);
            rig.settle();
            rig.wire.end(reset);
            rig.settle();
            assertThat(log).containsExactly("one", "two", reset);
            assertNothingIsLeft(rig);
        }
    }

    @Test
    void after_a_failed_write_reading_goes_on_and_writers_are_told_at_once() throws IOException {
        try (var rig = rig()) {
            var log = new ArrayList<Object>();
            rig.wire.space = 0;
            var flushed = new Future<?>[1];
            rig.onLoop(() -> {
                rig.connection().onMessage(log::add).onFailure(failure -> log.add(failure.cause()));
                rig.connection().write("never read");
                flushed[0] = rig.connection().flush();
            });
            rig.settle();
            log.clear();
            rig.wire.failWrites(reset);
            rig.settle();
            assertThat(flushed[0].failure()).isSameAs(reset);
            rig.onLoop(
                    () -> assertThat(rig.connection().write("late").failure()).isSameAs(reset));
            for (int i = 0; i < 10; i++) {
                rig.arrives("line\n".repeat(15_000));
                rig.settle();
                assertThat(rig.wire.paused).isFalse();
            }
            assertThat(log).hasSize(150_000).containsOnly("line");
            rig.wire.end(reset);
            rig.settle();
            assertThat(log).hasSize(150_001).last().isSameAs(reset);
            assertNothingIsLeft(rig);
        }
    }

    @Test
    void after_a_failed_write_who_pulls_nothing_is_read_ahead_for_only_so_far() throws IOException {
        try (var rig = rig()) {
            rig.onLoop(() -> rig.connection().receive().cancel());
            rig.wire.failWrites(reset);
            rig.settle();
            int read = 0;
            while (!rig.wire.paused) {
                assertThat(read++).isLessThan(20);
                rig.arrives("unheard\n".repeat(1_000));
                rig.settle();
            }
            assertThat(rig.link.stack().top().restBytes()).isLessThan(2 * Inbound.READ_AHEAD);
            rig.passes(A_WHILE);
            aLongTimePasses(rig);
            assertThat(rig.wire.closed).isTrue();
            assertNothingIsLeft(rig);
        }
    }

    // ---- ending the connection

    @Test
    void closing_or_aborting_a_broken_connection_lets_go_of_what_waits_at_once_and_tells_nothing_more()
            throws IOException {
        for (Breaking breaking : Breaking.values()) {
            for (boolean abort : new boolean[] {false, true}) {
                List<Report> reports;
                try (var rig = new Rig<>(Pipeline.of(lines()))) {
                    reports = rig.reports;
                    rig.onLoop(() -> rig.connection().receive());
                    rig.arrives("heard\nunheard\n");
                    breaking.happens(rig, reset);
                    rig.settle();
                    rig.onLoop(abort ? rig.connection()::abort : rig.connection()::close);
                    rig.settle();
                    assertNothingIsLeft(rig);
                    assertThat(rig.wire.closed).isTrue();
                }
                assertThat(reports).isEmpty();
            }
        }
    }

    @Test
    void closing_in_the_tick_in_which_patience_is_at_its_end_is_fine() throws IOException {
        for (Breaking breaking : Breaking.values()) {
            try (var rig = rig()) {
                rig.loop.schedule(A_WHILE, rig.connection()::close);
                rig.onLoop(() -> rig.connection().receive());
                rig.arrives("unheard\n");
                rig.onLoop(rig.connection()::pause);
                breaking.happens(rig, reset);
                rig.settle();
                rig.passes(A_WHILE);
                assertThat(rig.reports).isEmpty();
                assertNothingIsLeft(rig);
            }
        }
    }

    @Test
    void closing_within_the_last_message_of_a_broken_connection_is_fine() throws IOException {
        for (Breaking breaking : Breaking.values()) {
            try (var rig = rig()) {
                var log = new ArrayList<Object>();
                rig.onLoop(() -> {
                    rig.connection().onMessage(line -> {
                        log.add(line);
                        rig.connection().close();
                    });
                    rig.connection().pause();
                });
                rig.arrives("one\ntwo\n");
                breaking.happens(rig, reset);
                rig.settle();
                rig.onLoop(rig.connection()::resume);
                rig.settle();
                assertThat(log).hasSize(1);
                assertNothingIsLeft(rig);
                assertThat(rig.reports).isEmpty();
            }
        }
    }

    @Test
    void a_loop_that_closes_does_not_wait_for_what_nobody_takes() throws IOException {
        for (Breaking breaking : Breaking.values()) {
            var rig = rig();
            rig.onLoop(() -> rig.connection().receive());
            rig.arrives("unheard\n");
            breaking.happens(rig, reset);
            rig.settle();
            rig.loop.close(Duration.ofHours(1)); // on a clock that stands still
            assertThat(sessionsClosed).isEqualTo(sessionsOpened);
            assertThat(rig.reports).isEmpty();
        }
    }

    @Test
    void a_loop_that_is_closed_tells_of_the_failure_of_one_that_waits_for_its_owner_to_finish() throws IOException {
        for (Breaking breaking : Breaking.values()) {
            var rig = rig();
            var received = new ArrayList<String>();
            rig.onLoop(() -> rig.connection().onMessage(received::add).onFinishing(() -> {}));
            rig.settle();
            received.clear();
            rig.onLoop(rig.connection()::pause);
            rig.arrives("unheard\n");
            rig.loop.closing().start(A_WHILE.dividedBy(2));
            rig.settle();
            breaking.happens(rig, reset);
            rig.settle();
            assertThat(rig.failures).as("told before what came was received").isEmpty();

            rig.passes(A_WHILE.dividedBy(2));
            assertThat(rig.loop.isClosed()).isTrue();
            assertThat(received).isEmpty();
            assertThat(rig.failures).containsExactly(reset);
            assertThat(rig.reports).isEmpty();
            assertThat(sessionsClosed).isEqualTo(sessionsOpened);
        }
    }

    @Test
    void a_connection_that_closes_once_a_handshake_is_over_tells_of_its_failure_whatever_tells_that()
            throws IOException {
        for (Breaking breaking : Breaking.values()) {
            try (var rig = new Rig<>(TextLines.pipeline().over(new HoldingLayer()))) {
                rig.collect(rig.connection());
                rig.onLoop(() -> {
                    rig.connection().write("accepted, and not sent");
                    rig.connection().close();
                });
                rig.settle();
                assertThat(rig.wire.closed).isFalse();
                breaking.happens(rig, reset);
                rig.settle();
                assertThat(rig.failures).containsExactly(reset);
                assertThat(rig.wire.closed).isTrue();
                assertThat(rig.reports).isEmpty();
                assertNothingIsLeft(rig);
            }
        }
    }

    @Test
    void a_write_that_fails_while_it_closes_ends_it_at_once() throws IOException {
        try (var rig = rig()) {
            rig.wire.space = 0;
            rig.onLoop(() -> {
                rig.connection().onMessage(line -> {}).write("unsent");
                rig.connection().close();
            });
            rig.settle();
            assertThat(rig.wire.closed).isFalse();
            rig.wire.failWrites(reset);
            rig.settle();
            assertThat(rig.wire.closed).isTrue();
            assertNothingIsLeft(rig);
        }
    }

    @Test
    void messages_with_buffers_that_nobody_takes_come_back() throws IOException {
        ByteBuf held = Unpooled.directBuffer();
        Codec<ByteBuf, ByteBuf> handing = context -> new Session<>() {
            @Override
            public @Nullable ByteBuf opened(Context context) {
                return held.retain(); // it is held for a receiver
            }

            @Override
            public @Nullable ByteBuf decode(ByteBuf in, Context context) {
                in.skipBytes(in.readableBytes());
                return null;
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {}
        };
        try (var rig = new Rig<>(Pipeline.of(handing))) {
            rig.onLoop(() -> rig.connection().onFailure(failure -> {}));
            assertThat(held.refCnt()).isEqualTo(2);
            rig.wire.end(reset);
            rig.settle();
            rig.passes(A_WHILE);
            aLongTimePasses(rig);
            assertThat(held.refCnt()).isEqualTo(1);
        }
        held.release();
    }
}
