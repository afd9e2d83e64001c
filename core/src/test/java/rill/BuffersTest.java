package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.util.IllegalReferenceCountException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import rill.spi.Memory;
import rill.testing.Loops;
import rill.testing.ScarceMemory;

/** The chunks of a loop: who gives them back, and what remains of those that are gone. */
class BuffersTest {
    private static final int MIB = 1024 * 1024;

    private static void onAnotherThread(Runnable action) throws InterruptedException {
        Thread thread = Thread.ofPlatform().start(action);
        thread.join();
    }

    @Test
    void a_chunk_that_another_thread_released_is_used_again_as_good_as_new() throws Exception {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            var seen = new ArrayList<ByteBuf>();
            rig.onLoop(() -> seen.add(rig.loop.chunk(Buffers.SIZE).writeByte(7).markReaderIndex()));
            onAnotherThread(() -> assertThat(seen.getFirst().release()).isTrue());
            assertThat(seen.getFirst().refCnt()).isZero();
            rig.onLoop(() -> seen.add(rig.loop.chunk(Buffers.SIZE)));
            ByteBuf again = seen.getLast();
            assertThat(again).isSameAs(seen.getFirst());
            assertThat(again.refCnt()).isEqualTo(1);
            assertThat(again.isReadable()).isFalse();
            assertThat(again.capacity()).isEqualTo(Buffers.SIZE);
            rig.onLoop(() -> assertThat(again.release()).isTrue());
        }
    }

    @Test
    void of_many_that_other_threads_release_only_so_many_are_kept() throws Exception {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            int count = 200;
            List<ByteBuf> all = new ArrayList<>();
            rig.onLoop(() -> {
                for (int i = 0; i < count; i++) {
                    all.add(rig.loop.chunk(1));
                }
            });
            onAnotherThread(() -> all.forEach(ByteBuf::release));
            List<ByteBuf> next = new ArrayList<>();
            rig.onLoop(() -> {
                for (int i = 0; i < count; i++) {
                    next.add(rig.loop.chunk(1));
                }
            });
            Set<ByteBuf> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
            distinct.addAll(next);
            assertThat(distinct.size()).isEqualTo(count);
            assertThat(next).allMatch(each -> each.refCnt() == 1);
            assertThat(next.stream().filter(each -> all.stream().anyMatch(one -> one == each)))
                    .as("used again")
                    .hasSize(64);
            rig.onLoop(() -> next.forEach(ByteBuf::release));
        }
    }

    @Test
    void a_chunk_may_outlive_its_loop() throws Exception {
        var kept = new ArrayList<ByteBuf>();
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.onLoop(() -> kept.add(rig.loop.chunk(1).writeInt(7)));
        }
        assertThat(kept.getFirst().getInt(0)).isEqualTo(7);
        onAnotherThread(() -> assertThat(kept.getFirst().release()).isTrue());
        assertThatThrownBy(() -> kept.getFirst().getInt(0)).isInstanceOf(IllegalReferenceCountException.class);
    }

    @Test
    void a_chunk_has_the_next_power_of_two_of_memory_and_grows_to_the_next() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.onLoop(() -> {
                Buffers buffers = rig.loop.buffers();
                long before = buffers.held();
                int[][] sizes = {{0, 4_096}, {4_096, 4_096}, {4_097, 8_192}, {65_536, 65_536}, {300_000, 524_288}};
                for (int[] each : sizes) {
                    ByteBuf chunk = rig.loop.chunk(each[0]);
                    assertThat(chunk.capacity()).isEqualTo(each[1]);
                    assertThat(buffers.held() - before).isEqualTo(each[1]);
                    chunk.writeZero(each[1]).writeByte(7);
                    assertThat(buffers.held() - before).isEqualTo(2L * each[1]);
                    assertThat(chunk.getByte(each[1])).isEqualTo((byte) 7);
                    chunk.release();
                    assertThat(buffers.held()).isEqualTo(before);
                }
            });
        }
    }

    @Test
    void a_chunk_whose_capacity_was_changed_has_all_of_its_memory_the_next_time() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.onLoop(() -> {
                rig.loop.chunk(1).capacity(100).release();
                ByteBuf again = rig.loop.chunk(1);
                assertThat(again.capacity()).isEqualTo(Buffers.SMALL);
                again.release();
                rig.loop.chunk(1).capacity(5_000).release();
                ByteBuf larger = rig.loop.chunk(8_000);
                assertThat(larger.capacity()).isEqualTo(8_192);
                larger.release();
            });
        }
    }

    @Test
    void an_owned_buffer_is_empty_and_grows_and_is_a_chunk_unless_few_bytes_find_none_ready() throws IOException {
        for (int size : new int[] {0, 64, 4_096, 4_097, 70_000}) {
            try (var rig = new Rig<>(Pipeline.bytes())) {
                rig.onLoop(() -> {
                    Buffers buffers = rig.loop.buffers();
                    ByteBuf first = buffers.own(size);
                    assertThat(first instanceof HeapBuffer).isEqualTo(size <= Buffers.SMALL);
                    rig.loop.chunk(1).release();
                    ByteBuf second = buffers.own(size);
                    assertThat(second).isInstanceOf(Chunk.class);
                    for (ByteBuf each : List.of(first, second)) {
                        assertThat(each.isReadable()).isFalse();
                        assertThat(each.writableBytes()).isGreaterThanOrEqualTo(size);
                        each.writeZero(size).writeLong(7);
                        assertThat(each.getLong(size)).isEqualTo(7);
                        assertThat(each.release()).isTrue();
                    }
                    assertThat(buffers.held()).isZero();
                });
            }
        }
    }

    @Test
    void at_the_loops_own_bound_a_buffer_is_refused_and_the_reason_says_what_raises_it() throws IOException {
        try (Loops loops = Loops.manual()) {
            Loop loop = loops.open(options -> options.name("small").bufferMemory(MIB));
            var taken = new ArrayList<ByteBuf>();
            onLoop(loop, () -> {
                for (int i = 0; i < 16; i++) {
                    taken.add(loop.chunk(Buffers.SIZE));
                }
                assertThatThrownBy(() -> loop.chunk(Buffers.SIZE))
                        .isInstanceOf(NoMemory.class)
                        .hasMessage(
                                "small: no memory for a buffer of 65536 bytes: the buffers of this loop have 1048576"
                                        + " bytes, the limit is 1048576; LoopOptions.bufferMemory raises it")
                        .hasCauseInstanceOf(IOException.class);
                taken.removeLast().release();
                taken.add(loop.chunk(Buffers.SIZE));
                taken.forEach(ByteBuf::release);
                assertThat(loop.buffers().held()).isZero();
            });
        }
    }

    @Test
    void what_is_kept_for_the_next_use_does_not_count_once_memory_is_short() throws IOException {
        try (Loops loops = Loops.manual()) {
            Loop loop = loops.open(options -> options.bufferMemory(MIB));
            onLoop(loop, () -> {
                var small = new ArrayList<ByteBuf>();
                for (int i = 0; i < 256; i++) {
                    small.add(loop.chunk(1));
                }
                small.forEach(ByteBuf::release);
                ByteBuf all = loop.chunk(MIB);
                assertThat(all.capacity()).isEqualTo(MIB);
                all.release();
            });
        }
    }

    @Test
    void what_other_threads_have_released_does_not_count_once_memory_is_short() throws Exception {
        try (Loops loops = Loops.manual()) {
            Loop loop = loops.open(options -> options.bufferMemory(MIB));
            var small = new ArrayList<ByteBuf>();
            var large = new ArrayList<ByteBuf>();
            onLoop(loop, () -> {
                for (int i = 0; i < 60; i++) { // fewer than are kept
                    small.add(loop.chunk(1));
                }
                large.add(loop.chunk(MIB / 4));
                large.add(loop.chunk(Buffers.SIZE));
            });
            onAnotherThread(() -> small.forEach(ByteBuf::release));
            onLoop(loop, () -> {
                large.getLast().capacity(MIB / 2); // growing takes memory without looking for a kept chunk
                large.forEach(ByteBuf::release);
            });
        }
    }

    @Test
    void a_bound_too_small_for_a_few_buffers_is_a_mistake() {
        assertThatThrownBy(() -> LoopOptions.defaults().bufferMemory(1_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 262144");
    }

    @Test
    void what_only_a_burst_has_needed_is_not_kept() throws IOException {
        var memory = new ScarceMemory();
        try (Loops loops = Loops.manual()) {
            loops.transport().memory(bytes -> new Memory.Piece() {
                private final Memory.Piece real = memory.allocate(bytes);

                @Override
                public ByteBuffer bytes() {
                    return real.bytes();
                }

                @Override
                public void release() {
                    real.release();
                }

                @Override
                public boolean lasting() {
                    return false;
                }
            });
            Loop loop = loops.open();
            onLoop(loop, () -> {
                ByteBuf chunk = loop.chunk(1);
                assertThat(memory.bytesOut()).isEqualTo(Buffers.SMALL);
                chunk.release();
                assertThat(memory.bytesOut()).isZero();
            });
        }
    }

    @Test
    void a_closed_loop_has_given_everything_back() throws Exception {
        var memory = new ScarceMemory();
        try (Loops loops = Loops.manual()) {
            loops.transport().memory(memory);
            Loop loop = loops.open();
            var outlives = new ArrayList<ByteBuf>();
            onLoop(loop, () -> {
                loop.buffers().receiveBuffer();
                for (int size = 1; size <= MIB; size *= 2) {
                    loop.chunk(size).release();
                }
                outlives.add(loop.chunk(1));
            });
            loop.close(Duration.ZERO);
            assertThat(memory.bytesOut()).isEqualTo(Buffers.SMALL);
            onAnotherThread(() -> outlives.getFirst().release());
            assertThat(memory.bytesOut()).isZero();
        }
    }

    private static void onLoop(Loop loop, Runnable action) {
        new OnLoop(loop, null).enter();
        try {
            action.run();
        } finally {
            OnLoop.exit();
        }
    }

    @Test
    void nothing_is_copied_out_of_a_slice_of_a_chunk_that_is_gone() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.onLoop(() -> {
                ByteBuf gone = rig.loop.chunk(1).writeInt(7);
                ByteBuf slice = gone.slice();
                ByteBuf target = rig.loop.chunk(1);
                assertThat(gone.release()).isTrue();
                assertThatThrownBy(() -> target.setBytes(0, slice, 0, 4))
                        .isInstanceOf(IllegalReferenceCountException.class);
                assertThat(target.release()).isTrue();
            });
        }
    }

    /** Memory whose pieces can't be given back. */
    private static final class Sticky implements Memory {
        private int asked;
        private int released;

        @Override
        public Piece allocate(int bytes) {
            asked++;
            ByteBuffer memory = ByteBuffer.allocateDirect(bytes);
            return new Piece() {
                @Override
                public ByteBuffer bytes() {
                    return memory;
                }

                @Override
                public void release() {
                    released++;
                    throw new IllegalStateException("on purpose");
                }
            };
        }
    }

    @Test
    void a_piece_of_memory_that_can_not_be_given_back_keeps_no_other_from_it_and_the_loop_ends() {
        try (var loops = Loops.manual()) {
            var memory = new Sticky();
            loops.transport().memory(memory);
            Loop loop = loops.open();
            onLoop(loop, () -> {
                for (int size = 1; size <= MIB; size *= 4) {
                    loop.chunk(size).release();
                }
            });

            loop.closing().start(Duration.ZERO);
            loops.tickUntil(loop::isClosed);

            assertThat(loop.ended()).isTrue();
            assertThat(memory.released).isPositive().isEqualTo(memory.asked);
            assertThat(loops.reporter().take(Report.Thrown.class)).hasSize(memory.asked);
        }
    }

    // ---- what is kept

    @Test
    void what_is_kept_is_counted_by_its_size() throws IOException {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.settle();
            rig.onLoop(() -> {
                Buffers buffers = rig.loop.buffers();
                long before = buffers.kept();
                var chunks = List.of(buffers.chunk(1), buffers.chunk(1), buffers.chunk(1), buffers.chunk(Buffers.SIZE));
                chunks.forEach(ByteBuf::release);
                assertThat(buffers.kept() - before).isEqualTo(3 * Buffers.SMALL + Buffers.SIZE);
            });
        }
    }

    @Test
    void of_large_ones_that_other_threads_release_those_beyond_the_bound_are_given_back() throws Exception {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.settle();
            var all = new ArrayList<ByteBuf>();
            long before = rig.memory.bytesOut();
            int count = 12;
            rig.onLoop(() -> {
                for (int i = 0; i < count; i++) {
                    all.add(rig.loop.chunk(Buffers.SIZE));
                }
            });
            onAnotherThread(() -> all.forEach(ByteBuf::release));
            rig.onLoop(() -> {
                ByteBuf next = rig.loop.chunk(Buffers.SIZE); // fetches them all
                next.release();
                assertThat(rig.loop.buffers().kept()).isEqualTo(8L * Buffers.SIZE);
            });
            assertThat(rig.memory.bytesOut()).isEqualTo(before + 8L * Buffers.SIZE);
            assertThat(rig.loop.buffers().taken()).isEqualTo(rig.memory.bytesOut());
        }
    }

    @Test
    void what_other_threads_have_released_and_nobody_fetched_is_given_back_with_the_loop() throws Exception {
        var rig = new Rig<>(Pipeline.bytes());
        try (rig) {
            rig.settle();
            var all = new ArrayList<ByteBuf>();
            rig.onLoop(() -> {
                for (int i = 0; i < 3; i++) {
                    all.add(rig.loop.chunk(1));
                }
            });
            onAnotherThread(() -> all.forEach(ByteBuf::release));
        }
        assertThat(rig.memory.bytesOut()).isZero();
    }
}
