package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.util.IllegalReferenceCountException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The chunks of a loop: who gives them back, and what is left of those that are gone. */
class BuffersTest {
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
}
