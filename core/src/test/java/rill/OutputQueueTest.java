package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Bytes between two layers: in which pieces they are taken, and what is left when a writer fails. */
class OutputQueueTest {
    private static final int LARGE = 100_000; // is passed, not copied

    private static void withQueue(Consumer<OutputQueue> test) throws Exception {
        try (var rig = new Rig<>(Pipeline.bytes())) {
            rig.settle();
            long before = rig.loop.buffers().held();
            rig.onLoop(() -> {
                var queue = new OutputQueue(rig.loop.buffers());
                test.accept(queue);
                queue.release();
                assertThat(queue.holdsBuffer()).isFalse();
                assertThat(rig.loop.buffers().held()).isEqualTo(before);
            });
        }
    }

    private static ByteBuf large() {
        return Unpooled.buffer(LARGE).writeZero(LARGE);
    }

    private static void take(ByteBuf polled, int bytes) {
        assertThat(polled).isNotNull();
        assertThat(polled.readableBytes()).isEqualTo(bytes);
        polled.release();
    }

    @Test
    void a_buffer_is_taken_as_it_is_if_it_has_no_more_than_is_wanted() throws Exception {
        for (int most : new int[] {LARGE, LARGE + 1}) {
            withQueue(queue -> {
                ByteBuf payload = large();
                queue.pass(payload);
                ByteBuf taken = queue.poll(most);
                assertThat(taken).isSameAs(payload);
                assertThat(queue.bytes()).isZero();
                assertThat(queue.poll(most)).isNull();
                take(taken, LARGE);
            });
        }
    }

    @Test
    void of_a_larger_one_a_part_is_taken_and_the_rest_stays() throws Exception {
        withQueue(queue -> {
            queue.pass(large());
            queue.buffer(7).writeZero(7);
            take(queue.poll(LARGE - 1), LARGE - 1);
            assertThat(queue.bytes()).isEqualTo(8);
            take(queue.poll(LARGE), 1);
            take(queue.poll(LARGE), 7);
            assertThat(queue.poll(LARGE)).isNull();
        });
    }

    @Test
    void of_what_is_still_being_appended_to_a_part_is_taken_as_well() throws Exception {
        withQueue(queue -> {
            queue.buffer(100).writeZero(100);
            take(queue.poll(60), 60);
            assertThat(queue.bytes()).isEqualTo(40);
            queue.buffer(5).writeZero(5);
            take(queue.poll(60), 40);
            take(queue.poll(60), 5);
            assertThat(queue.poll(60)).isNull();
        });
    }

    @Test
    void only_what_nothing_is_appended_to_is_full() throws Exception {
        withQueue(queue -> {
            queue.buffer(3).writeZero(3);
            assertThat(queue.pollFull()).isNull();
            queue.pass(large());
            take(queue.pollFull(), 3);
            take(queue.pollFull(), LARGE);
            assertThat(queue.pollFull()).isNull();
            assertThat(queue.holdsBuffer()).as("a chunk with nothing in it").isFalse();
        });
    }

    @Test
    void after_a_failure_exactly_what_was_there_before_is_left() throws Exception {
        for (int before : new int[] {0, 1, 10}) {
            for (boolean payload : new boolean[] {false, true}) {
                withQueue(queue -> {
                    queue.buffer(Math.max(1, before)).writeZero(before);
                    queue.buffer(20).writeZero(20);
                    if (payload) {
                        queue.pass(large());
                        queue.buffer(30).writeZero(30);
                    }
                    queue.rollBackTo(before);
                    assertThat(queue.bytes()).isEqualTo(before);
                    if (before > 0) {
                        take(queue.poll(), before);
                    }
                    assertThat(queue.poll()).isNull();
                });
            }
        }
    }

    @Test
    void a_chunk_is_used_as_long_as_there_is_room_and_the_next_is_as_large_as_all_before() throws Exception {
        withQueue(queue -> {
            ByteBuf first = queue.buffer(1);
            first.writeZero(first.capacity() - 1);
            assertThat(queue.buffer(1)).isSameAs(first);
            ByteBuf second = queue.buffer(2);
            assertThat(second).isNotSameAs(first);
            second.writeZero(second.writableBytes());
            ByteBuf third = queue.buffer(1);
            assertThat(third.capacity()).isGreaterThanOrEqualTo(2 * Buffers.SMALL);
        });
    }
}
