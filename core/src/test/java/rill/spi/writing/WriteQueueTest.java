package rill.spi.writing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Buffers that wait for the system. */
class WriteQueueTest {
    private static final int MANY = 100;

    @Test
    void one_that_its_owner_has_released_as_well_keeps_none_of_the_others() {
        List<ByteBuf> all = List.of(Unpooled.copyInt(1), Unpooled.copyInt(2), Unpooled.copyInt(3));
        var queue = new WriteQueue();
        all.forEach(queue::add);
        all.get(1).release();

        queue.release();

        assertThat(queue.isEmpty()).isTrue();
        assertThat(all).allMatch(each -> each.refCnt() == 0);
    }

    private static ByteBuf bytes(int count) {
        return Unpooled.buffer(count).writeZero(count);
    }

    @Test
    void what_has_left_is_released_and_the_rest_of_one_begins_where_it_ended() {
        List<ByteBuf> all = List.of(bytes(1), bytes(2), bytes(3), bytes(4));
        var queue = new WriteQueue();
        all.forEach(queue::add);

        assertThat(queue.sent(3)).isEqualTo(2);
        assertThat(queue.size()).isEqualTo(2);
        assertThat(queue.get(0)).isSameAs(all.get(2));
        assertThat(queue.sent(2)).isZero();
        assertThat(queue.get(0).readableBytes()).isEqualTo(1);
        assertThat(all.stream().map(ByteBuf::refCnt)).containsExactly(0, 0, 1, 1);

        assertThat(queue.sent(5)).isEqualTo(2);
        assertThat(queue.isEmpty()).isTrue();
        assertThat(all).allMatch(each -> each.refCnt() == 0);
    }

    @Test
    void nothing_moves_while_there_is_room() {
        var queue = new WriteQueue();
        queue.add(bytes(1));
        var array = queue.array();
        queue.add(bytes(1));
        queue.sent(1);
        for (int i = 2; i < array.length; i++) {
            queue.add(bytes(1));
            assertThat(queue.array()).isSameAs(array);
            assertThat(queue.first()).isEqualTo(1);
        }

        queue.add(bytes(7));

        assertThat(queue.size()).isEqualTo(array.length);
        assertThat(queue.get(array.length - 1).readableBytes()).isEqualTo(7);
        queue.release();
    }

    private static WriteQueue large() {
        var queue = new WriteQueue();
        for (int i = 0; i < MANY; i++) {
            queue.add(Unpooled.EMPTY_BUFFER);
        }
        return queue;
    }

    /** Who closes for lack of memory must not need some. */
    @Test
    void to_release_takes_no_memory() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 10; i++) {
            WriteQueue released = large();
            WriteQueue sent = large();
            long before = threads.getCurrentThreadAllocatedBytes();
            released.release();
            sent.sent(0);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            assertThat(released.isEmpty() && sent.isEmpty()).isTrue();
        }
        assertThat(least).isZero();
    }

    /** On a ring, a Wire has one until the kernel has answered. */
    @Test
    void as_many_are_kept_as_five_hundred_busy_wires_need() {
        var spare = new SpareQueues();
        var queues = Stream.generate(spare::take).limit(500).toList();
        queues.forEach(spare::giveBack);
        assertThat(Stream.generate(spare::take).limit(500)).containsExactlyInAnyOrderElementsOf(queues);
    }

    @Test
    void one_that_has_grown_large_is_not_kept() {
        var spare = new SpareQueues();
        WriteQueue small = spare.take();
        WriteQueue large = large();
        large.release();

        spare.giveBack(small);
        spare.giveBack(large);

        assertThat(spare.take()).isSameAs(small);
        assertThat(spare.take()).isNotSameAs(large);
    }
}
