package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.testing.IntFrames;
import rill.testing.TextLines;

/** From the receive buffer to the message: what is copied, what is kept, and for how long. */
class ReceivePathTest {
    private static final int MIB = 1024 * 1024;

    private final Set<ByteBuf> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<ByteBuf> seenInOrder = new ArrayList<>();

    /** Messages of four bytes; records which buffers the decoder was shown. */
    private Pipeline<Integer, Integer> fours() {
        return Pipeline.of(Codec.of(
                (in, context) -> {
                    seen.add(in);
                    seenInOrder.add(in);
                    return in.readableBytes() < 4 ? null : in.readInt();
                },
                (message, out) -> out.writeInt(message)));
    }

    private static byte[] ints(int... values) {
        ByteBuf buffer = Unpooled.buffer();
        for (int value : values) {
            buffer.writeInt(value);
        }
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        return bytes;
    }

    @Test
    void whole_messages_are_decoded_where_they_were_received() throws IOException {
        try (var rig = new Rig<>(fours())) {
            List<Integer> received = rig.collect(rig.connection());
            rig.arrives(ints(1, 2, 3));
            rig.arrives(ints(4));
            assertThat(received).containsExactly(1, 2, 3, 4);
            assertThat(seen).containsExactly(rig.transport.receiveBuffer.get());
        }
    }

    @Test
    void only_an_unfinished_rest_is_kept_and_an_idle_connection_holds_no_buffer() throws IOException {
        try (var rig = new Rig<>(fours())) {
            List<Integer> received = rig.collect(rig.connection());
            Stage stage = rig.link.stack().top();
            rig.arrives(new byte[] {0, 0, 0, 1, 0, 0});
            assertThat(stage.restBytes()).isEqualTo(2);
            assertThat(stage.rest.capacity()).as("space for a rest of 2 bytes").isLessThanOrEqualTo(4096);
            rig.arrives(new byte[] {0, 2});
            assertThat(received).containsExactly(1, 2);
            assertThat(stage.rest).as("buffer of an idle connection").isNull();

            rig.onLoop(() -> rig.connection().write(7));
            rig.settle();
            assertThat(stage.output.bytes()).isZero();
            assertThat(stage.output.holdsBuffer())
                    .as("output chunk of an idle connection")
                    .isFalse();
        }
    }

    @Test
    void a_message_that_could_not_be_encoded_leaves_no_buffer_behind() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.collect(rig.connection());
            rig.onLoop(() -> rig.connection().onFailure(Failure::carryOn).write("two\nlines"));
            assertThat(rig.link.stack().top().output.holdsBuffer()).isFalse();
            assertThat(rig.link.open()).isTrue();
        }
    }

    @Test
    void a_message_in_two_reads_allocates_nothing() throws IOException {
        ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.SIMPLE); // as in production
        try {
            measureMessagesInTwoReads();
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
    }

    private static void measureMessagesInTwoReads() throws IOException {
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        Integer message = 7;
        Pipeline<Integer, Integer> fixed = Pipeline.of(Codec.of(
                (in, context) -> in.readableBytes() < 4 ? null : in.skipBytes(4) == in ? message : null,
                (m, out) -> {}));
        try (var rig = new Rig<>(fixed)) {
            int[] count = {0};
            rig.onLoop(() -> rig.connection().onMessage(m -> count[0]++));
            rig.settle();
            int rounds = 20_000;
            long[] allocated = new long[1];
            rig.onLoop(() -> {
                for (int i = 0; i < 2 * rounds; i++) {
                    if (i == rounds) {
                        allocated[0] = threads.getCurrentThreadAllocatedBytes();
                    }
                    rig.link.received(rig.transport.receiveBuffer.get().setIndex(0, 6));
                    rig.link.received(rig.transport.receiveBuffer.get().setIndex(0, 2));
                }
                allocated[0] = threads.getCurrentThreadAllocatedBytes() - allocated[0];
            });
            assertThat(count[0]).isEqualTo(4 * rounds);
            assertThat(allocated[0] / (double) rounds).isLessThan(1);
        }
    }

    @Test
    void byte_by_byte_and_all_at_once_give_the_same_messages() throws IOException {
        byte[] all = ints(1, -2, 3, Integer.MAX_VALUE, 5);
        for (int step = 1; step <= all.length; step++) {
            try (var rig = new Rig<>(fours())) {
                List<Integer> received = rig.collect(rig.connection());
                for (int at = 0; at < all.length; at += step) {
                    rig.arrives(java.util.Arrays.copyOfRange(all, at, Math.min(all.length, at + step)));
                }
                assertThat(received).as("in steps of %d", step).containsExactly(1, -2, 3, Integer.MAX_VALUE, 5);
                assertThat(rig.link.stack().top().rest).isNull();
            }
        }
    }

    @Test
    void a_declared_gigabyte_of_which_nine_bytes_came_takes_the_smallest_chunk() throws IOException {
        try (var rig = new Rig<>(Pipeline.of(new IntFrames(Integer.MAX_VALUE - 4)))) {
            rig.collect(rig.connection());
            ByteBuf head = Unpooled.buffer().writeInt(1024 * MIB).writeBytes(new byte[9]);
            byte[] bytes = new byte[head.readableBytes()];
            head.readBytes(bytes);
            rig.arrives(bytes);
            assertThat(rig.link.stack().top().rest.capacity()).isEqualTo(Buffers.SMALL);
            assertThat(rig.link.readTarget())
                    .as("nothing more until bytes come")
                    .isNull();
        }
    }

    @Test
    void the_largest_wish_for_more_does_not_overflow() throws IOException {
        Codec<Integer, Integer> insatiable = context -> new Counting(Integer.MAX_VALUE) {
            @Override
            public @Nullable Integer decode(ByteBuf in, Context context) {
                context.needMore(Integer.MAX_VALUE);
                return null;
            }
        };
        try (var rig = new Rig<>(Pipeline.of(insatiable))) {
            rig.collect(rig.connection());
            rig.arrives(ints(1, 2, 3));
            assertThat(rig.failures).isEmpty();
            assertThat(rig.link.stack().top().rest.capacity()).isEqualTo(Buffers.SMALL);
        }
    }

    @Test
    @Tag("slow")
    void a_large_message_is_read_into_place_and_its_space_doubles_only_as_bytes_come() throws IOException {
        int size = 64 * MIB;
        Codec<Integer, Integer> large = context -> new Counting(size);
        try (var rig = new Rig<>(Pipeline.of(large))) {
            List<Integer> received = rig.collect(rig.connection());
            Stage stage = rig.link.stack().top();
            byte[] part = new byte[48 * 1024];
            rig.arrives(part);
            long arrived = part.length;
            var places = Collections.newSetFromMap(new IdentityHashMap<ByteBuf, Boolean>());
            while (arrived < size) {
                ByteBuf place = stage.rest;
                places.add(place);
                assertThat((long) place.capacity())
                        .as("space after %d bytes", arrived)
                        .isLessThanOrEqualTo(Math.max(Buffers.SIZE, 2 * arrived));
                int next = (int) Math.min(part.length, size - arrived);
                rig.arrives(next == part.length ? part : new byte[next]);
                arrived += next;
            }
            assertThat(received).containsExactly(size);
            assertThat(places)
                    .as("moves, each to twice the space: 64 KiB … 64 MiB")
                    .hasSizeLessThanOrEqualTo(12);
            assertThat(stage.rest).isNull();
        }
    }

    @Test
    void retained_frames_stay_intact_while_more_is_read() throws IOException {
        long seed = 42;
        var random = new Random(seed);
        var sent = new ArrayList<byte[]>();
        ByteBuf stream = Unpooled.buffer();
        for (int i = 0; i < 40; i++) {
            byte[] frame = new byte[8 * 1024 + random.nextInt(9_000)];
            random.nextBytes(frame);
            sent.add(frame);
            stream.writeInt(frame.length).writeBytes(frame);
        }
        try (var rig = new Rig<>(Pipeline.of(new IntFrames(MIB)))) {
            List<ByteBuf> received = rig.collect(rig.connection());
            while (stream.isReadable()) {
                byte[] part = new byte[Math.min(stream.readableBytes(), 1 + random.nextInt(30_000))];
                stream.readBytes(part);
                rig.arrives(part);
            }
            assertThat(received).as("seed %d", seed).hasSize(sent.size());
            for (int i = 0; i < sent.size(); i++) {
                byte[] content = new byte[received.get(i).readableBytes()];
                received.get(i).readBytes(content);
                assertThat(content).as("frame %d, seed %d", i, seed).isEqualTo(sent.get(i));
                int frame = i;
                rig.onLoop(() -> received.get(frame).release());
            }
        }
    }

    @Test
    void the_loop_takes_another_receive_buffer_when_a_receiver_has_retained_it() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            List<ByteBuf> received = rig.collect(rig.connection());
            ByteBuf before = rig.transport.receiveBuffer.get();
            rig.arrives(new byte[20_000]);
            assertThat(before.refCnt()).isEqualTo(2);
            ByteBuf after = rig.transport.receiveBuffer.get();
            assertThat(after).isNotSameAs(before);
            rig.onLoop(() -> received.getFirst().release());
            assertThat(before.refCnt()).isZero();
            rig.arrives(new byte[100]);
            assertThat(rig.transport.receiveBuffer.get())
                    .as("small ones are copied")
                    .isSameAs(after);
            received.getLast().release();
        }
    }

    @Test
    void a_message_never_received_is_released_by_the_framework() throws IOException {
        ByteBuf held = Unpooled.directBuffer();
        Codec<ByteBuf, ByteBuf> handing =
                Codec.of((in, context) -> in.readByte() == 0 ? held.retain() : null, (m, out) -> {});
        try (var rig = new Rig<>(Pipeline.of(handing))) {
            rig.onLoop(() -> {
                Future<?> cancelled = rig.connection().receive();
                cancelled.cancel();
            });
            rig.arrives(new byte[1]);
        }
        assertThat(held.refCnt()).isEqualTo(1);
        held.release();
    }

    /** Decodes one message of a fixed size; the message is its size. */
    private static class Counting implements Session<Integer, Integer> {
        private final int size;

        Counting(int size) {
            this.size = size;
        }

        @Override
        public @Nullable Integer decode(ByteBuf in, Context context) {
            if (in.readableBytes() < size) {
                context.needMore(size - in.readableBytes());
            } else {
                in.skipBytes(size);
                return size;
            }
            return null;
        }

        @Override
        public void encode(Integer message, Outgoing out) {}
    }
}
