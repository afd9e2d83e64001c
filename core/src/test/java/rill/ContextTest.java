package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** What a session can request of its Context: answers, timers, work elsewhere. */
class ContextTest {
    /** Fails with an IOException if nothing arrives for ten seconds; {@code q} stops the timer. */
    private static final class IdleTimeout extends Pinging {
        static final Duration LIMIT = Duration.ofSeconds(10);

        @Override
        public @Nullable String opened(Context context) {
            context.startTimer(LIMIT);
            return null;
        }

        @Override
        public @Nullable String decode(ByteBuf in, Context context) throws IOException {
            boolean quits = in.isReadable() && in.getByte(in.readerIndex()) == 'q';
            if (quits) {
                context.stopTimer();
            } else {
                context.startTimer(LIMIT);
            }
            return super.decode(in, context);
        }

        @Override
        public @Nullable String timerExpired(Context context) throws IOException {
            throw new IOException("idle");
        }
    }

    @Test
    void what_is_shared_is_one_for_each_loop_and_type() throws IOException {
        var seen = new ArrayList<StringBuilder>();
        Codec<String, String> codec = context -> {
            seen.add(context.shared(StringBuilder.class, StringBuilder::new));
            assertThat(context.shared(int[].class, () -> new int[] {1})).containsExactly(1);
            return new Pinging();
        };
        ByteLayer layer = context -> {
            seen.add(context.shared(StringBuilder.class, StringBuilder::new));
            return new HoldingLayer().open(context);
        };
        for (int i = 0; i < 2; i++) {
            try (var rig = new Rig<>(Pipeline.of(codec).over(layer))) {
                assertThat(rig.failures).isEmpty();
            }
        }
        assertThat(seen).hasSize(4);
        assertThat(seen.get(0)).isSameAs(seen.get(1)).isNotSameAs(seen.get(2));
        assertThat(seen.get(2)).isSameAs(seen.get(3));
    }

    @Test
    void a_session_can_ask_whether_a_message_would_be_taken_now() throws IOException {
        var contexts = new ArrayList<Context>();
        Codec<String, String> codec = context -> {
            contexts.add(context);
            return new Pinging();
        };
        try (var rig = new Rig<>(Pipeline.of(codec))) {
            rig.collect(rig.connection());
            rig.settle();
            rig.onLoop(() -> assertThat(contexts.getFirst().isReading()).isTrue());
            rig.onLoop(rig.connection()::pause);
            rig.onLoop(() -> assertThat(contexts.getFirst().isReading()).isFalse());
            rig.onLoop(rig.connection()::resume);
            rig.settle();
            rig.onLoop(() -> assertThat(contexts.getFirst().isReading()).isTrue());
        }
    }

    @Test
    void a_sessions_timer_is_put_off_expires_and_its_failure_is_the_connections() throws IOException {
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new IdleTimeout()))) {
            rig.collect(rig.connection());
            for (int i = 0; i < 5; i++) {
                rig.passes(Duration.ofSeconds(7));
                rig.arrives("a");
            }
            rig.passes(Duration.ofSeconds(10).minusNanos(1));
            assertThat(rig.failures).isEmpty();
            rig.passes(Duration.ofNanos(1));
            assertThat(rig.failures).singleElement().isInstanceOf(IOException.class);
        }
    }

    @Test
    void a_timer_may_be_started_while_encoding() throws IOException {
        Codec<String, String> asking = opened -> new Pinging() {
            @Override
            public void encode(String message, Outgoing out) {
                super.encode(message, out);
                opened.startTimer(Duration.ofSeconds(3));
            }

            @Override
            public @Nullable String timerExpired(Context context) throws IOException {
                throw new IOException("no answer to what was written");
            }
        };
        try (var rig = new Rig<>(Pipeline.of(asking))) {
            rig.collect(rig.connection());
            rig.passes(Duration.ofSeconds(60));
            assertThat(rig.failures).isEmpty();
            rig.onLoop(() -> rig.connection().write("question"));
            rig.passes(Duration.ofSeconds(3));
            assertThat(rig.failures).singleElement().isInstanceOf(IOException.class);
        }
    }

    @Test
    void a_timer_is_refused_before_there_is_a_session_that_it_could_call() throws IOException {
        var refused = new ArrayList<Throwable>();
        Codec<String, String> early = opened -> {
            refused.add(catchThrowable(() -> opened.startTimer(Duration.ofSeconds(1))));
            return new Pinging();
        };
        try (var rig = new Rig<>(Pipeline.of(early))) {
            assertThat(refused).singleElement().isInstanceOf(IllegalStateException.class);
            assertThat(rig.loop.nextTimer()).isEmpty();
        }
    }

    /** A session that learns of something through a callback uses a timer to be called. */
    @Test
    void a_timer_may_be_started_outside_of_any_call_and_not_after_the_last_one() throws IOException {
        var contexts = new ArrayList<Context>();
        var expired = new ArrayList<String>();
        Codec<String, String> told = opened -> {
            contexts.add(opened);
            return new Pinging() {
                @Override
                public @Nullable String timerExpired(Context context) {
                    expired.add("expired");
                    context.out().buffer(4).writeCharSequence("news", StandardCharsets.US_ASCII);
                    return "a message";
                }
            };
        };
        try (var rig = new Rig<>(Pipeline.of(told))) {
            List<String> received = rig.collect(rig.connection());
            Context context = contexts.getFirst();
            rig.onLoop(() -> context.startTimer(Duration.ZERO));
            rig.settle();
            assertThat(received).containsExactly("a message");
            assertThat(rig.sent()).endsWith("news");
            rig.onLoop(() -> {
                context.startTimer(Duration.ofSeconds(1));
                context.stopTimer();
            });
            rig.passes(Duration.ofSeconds(2));
            rig.onLoop(rig.connection()::abort);
            rig.settle();
            rig.onLoop(() -> context.startTimer(Duration.ZERO));
            assertThat(rig.loop.nextTimer()).as("a timer that nobody waits for").isEmpty();
            rig.settle();
            assertThat(expired).hasSize(1);
        }
    }

    @Test
    void a_timer_that_was_stopped_or_whose_connection_closed_does_not_expire() throws IOException {
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new IdleTimeout()))) {
            rig.collect(rig.connection());
            rig.arrives("q");
            rig.passes(Duration.ofSeconds(60));
            assertThat(rig.failures).isEmpty();
            rig.arrives("a");
            rig.onLoop(rig.connection()::abort);
            rig.passes(Duration.ofSeconds(60));
            assertThat(rig.failures).isEmpty();
        }
    }

    @Test
    void a_timer_started_anew_for_a_shorter_time_expires_sooner() throws IOException {
        var expired = new ArrayList<Long>();
        var rigs = new Rig<?, ?>[1];
        Codec<String, String> shortening = context -> new Pinging() {
            @Override
            public @Nullable String opened(Context context) {
                context.startTimer(Duration.ofSeconds(60));
                context.startTimer(Duration.ofSeconds(2));
                return null;
            }

            @Override
            public @Nullable String timerExpired(Context context) {
                expired.add(rigs[0].transport.now);
                return "tick";
            }
        };
        try (var rig = new Rig<>(Pipeline.of(shortening))) {
            rigs[0] = rig;
            List<String> received = rig.collect(rig.connection());
            for (int i = 0; i < 100; i++) {
                rig.passes(Duration.ofSeconds(1));
            }
            assertThat(expired).containsExactly(Duration.ofSeconds(2).toNanos());
            assertThat(received).containsExactly("tick");
        }
    }

    @Test
    void a_message_from_a_timer_waits_while_the_receiver_has_paused() throws IOException {
        Codec<String, String> ticking = context -> new Pinging() {
            @Override
            public @Nullable String opened(Context context) {
                context.startTimer(Duration.ofSeconds(1));
                return null;
            }

            @Override
            public @Nullable String timerExpired(Context context) {
                context.startTimer(Duration.ofSeconds(1));
                return "tick";
            }
        };
        try (var rig = new Rig<>(Pipeline.of(ticking))) {
            List<String> received = rig.collect(rig.connection());
            rig.onLoop(rig.connection()::pause);
            rig.passes(Duration.ofSeconds(1));
            rig.passes(Duration.ofSeconds(1));
            assertThat(received).isEmpty();
            rig.onLoop(rig.connection()::resume);
            rig.settle();
            assertThat(received).containsExactly("tick", "tick");
        }
    }

    /** {@code w} requests work elsewhere. */
    private static final class Working extends Pinging {
        final List<String> log;
        final RuntimeException thrown;

        Working(List<String> log, RuntimeException thrown) {
            this.log = log;
            this.thrown = thrown;
        }

        @Override
        public @Nullable String decode(ByteBuf in, Context context) throws IOException {
            log.add(in.readableBytes() + " bytes");
            if (in.isReadable() && in.getByte(in.readerIndex()) == 'w') {
                in.skipBytes(1);
                for (int i = 0; i < 2; i++) {
                    context.runBlocking(() -> {
                        if (thrown != null) {
                            throw thrown;
                        }
                    });
                }
                return null;
            }
            return super.decode(in, context);
        }
    }

    @Test
    void work_that_ends_after_its_protocol_was_replaced_means_nobody() throws IOException {
        var log = new ArrayList<String>();
        Pipeline<String, String> working = Pipeline.of(context -> new Working(log, null));
        try (var rig = new Rig<>(working.over(new HoldingLayer()))) {
            rig.collect(rig.connection());
            rig.settle();
            rig.arrives("!w");
            rig.settle();
            assertThat(rig.transport.blockingWork).hasSize(2);
            rig.onLoop(() -> rig.connection().become(TextLines.pipeline()));
            rig.transport.blockingWork.forEach(Runnable::run);
            rig.settle();
            assertThat(rig.reports).isEmpty();
            assertThat(rig.wire.closed).isFalse();
        }
    }

    @Test
    void while_work_runs_elsewhere_input_waits_and_then_decode_is_called_even_without_bytes() throws IOException {
        var log = new ArrayList<String>();
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new Working(log, null)))) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("aw");
            rig.settle();
            assertThat(log).containsExactly("2 bytes", "1 bytes");
            rig.transport.blockingWork.remove().run();
            rig.settle();
            assertThat(log).as("one of two pieces of work is done").hasSize(2);
            rig.transport.blockingWork.remove().run();
            rig.settle();
            assertThat(log).containsExactly("2 bytes", "1 bytes", "0 bytes");

            rig.arrives("wbc");
            rig.inputEnds();
            rig.settle();
            assertThat(received).containsExactly("a");
            while (!rig.transport.blockingWork.isEmpty()) {
                rig.transport.blockingWork.remove().run();
            }
            rig.settle();
            assertThat(received).containsExactly("a", "b", "c");
            assertThat(rig.wire.closed).as("closed at the end, which came last").isTrue();
        }
    }

    @Test
    void the_end_waits_for_work_that_runs_elsewhere() throws IOException {
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new Working(new ArrayList<>(), null)))) {
            var log = new ArrayList<String>();
            rig.onLoop(() -> rig.connection().onMessage(log::add, () -> log.add("end")));
            rig.arrives("w");
            rig.inputEnds();
            rig.settle();
            assertThat(log).isEmpty();
            while (!rig.transport.blockingWork.isEmpty()) {
                rig.transport.blockingWork.remove().run();
            }
            rig.settle();
            assertThat(log).containsExactly("end");
        }
    }

    @Test
    void work_that_fails_fails_the_connection_with_its_cause() throws IOException {
        var cause = new IllegalStateException("no such key");
        try (var rig = new Rig<>(Pipeline.<String, String>of(context -> new Working(new ArrayList<>(), cause)))) {
            List<String> received = rig.collect(rig.connection());
            rig.arrives("wb");
            while (!rig.transport.blockingWork.isEmpty()) {
                rig.transport.blockingWork.remove().run();
            }
            rig.settle();
            assertThat(rig.failures).containsExactly(cause);
            assertThat(received).isEmpty();
            assertThat(rig.reports).isEmpty();
        }
    }
}
