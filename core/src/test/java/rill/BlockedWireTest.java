package rill;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** The memory that a connection holds while its peer does not read: about as much as there is to send, however many flushes it took. */
class BlockedWireTest {
    private static final int KIB = 1024;

    private static Pipeline<Byte, Byte> singleBytes() {
        return Pipeline.of(
                Codec.of((in, context) -> in.isReadable() ? in.readByte() : null, (m, out) -> out.writeByte(m)));
    }

    /** Writes this many messages, each in a tick of its own and therefore with a flush of its own. */
    private static <W> void writeInTicks(Rig<?, W> rig, int count, IntFunction<W> message) {
        for (int i = 0; i < count; i++) {
            int n = i;
            rig.onLoop(() -> rig.connection().write(message.apply(n)));
            rig.tick();
        }
    }

    private static void wireTakes(Rig<?, ?> rig, int bytes) {
        rig.wire.space = bytes;
        rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
        rig.tick();
    }

    private static long held(Rig<?, ?> rig) {
        var held = new long[1];
        rig.onLoop(() -> held[0] = rig.loop.buffers().held());
        return held[0];
    }

    @Test
    void small_writes_to_a_blocked_wire_share_a_chunk() throws IOException {
        try (var rig = new Rig<>(singleBytes())) {
            rig.wire.space = 0;
            long before = held(rig);
            writeInTicks(rig, 1_000, n -> (byte) n);
            assertThat(rig.link.outbound().pending()).isEqualTo(1_000);
            assertThat(held(rig) - before).as("two chunks: the wire has one").isLessThanOrEqualTo(2 * Buffers.SMALL);
            wireTakes(rig, 2_000);
            byte[] sent = rig.wire.sent();
            for (int n = 0; n < 1_000; n++) {
                assertThat(sent[n]).isEqualTo((byte) n);
            }
            assertThat(sent).hasSize(1_000);
            assertThat(rig.link.outbound().pending()).isZero();
            assertThat(held(rig)).isEqualTo(before);
        }
    }

    @Test
    void what_a_blocked_connection_holds_is_at_most_twice_what_is_pending_and_two_small_chunks() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 0;
            long before = held(rig);
            var random = new Random(7);
            for (int n = 0; n < 2_000; n++) {
                String line = "x".repeat(random.nextInt(200));
                rig.onLoop(() -> rig.connection().write(line));
                if (random.nextBoolean()) {
                    rig.tick();
                }
                assertThat(held(rig) - before)
                        .isLessThanOrEqualTo(2 * rig.link.outbound().pending() + 2 * Buffers.SMALL);
            }
        }
    }

    @Test
    void two_hundred_peers_that_do_not_read_cost_about_what_is_pending() throws IOException {
        var rigs = new ArrayList<Rig<Byte, Byte>>();
        long all = 0;
        try {
            for (int i = 0; i < 200; i++) {
                var rig = new Rig<>(singleBytes());
                rigs.add(rig);
                rig.wire.space = 0;
                writeInTicks(rig, 100, n -> (byte) n);
                all += held(rig);
            }
            assertThat(all).isLessThanOrEqualTo(200L * 2 * Buffers.SMALL);
        } finally {
            rigs.forEach(Rig::close);
        }
    }

    @Test
    void a_wire_that_takes_a_little_at_a_time_gets_everything_in_order() throws IOException {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        try (var rig = new Rig<>(Pipeline.bytes())) {
            ByteBuf expected = Unpooled.buffer();
            ByteBuf sent = Unpooled.buffer();
            long before = held(rig);
            for (int round = 0; round < 500; round++) {
                rig.wire.space = random.nextInt(3) == 0 ? random.nextInt(5_000) : 0;
                byte[] bytes = new byte[random.nextInt(random.nextInt(10) == 0 ? 20_000 : 50)];
                random.nextBytes(bytes);
                expected.writeBytes(bytes);
                rig.onLoop(() -> rig.connection().write(Unpooled.copiedBuffer(bytes)));
                if (random.nextInt(4) == 0) {
                    wireTakes(rig, random.nextInt(10_000));
                } else {
                    rig.tick();
                }
                sent.writeBytes(rig.wire.sent());
                if (rig.link.outbound().pending() > 200 * KIB) {
                    wireTakes(rig, Integer.MAX_VALUE);
                    sent.writeBytes(rig.wire.sent());
                    assertThat(rig.link.outbound().pending())
                            .as("seed %d", seed)
                            .isZero();
                }
            }
            wireTakes(rig, Integer.MAX_VALUE);
            sent.writeBytes(rig.wire.sent());
            assertThat(sent).as("seed %d", seed).isEqualTo(expected);
            assertThat(rig.link.outbound().pending()).isZero();
            assertThat(held(rig)).isEqualTo(before);
        }
    }

    /** Adds one to each byte. */
    private static final ByteLayer SHIFTING = context -> new Session<>() {
        @Override
        public @Nullable ByteBuf decode(ByteBuf in, Context context) {
            return in.isReadable() ? in.readSlice(in.readableBytes()) : null;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            ByteBuf shifted = out.buffer(message.readableBytes());
            for (int i = message.readerIndex(); i < message.writerIndex(); i++) {
                shifted.writeByte(message.getByte(i) + 1);
            }
        }
    };

    /** What a layer may have encoded ahead: up to the mark, and a piece of 256 KiB that goes beyond it. */
    private static final int ENCODED_AHEAD = 600 * KIB;

    private static byte[] shifted(byte[] bytes) {
        byte[] shifted = bytes.clone();
        for (int i = 0; i < shifted.length; i++) {
            shifted[i]++;
        }
        return shifted;
    }

    @Test
    void of_a_large_message_a_layer_encodes_as_much_as_the_wire_has_room_for() throws IOException {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        byte[] bytes = new byte[5_000 * KIB];
        random.nextBytes(bytes);
        try (var rig = new Rig<>(Pipeline.bytes().over(SHIFTING).over(SHIFTING))) {
            rig.wire.space = 0;
            long before = held(rig);
            var flushed = new ArrayList<Future<?>>();
            rig.onLoop(() -> {
                rig.connection().write(Unpooled.wrappedBuffer(bytes));
                flushed.add(rig.connection().flush());
            });
            rig.settle();
            ByteBuf sent = Unpooled.buffer();
            while (sent.readableBytes() < bytes.length) {
                assertThat(flushed.getFirst().isDone()).as("seed %d", seed).isFalse();
                assertThat(held(rig) - before).as("seed %d", seed).isBetween(1L, 2L * ENCODED_AHEAD); // for two layers
                wireTakes(rig, 1 + random.nextInt(700 * KIB));
                rig.settle();
                sent.writeBytes(rig.wire.sent());
            }
            assertThat(sent).as("seed %d", seed).isEqualTo(Unpooled.wrappedBuffer(shifted(shifted(bytes))));
            assertThat(flushed.getFirst().isDone()).isTrue();
            assertThat(rig.link.outbound().pending()).isZero();
            assertThat(held(rig)).isEqualTo(before);
        }
    }

    @Test
    void of_a_large_message_a_layer_encodes_a_part_in_each_tick_although_the_wire_takes_all() throws IOException {
        byte[] bytes = new byte[5_000 * KIB];
        new Random(3).nextBytes(bytes);
        try (var rig = new Rig<>(Pipeline.bytes().over(SHIFTING))) {
            rig.onLoop(() -> rig.connection().write(Unpooled.wrappedBuffer(bytes)));
            ByteBuf sent = Unpooled.buffer();
            while (rig.loop.tick() || sent.readableBytes() == 0) {
                byte[] part = rig.wire.sent();
                assertThat(part.length).isLessThanOrEqualTo(ENCODED_AHEAD);
                sent.writeBytes(part);
            }
            sent.writeBytes(rig.wire.sent());
            assertThat(sent).isEqualTo(Unpooled.wrappedBuffer(shifted(bytes)));
        }
    }

    /** {@link Rig#settle} fails if that made the loop spin. */
    @Test
    void what_waits_for_room_above_a_layer_that_holds_writes_is_encoded_once_it_lets_them_go() throws IOException {
        var limits = ConnectionLimits.defaults().waterMarks(1, 3, 1_000_000);
        try (var rig = new Rig<>(Pipeline.bytes().over(SHIFTING).over(new HoldingLayer()), limits)) {
            rig.collect(rig.connection());
            for (int i = 0; i < 5; i++) {
                rig.onLoop(() -> rig.connection().write(Unpooled.copiedBuffer("abcdefgh".repeat(1_000), US_ASCII)));
                rig.settle();
            }
            assertThat(rig.sent()).isEqualTo("hello;");
            rig.arrives("!");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("bcdefghi".repeat(5_000));
            assertThat(rig.link.outbound().pending()).isZero();
        }
    }

    @Test
    void what_waits_for_room_is_encoded_when_the_output_ends() throws IOException {
        byte[] bytes = new byte[3_000 * KIB];
        new Random(3).nextBytes(bytes);
        try (var rig = new Rig<>(Pipeline.bytes().over(SHIFTING))) {
            rig.wire.space = 0;
            rig.onLoop(() -> {
                rig.connection().write(Unpooled.wrappedBuffer(bytes));
                rig.connection().flush();
            });
            rig.tick();
            rig.onLoop(() -> rig.connection().shutdownOutput());
            wireTakes(rig, Integer.MAX_VALUE);
            rig.settle();
            assertThat(Unpooled.wrappedBuffer(rig.wire.sent())).isEqualTo(Unpooled.wrappedBuffer(shifted(bytes)));
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void flush_waits_for_what_was_kept_back() throws IOException {
        try (var rig = new Rig<>(singleBytes())) {
            rig.wire.space = 0;
            writeInTicks(rig, 2, n -> (byte) n);
            var flushed = new Future<?>[1];
            rig.onLoop(() -> flushed[0] = rig.connection().flush());
            wireTakes(rig, 1);
            rig.settle();
            assertThat(flushed[0].isDone()).isFalse();
            wireTakes(rig, 1);
            rig.settle();
            assertThat(flushed[0].isDone()).isTrue();
            assertThat(rig.wire.sent()).containsExactly(0, 1);
        }
    }

    @Test
    void what_was_kept_back_leaves_before_the_output_ends() throws IOException {
        try (var rig = new Rig<>(singleBytes())) {
            rig.wire.space = 0;
            writeInTicks(rig, 3, n -> (byte) n);
            rig.onLoop(() -> rig.connection().shutdownOutput());
            rig.settle();
            assertThat(rig.wire.taken.stream().mapToInt(ByteBuf::readableBytes).sum())
                    .as("the wire has it all: nothing can be written to it later")
                    .isEqualTo(3);
            wireTakes(rig, 3);
            assertThat(rig.wire.sent()).containsExactly(0, 1, 2);
        }
    }

    @Test
    void a_close_waits_for_what_was_kept_back() throws IOException {
        try (var rig = new Rig<>(singleBytes())) {
            rig.wire.space = 0;
            writeInTicks(rig, 3, n -> (byte) n);
            rig.onLoop(() -> rig.connection().close());
            rig.settle();
            assertThat(rig.wire.outputShut).isFalse();
            wireTakes(rig, 1);
            assertThat(rig.wire.outputShut).isFalse();
            wireTakes(rig, 2);
            rig.settle();
            assertThat(rig.wire.outputShut).isTrue();
            assertThat(rig.wire.sent()).containsExactly(0, 1, 2);
        }
    }

    @Test
    void what_was_kept_back_leaves_before_what_the_next_pipeline_writes() throws IOException {
        try (var rig = new Rig<>(singleBytes())) {
            rig.wire.space = 0;
            writeInTicks(rig, 3, n -> (byte) n);
            rig.onLoop(() -> rig.connection().become(TextLines.pipeline()).write("next"));
            wireTakes(rig, 100);
            rig.settle();
            assertThat(rig.wire.sent()).containsExactly(0, 1, 2, 'n', 'e', 'x', 't', '\n');
        }
    }

    @Test
    void what_was_kept_back_is_released_when_the_connection_breaks() throws IOException {
        try (var rig = new Rig<>(singleBytes())) {
            long before = held(rig);
            rig.wire.space = 0;
            writeInTicks(rig, 3, n -> (byte) n);
            assertThat(held(rig)).isGreaterThan(before);
            rig.wire.end(new IOException("broken"));
            rig.settle();
            assertThat(held(rig)).isEqualTo(before);
            rig.reports.clear();
        }
    }

    @Test
    void a_wire_that_was_only_given_bytes_and_not_flushed_is_not_taken_for_blocked() throws IOException {
        try (var rig = new Rig<>(singleBytes())) {
            rig.onLoop(() -> {
                rig.connection().write((byte) 1);
                rig.link.outbound().encodeThrough();
                rig.connection().write((byte) 2);
            });
            rig.settle();
            assertThat(rig.wire.sent()).containsExactly(1, 2);
            assertThat(rig.link.outbound().pending()).isZero();
        }
    }

    @Test
    void small_answers_above_a_layer_share_a_chunk_as_well() throws IOException {
        var layer = new HoldingLayer();
        try (var rig = new Rig<>(singleBytes().over(layer))) {
            rig.arrives("!"); // the layer releases its writes
            rig.wire.space = 0;
            long before = held(rig);
            writeInTicks(rig, 1_000, n -> (byte) 'a');
            assertThat(held(rig) - before).isLessThanOrEqualTo(2 * Buffers.SMALL);
            rig.wire.sent();
            wireTakes(rig, 2_000);
            byte[] expected = new byte[1_000];
            Arrays.fill(expected, (byte) 'a');
            assertThat(rig.wire.sent()).isEqualTo(expected);
            assertThat(List.of(rig.link.outbound().pending())).containsExactly(0L);
        }
    }
}
