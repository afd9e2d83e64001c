package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.testing.IntFrames;

/** When written bytes leave, in how many system calls, and what flush() promises. */
class FlushTest {
    private static final int SIZE = 4;

    private static Pipeline<Integer, Integer> ints() {
        return Pipeline.of(Codec.of(
                (in, context) -> in.readableBytes() < SIZE ? null : in.readInt(), (m, out) -> out.writeInt(m)));
    }

    private static byte[] ofMessages(int n) {
        return new byte[SIZE * n];
    }

    /** An echo answers {@code n} messages that arrive in one read, after one such read before. Returns the number of messages in each flush. */
    private static List<Integer> flushesOfEcho(int n) throws IOException {
        try (var rig = new Rig<>(ints())) {
            rig.onLoop(() -> rig.connection().onMessage(m -> rig.connection().write(m)));
            rig.arrives(ofMessages(n));
            rig.wire.flushes.clear();
            rig.arrives(ofMessages(n));
            assertThat(rig.wire.flushes.stream().mapToInt(i -> i).sum()).isEqualTo(SIZE * n);
            return rig.wire.flushes.stream().map(bytes -> bytes / SIZE).toList();
        }
    }

    @Test
    void a_lone_message_is_not_held_back() throws IOException {
        assertThat(flushesOfEcho(1)).containsExactly(1);
    }

    @Test
    void a_batch_is_flushed_early_by_an_eighth_but_not_fewer_than_eight_at_a_time() throws IOException {
        assertThat(flushesOfEcho(8)).containsExactly(8);
        assertThat(flushesOfEcho(50)).containsExactly(8, 8, 8, 8, 8, 8, 2);
        assertThat(flushesOfEcho(500)).containsExactly(62, 62, 62, 62, 62, 62, 62, 62, 4);
    }

    @Test
    void a_read_without_a_message_does_not_change_how_a_batch_is_flushed() throws IOException {
        try (var rig = new Rig<>(ints())) {
            rig.onLoop(() -> rig.connection().onMessage(m -> rig.connection().write(m)));
            rig.arrives(ofMessages(500));
            rig.arrives(new byte[1]);
            rig.wire.flushes.clear();
            rig.arrives(new byte[SIZE * 500 - 1]);
            assertThat(rig.wire.flushes.getFirst()).isEqualTo(62 * SIZE);
        }
    }

    @Test
    void a_flush_within_the_call_of_a_session_is_done_even_if_nothing_is_pending() throws IOException {
        var opened = new ArrayList<Connection<Integer, Integer>>();
        var flushed = new ArrayList<Future<?>>();
        Codec<Integer, Integer> codec = Codec.of(
                (in, context) -> {
                    in.skipBytes(in.readableBytes());
                    flushed.add(opened.getFirst().flush());
                    return null;
                },
                (message, out) -> {});
        try (var rig = new Rig<>(Pipeline.of(codec))) {
            opened.add(rig.connection());
            rig.collect(rig.connection());
            rig.arrives("x");
            rig.settle();
            assertThat(flushed).singleElement().matches(Future::isDone);
            assertThat(flushed.getFirst().failure()).isNull();
        }
    }

    @Test
    void while_several_connections_are_busy_a_batch_leaves_at_once() throws IOException {
        try (var rig = new Rig<>(ints())) {
            rig.onLoop(() -> rig.connection().onMessage(m -> rig.connection().write(m)));
            FakeWire other = anotherEcho(rig);
            for (int tick = 0; tick < 2; tick++) {
                rig.wire.flushes.clear();
                other.flushes.clear();
                both(rig, other, ofMessages(50));
            }
            assertThat(rig.wire.flushes).containsExactly(50 * SIZE);
            assertThat(other.flushes).containsExactly(50 * SIZE);

            rig.arrives(ofMessages(50)); // alone; the other was busy just before
            rig.wire.flushes.clear();
            rig.arrives(ofMessages(50));
            assertThat(rig.wire.flushes).hasSizeGreaterThan(1);
        }
    }

    private static FakeWire anotherEcho(Rig<?, ?> rig) {
        var wire = new FakeWire(rig.transport);
        var self = new Link[1];
        self[0] = new Link(rig.loop, ConnectionLimits.defaults(), failure -> {
            Connection<Integer, Integer> connection = self[0].open(ints());
            connection.onMessage(m -> connection.write(m));
        });
        self[0].wire(wire);
        wire.listener = self[0];
        rig.loop.links().expect();
        rig.transport.events.add(self[0]::connected);
        rig.tick();
        return wire;
    }

    /** Delivers the same bytes to both in one tick. */
    private static void both(Rig<?, ?> rig, FakeWire other, byte[] bytes) {
        rig.transport.events.add(() -> {
            rig.link.received(rig.transport.receiveBuffer.get().writeBytes(bytes));
            ((Link) other.listener).received(rig.transport.receiveBuffer.get().writeBytes(bytes));
        });
        rig.tick();
    }

    @Test
    void what_a_tick_writes_leaves_at_its_end() throws IOException {
        try (var rig = new Rig<>(ints())) {
            rig.collect(rig.connection());
            for (int i = 0; i < 5; i++) {
                int message = i;
                rig.onLoop(() -> rig.loop.schedule(() -> rig.connection().write(message)));
            }
            rig.tick();
            assertThat(rig.wire.flushes).containsExactly(5 * SIZE);
        }
    }

    @Test
    void a_quarter_of_a_mebibyte_leaves_at_once() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.onLoop(() -> {
                rig.connection().write(Unpooled.wrappedBuffer(new byte[255 * 1024]));
                assertThat(rig.wire.flushes).isEmpty();
                rig.connection().write(Unpooled.wrappedBuffer(new byte[1024]));
                assertThat(rig.wire.flushes).containsExactly(256 * 1024);
            });
        }
    }

    @Test
    void what_the_reads_of_a_turn_bring_about_leaves_together_at_its_end() throws IOException {
        try (var rig = new Rig<>(ints())) {
            rig.onLoop(() -> rig.connection().onMessage(m -> rig.connection().write(m)));
            rig.transport.events.add(() -> {
                rig.link.received(rig.transport.receiveBuffer.get().writeBytes(ofMessages(2)));
                rig.link.received(rig.transport.receiveBuffer.get().writeBytes(ofMessages(3)));
                assertThat(rig.wire.flushes).isEmpty();
                rig.link.turnEnded();
                assertThat(rig.wire.flushes).containsExactly(5 * SIZE);
            });
            rig.tick();
            assertThat(rig.wire.flushes).containsExactly(5 * SIZE);
        }
    }

    @Test
    void large_payloads_are_passed_on_and_small_ones_between_them_share_a_chunk() throws IOException {
        try (var rig = new Rig<>(Pipeline.of(new IntFrames(1 << 20)))) {
            var payloads = new ArrayList<ByteBuf>();
            rig.onLoop(() -> {
                for (int size : new int[] {3, 5_000, 4, 6_000, 7}) {
                    ByteBuf payload = Unpooled.buffer(size).writeZero(size);
                    payload.setByte(0, size);
                    payloads.add(payload);
                    rig.connection().write(payload);
                }
            });
            rig.tick();
            ByteBuf sent = Unpooled.wrappedBuffer(rig.wire.sent());
            for (int size : new int[] {3, 5_000, 4, 6_000, 7}) {
                assertThat(sent.readInt()).isEqualTo(size);
                assertThat(sent.readSlice(size).getByte(0)).isEqualTo((byte) size);
            }
            assertThat(sent.isReadable()).isFalse();
            List<ByteBuf> taken = rig.wire.taken;
            assertThat(taken).as("small, large, small, large, small").hasSize(5);
            assertThat(taken.get(1).unwrap()).isSameAs(payloads.get(1));
            assertThat(taken.get(3).unwrap()).isSameAs(payloads.get(3));
            assertThat(Collections.frequency(
                            List.of(taken.get(0).unwrap(), taken.get(2).unwrap(), taken.get(4)), taken.get(4)))
                    .as("one chunk for the small ones")
                    .isEqualTo(3);
            assertThat(payloads).allMatch(payload -> payload.refCnt() == 0);
        }
    }

    @Test
    void flush_is_done_when_all_earlier_bytes_have_left_and_later_ones_do_not_delay_it() throws IOException {
        try (var rig = new Rig<>(ints())) {
            rig.wire.space = 6;
            var done = new ArrayList<String>();
            rig.onLoop(() -> {
                rig.connection().write(1);
                rig.connection().flush().onDone((nothing, failure) -> done.add("first"));
                rig.connection().write(2);
                rig.connection().flush().onDone((nothing, failure) -> done.add("second"));
                rig.connection().write(3);
            });
            rig.settle();
            assertThat(done).containsExactly("first");
            rig.wire.space = 2;
            rig.transport.events.add(() -> rig.link.written(rig.wire.flush()));
            rig.settle();
            assertThat(done).containsExactly("first", "second");
            assertThat(rig.link.outbound().pending()).isEqualTo(SIZE);
        }
    }

    @Test
    void flush_with_nothing_to_do_is_done_and_after_the_end_it_fails() throws IOException {
        try (var rig = new Rig<>(ints())) {
            var first = new Future<?>[1];
            rig.onLoop(() -> first[0] = rig.connection().flush());
            assertThat(first[0].isDone()).isTrue();
            rig.wire.space = 0;
            rig.onLoop(() -> {
                rig.connection().write(1);
                first[0] = rig.connection().flush();
            });
            var cause = new IOException("broken");
            rig.wire.end(cause);
            rig.settle();
            assertThat(first[0].failure()).isSameAs(cause);
            rig.onLoop(() -> first[0] = rig.connection().flush());
            assertThat(first[0].failure()).isSameAs(cause);
        }
    }

    @Test
    void flush_waits_for_a_layer_that_holds_writes() throws IOException {
        var layer = new HoldingLayer();
        try (var rig = new Rig<>(ints().over(layer))) {
            var flushed = new Future<?>[1];
            rig.collect(rig.connection());
            rig.onLoop(() -> {
                rig.connection().write(0x41424344);
                flushed[0] = rig.connection().flush();
            });
            rig.settle();
            assertThat(flushed[0].isDone()).isFalse();
            assertThat(rig.sent()).isEqualTo("hello;");
            assertThat(rig.link.outbound().pending()).isEqualTo(SIZE);
            rig.arrives("!"); // the layer releases its writes
            assertThat(rig.sent()).isEqualTo("ABCD");
            assertThat(flushed[0].isDone()).isTrue();
            assertThat(rig.link.outbound().pending()).isZero();
        }
    }

    @Test
    void close_waits_for_a_layer_that_holds_writes() throws IOException {
        try (var rig = new Rig<>(ints().over(new HoldingLayer()))) {
            var flushed = new Future<?>[1];
            rig.onLoop(() -> {
                rig.connection().write(0x41424344);
                flushed[0] = rig.connection().flush();
                rig.connection().close();
            });
            rig.settle();
            assertThat(rig.wire.outputShut).isFalse();
            rig.arrives("!");
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;ABCD;bye");
            assertThat(flushed[0].isDone()).isTrue();
            assertThat(flushed[0].failure()).isNull();
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void a_close_that_waits_for_a_layer_ends_at_the_latest_when_the_peer_ends() throws IOException {
        try (var rig = new Rig<>(ints().over(new HoldingLayer()))) {
            var flushed = new Future<?>[1];
            rig.onLoop(() -> {
                rig.connection().onFailure(failure -> rig.failures.add(failure.cause()));
                rig.connection().write(1);
                flushed[0] = rig.connection().flush();
                rig.connection().close();
            });
            rig.settle();
            rig.inputEnds();
            rig.settle();
            assertThat(rig.failures).singleElement().isInstanceOf(ProtocolException.class);
            assertThat(flushed[0].failure()).isInstanceOf(ClosedChannelException.class);
            assertThat(rig.connection().closed().isDone()).isTrue();
        }
    }

    @Test
    void a_flush_that_throws_is_that_connections_failure_and_not_the_loops() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            var received = rig.collect(rig.connection());
            rig.wire.flushFailure = new IllegalStateException("a transport's mistake");
            rig.onLoop(() -> rig.connection().write(Unpooled.copiedBuffer("x", StandardCharsets.US_ASCII)));

            rig.settle();

            assertThat(received).isEmpty();
            assertThat(rig.failures).containsExactly(rig.wire.flushFailure);
            assertThat(rig.loop.isClosed()).isFalse();
            assertThat(rig.link.open()).isFalse();
        }
    }

    @Test
    void an_error_while_the_tick_flushes_ends_that_connection_and_not_the_loop() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            var received = rig.collect(rig.connection());
            rig.wire.flushError = new OutOfMemoryError("on purpose");
            rig.onLoop(() -> rig.connection().write(Unpooled.copiedBuffer("x", StandardCharsets.US_ASCII)));

            rig.settle();

            assertThat(received).isEmpty();
            assertThat(rig.failures).containsExactly(rig.wire.flushError);
            assertThat(rig.loop.isClosed()).isFalse();
            assertThat(rig.link.open()).isFalse();
            rig.wire.flushError = null;
        }
    }

    // ---- 256 KiB at once

    private static ByteBuf large() {
        return Unpooled.directBuffer(300_000).writeZero(300_000);
    }

    /** Passes everything on, and counts the bytes. */
    private static final class Counting implements Session<ByteBuf, ByteBuf> {
        private int encoded;

        @Override
        public ByteBuf decode(ByteBuf in, Context context) {
            return in;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            encoded += message.readableBytes();
            out.pass(message.readRetainedSlice(message.readableBytes()));
        }
    }

    /** What has left, been handed to the wire, and been encoded by the layer, if there is one, as soon as so much was written. */
    private static List<Integer> onceMuchIsWritten(boolean toLayer, boolean toBusyWire) throws IOException {
        var layer = new Counting();
        Pipeline<ByteBuf, ByteBuf> bytes = Pipeline.bytes();
        try (var rig = new Rig<>(toLayer ? bytes.over(context -> layer) : bytes)) {
            rig.collect(rig.connection());
            rig.settle();
            if (toBusyWire) {
                rig.wire.space = 0;
                rig.onLoop(() -> rig.connection().write(Unpooled.copiedBuffer(new byte[] {1})));
                rig.settle();
            }
            var seen = new ArrayList<Integer>();
            int before = rig.wire.taken.size();
            layer.encoded = 0;
            rig.onLoop(() -> {
                rig.connection().write(large());
                seen.add(rig.wire.sent().length);
                seen.add(rig.wire.taken.size() - before);
                seen.add(layer.encoded);
            });
            return seen;
        }
    }

    @Test
    void much_is_handed_to_the_wire_at_once_unless_a_layer_has_to_encode_it_for_a_wire_that_is_busy()
            throws IOException {
        assertThat(onceMuchIsWritten(false, false)).containsExactly(300_000, 1, 0);
        assertThat(onceMuchIsWritten(false, true)).containsExactly(0, 1, 0);
        assertThat(onceMuchIsWritten(true, false).getFirst()).isEqualTo(256 * 1024);
        assertThat(onceMuchIsWritten(true, true)).containsExactly(0, 0, 0);
    }

    @Test
    void what_a_layer_adds_as_the_output_ends_counts_at_once() throws IOException {
        ByteLayer wrapping = context -> new Session<>() {
            @Override
            public ByteBuf decode(ByteBuf in, Context decoding) {
                return in;
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {
                out.buffer(10).writeZero(10);
                out.pass(message.readRetainedSlice(message.readableBytes()));
            }
        };
        Pipeline<ByteBuf, ByteBuf> bytes = Pipeline.bytes();
        try (var rig = new Rig<>(bytes.over(wrapping).over(new HoldingLayer()))) {
            rig.settle();
            assertThat(rig.sent()).isEqualTo("hello;");
            rig.onLoop(() -> {
                rig.connection().write(Unpooled.copiedBuffer(new byte[5]));
                assertThat(rig.link.outbound().pending()).isEqualTo(5);
                rig.connection().close();
                assertThat(rig.link.outbound().pending()).isEqualTo(15);
            });
        }
    }
}
