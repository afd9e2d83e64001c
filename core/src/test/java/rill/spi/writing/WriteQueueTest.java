package rill.spi.writing;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Buffers that wait for the system. */
class WriteQueueTest {
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
}
