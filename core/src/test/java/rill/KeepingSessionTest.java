package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A session that keeps for a while what it encodes, and says so: a message has not left before the session releases it. */
class KeepingSessionTest {
    private static final Duration WHILE = Duration.ofSeconds(1);

    /** Keeps each piece for a second, and holds further writes meanwhile. */
    private static final class Keeping implements ByteLayer {
        @Override
        public Session<ByteBuf, ByteBuf> open(Context opened) {
            return new Session<>() {
                private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

                @Override
                public ByteBuf decode(ByteBuf in, Context context) {
                    return in;
                }

                @Override
                public void encode(ByteBuf message, Outgoing out) {
                    kept.writeBytes(ByteBufUtil.getBytes(message));
                    opened.holdWrites();
                    opened.startTimer(WHILE);
                }

                @Override
                public @Nullable ByteBuf timerExpired(Context context) {
                    context.out().pass(Unpooled.copiedBuffer(kept.toByteArray()));
                    kept.reset();
                    context.releaseWrites();
                    return null;
                }

                @Override
                public void outputEnding(Outgoing out) {
                    out.buffer(4).writeCharSequence(";bye", StandardCharsets.US_ASCII);
                }
            };
        }
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    private static Pipeline<ByteBuf, ByteBuf> asLayer() {
        return Pipeline.bytes().over(new Keeping());
    }

    private static Pipeline<ByteBuf, ByteBuf> onTop() {
        return Pipeline.of(new Keeping());
    }

    private static Future<?> flushOf(Rig<ByteBuf, ByteBuf> rig, String... writes) {
        var flushed = new Future<?>[1];
        rig.onLoop(() -> {
            for (String each : writes) {
                rig.connection().write(bytes(each));
            }
            flushed[0] = rig.connection().flush();
        });
        rig.settle();
        return flushed[0];
    }

    @Test
    void a_flush_is_done_once_what_was_kept_has_left() throws IOException {
        for (Pipeline<ByteBuf, ByteBuf> pipeline : List.of(asLayer(), onTop())) {
            try (var rig = new Rig<>(pipeline)) {
                Future<?> flushed = flushOf(rig, "a");
                assertThat(flushed.isDone()).isFalse();
                rig.passes(WHILE);
                assertThat(rig.sent()).isEqualTo("a");
                assertThat(flushed.isDone()).isTrue();
                assertThat(flushed.failure()).isNull();
            }
        }
    }

    @Test
    void what_comes_behind_what_is_kept_waits_for_its_turn() throws IOException {
        try (var rig = new Rig<>(onTop())) {
            Future<?> flushed = flushOf(rig, "a", "b", "c");
            rig.passes(WHILE);
            assertThat(rig.sent()).isEqualTo("a");
            rig.passes(WHILE);
            assertThat(rig.sent()).isEqualTo("b");
            assertThat(flushed.isDone()).isFalse();
            rig.passes(WHILE);
            assertThat(rig.sent()).isEqualTo("c");
            assertThat(flushed.isDone()).isTrue();
        }
    }

    @Test
    void pieces_that_are_on_their_way_down_stop_above_a_layer_that_keeps_the_first() throws IOException {
        try (var rig = new Rig<>(asLayer())) {
            String large = "x".repeat(20_000);
            Future<?> flushed = flushOf(rig, large, large);
            rig.passes(WHILE);
            assertThat(rig.sent().length()).isBetween(1, 39_999);
            for (int i = 0; i < 5; i++) {
                rig.passes(WHILE);
            }
            assertThat(flushed.isDone()).isTrue();
            assertThat(rig.link.outbound().pending()).isZero();
        }
    }

    @Test
    void the_connection_closes_after_what_is_kept_and_with_a_good_bye() throws IOException {
        for (Pipeline<ByteBuf, ByteBuf> pipeline : List.of(asLayer(), onTop())) {
            try (var rig = new Rig<>(pipeline)) {
                rig.onLoop(() -> {
                    rig.connection().write(bytes("a"));
                    rig.connection().close();
                });
                rig.settle();
                assertThat(rig.wire.outputShut).isFalse();
                rig.passes(WHILE);
                assertThat(rig.sent()).isEqualTo("a;bye");
                assertThat(rig.wire.outputShut).isTrue();
            }
        }
    }

    @Test
    void the_output_ends_after_what_is_kept_and_with_a_good_bye() throws IOException {
        for (Pipeline<ByteBuf, ByteBuf> pipeline : List.of(asLayer(), onTop())) {
            try (var rig = new Rig<>(pipeline)) {
                rig.onLoop(() -> {
                    rig.connection().write(bytes("a"));
                    rig.connection().shutdownOutput();
                });
                rig.settle();
                assertThat(rig.wire.outputShut).isFalse();
                rig.passes(WHILE);
                assertThat(rig.sent()).isEqualTo("a;bye");
                assertThat(rig.wire.outputShut).isTrue();
            }
        }
    }

    /** Otherwise two ends that write to each other would both stop reading, for ever. */
    @Test
    void what_was_kept_is_no_answer_for_which_less_would_be_read() throws IOException {
        ConnectionLimits limits = ConnectionLimits.defaults().waterMarks(300, 600, 1_200);
        for (Pipeline<ByteBuf, ByteBuf> pipeline : List.of(asLayer(), onTop())) {
            try (var rig = new Rig<>(pipeline, limits)) {
                rig.wire.space = 0;
                List<String> received = new ArrayList<>();
                rig.onLoop(() -> rig.connection().onMessage(bytes -> {
                    received.add(bytes.toString(StandardCharsets.US_ASCII));
                    bytes.release();
                }));
                flushOf(rig, "x".repeat(1_000));
                rig.passes(WHILE);
                assertThat(rig.link.outbound().pending()).isEqualTo(1_000);
                rig.arrives("still read");
                assertThat(received).containsExactly("still read");
                assertThat(rig.wire.paused).isFalse();
            }
        }
    }

    @Test
    void what_is_kept_forbids_become() throws IOException {
        try (var rig = new Rig<>(onTop())) {
            flushOf(rig, "a");
            rig.onLoop(() -> assertThatThrownBy(() -> rig.connection().become(Pipeline.bytes()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("holds back writes"));
            rig.passes(WHILE);
            assertThat(rig.sent()).isEqualTo("a");
        }
    }

    @Test
    void a_connection_that_is_aborted_fails_the_flush_of_what_is_kept() throws IOException {
        try (var rig = new Rig<>(asLayer())) {
            Future<?> flushed = flushOf(rig, "a");
            rig.onLoop(rig.connection()::abort);
            rig.settle();
            assertThat(flushed.failure()).isNotNull();
        }
    }

    @Test
    void a_session_that_can_not_give_back_bytes_is_not_replaced() throws IOException {
        Codec<String, String> greedy = context -> new SessionTest.Plain() {
            @Override
            public @Nullable String decode(ByteBuf in, Context context) {
                return null;
            }

            @Override
            public boolean replaceable() {
                return false;
            }
        };
        for (Pipeline<String, String> pipeline :
                List.of(Pipeline.of(greedy), Pipeline.of(greedy).map((String up) -> up, (String down) -> down))) {
            try (var rig = new Rig<>(pipeline)) {
                rig.onLoop(() -> assertThatThrownBy(() -> rig.connection().become(Pipeline.bytes()))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("can't give back the bytes that it has taken"));
            }
        }
    }
}
