package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.spi.Wire;
import rill.testkit.Leaks;

/** Tests how a Wire starts: what the system may refuse, and how a selector waits while a peer's queue is full. */
@ExtendWith(Leaks.class)
class StartTest {
    private final Events events = new Events();

    /** A kernel that refuses the start of a connection in different ways. */
    private final class Kernel extends ScriptedWire {
        boolean full;
        int asked;
        boolean reset;
        boolean underWay;
        boolean watchesNoMore;

        Kernel() {
            super(() -> Unpooled.EMPTY_BUFFER, events);
        }

        @Override
        protected Progress connect(SocketAddress remote) {
            asked++;
            return full ? Progress.NO_ROOM : underWay ? Progress.UNDER_WAY : Progress.DONE;
        }

        @Override
        protected void interest(boolean read, boolean write) throws IOException {
            if (watchesNoMore) {
                throw new IOException("No space left on device");
            }
        }

        @Override
        protected void learnOwnAddress() throws IOException {
            if (reset) {
                throw new IOException("Transport endpoint is not connected");
            }
        }

        @Override
        protected long unacknowledgedBytes() {
            return 7;
        }
    }

    private final Kernel wire = new Kernel();

    @AfterEach
    void close() throws IOException {
        wire.close();
        wire.select();
    }

    @Test
    void without_a_descriptor_the_listener_is_told_at_the_next_select() throws IOException {
        var another = new Events();
        wire.open();
        wire.noDescriptor = true;
        wire.connectAnother(another);
        assertThat(another.log).isEmpty();
        wire.select();
        assertThat(another.log).containsExactly("closed");
        assertThat(another.cause).isInstanceOf(IOException.class).hasMessageContaining("Too many open files");
        assertThat(events.log).containsExactly("connected");
    }

    @Test
    void what_is_unacknowledged_is_known_only_while_it_is_open() throws IOException {
        assertThat(wire.unacknowledged()).isEqualTo(Wire.UNKNOWN);
        wire.open();
        assertThat(wire.unacknowledged()).isEqualTo(7);
        wire.close();
        assertThat(wire.unacknowledged()).isEqualTo(Wire.UNKNOWN);
    }

    @Test
    void while_one_waits_for_room_a_select_waits_briefly_and_never_when_it_may_not() throws IOException {
        wire.full = true;
        wire.open();
        long briefly = TimeUnit.MILLISECONDS.toNanos(5);
        wire.polls.clear();
        wire.select(0);
        wire.select(1);
        wire.select(TimeUnit.SECONDS.toNanos(1));
        wire.select(-1);
        assertThat(wire.polls).containsExactly(0L, 1L, briefly, briefly);
        assertThat(events.log).isEmpty();

        wire.full = false;
        wire.select(0);
        wire.select(0);
        assertThat(events.log).containsExactly("connected");
        wire.polls.clear();
        wire.select(-1);
        assertThat(wire.polls).containsExactly(-1L);
    }

    @Test
    void of_many_that_wait_for_room_a_few_are_tried_in_a_select_so_that_others_need_not_wait() throws IOException {
        wire.full = true;
        for (int i = 0; i < 200; i++) {
            wire.connectAnother(events);
        }
        for (int i = 0; i < 20; i++) {
            wire.asked = 0;
            wire.select(0);
            assertThat(wire.asked).as("tried in select %s", i).isBetween(1, 16);
        }
    }

    @Test
    void one_that_is_reset_before_it_knows_its_own_address_is_closed_with_that() throws IOException {
        wire.reset = true;
        wire.open();
        wire.select();
        assertThat(events.log).containsExactly("closed");
        assertThat(events.cause).hasMessageContaining("not connected");
    }

    @Test
    void one_that_is_under_way_and_that_the_system_does_not_watch_is_closed_with_that() throws IOException {
        wire.underWay = true;
        wire.watchesNoMore = true;
        wire.open();
        wire.select();
        assertThat(events.log).containsExactly("closed");
        assertThat(events.cause).hasMessageContaining("connect to").hasMessageContaining("No space left");
    }

    @Test
    void one_that_is_under_way_is_connected_once_the_system_says_so() throws IOException {
        wire.underWay = true;
        wire.open();
        wire.ready(true, false);
        assertThat(events.log).isEmpty();
        wire.ready(false, true);
        assertThat(events.log).containsExactly("connected");
    }
}
