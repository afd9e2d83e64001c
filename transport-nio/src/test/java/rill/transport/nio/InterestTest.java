package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;

/** The readiness that a Wire asks for, and when: each change is a system call on some transports. */
@ExtendWith(Leaks.class)
class InterestTest {
    /** A kernel that records what was asked for, and delivers what a test wants. */
    private static final class Kernel extends ScriptedWire {
        final List<String> asked = new ArrayList<>();
        int reads;
        int readResult;
        boolean full;
        boolean refuses;

        Kernel(Supplier<ByteBuf> receiveBuffer, Events events) {
            super(receiveBuffer, events);
        }

        @Override
        protected void interest(boolean read, boolean write) throws IOException {
            if (refuses) {
                throw new IOException("no memory");
            }
            asked.add((read ? "read" : "") + (write ? "write" : ""));
        }

        @Override
        protected int read(ByteBuf target) {
            reads++;
            return readResult;
        }

        @Override
        protected long write(ByteBuf[] buffers, int from, int count) {
            return full ? 0 : buffers[from].readableBytes();
        }
    }

    private final Events events = new Events();
    private final ByteBuf receive = Unpooled.directBuffer(64, 64);
    private final Kernel wire = new Kernel(receive::clear, events);

    @BeforeEach
    void connect() throws IOException {
        wire.open();
        assertThat(wire.asked).containsExactly("read");
        wire.asked.clear();
    }

    @AfterEach
    void close() throws IOException {
        wire.close();
        wire.select();
        receive.release();
    }

    @Test
    void a_pause_that_is_over_before_anything_came_asks_for_nothing_new() {
        wire.pauseReads();
        assertThat(wire.asked).isEmpty();
        wire.resumeReads();
        wire.ready(true, false);
        assertThat(wire.reads).isEqualTo(1);
        assertThat(wire.asked).allMatch("read"::equals); // unchanged, which costs nothing
    }

    @Test
    void what_comes_while_paused_is_not_read_and_withdraws_the_interest() {
        wire.pauseReads();
        wire.ready(true, false);
        assertThat(wire.reads).isZero();
        assertThat(wire.asked).containsExactly("");
        wire.resumeReads();
        assertThat(wire.asked).containsExactly("", "read");
    }

    @Test
    void an_error_or_hang_up_while_paused_is_not_told_and_does_not_spin() throws IOException {
        wire.pauseReads();
        wire.ready(true, true);
        wire.select();
        assertThat(wire.asked).containsExactly("");
        assertThat(events.log).containsExactly("connected");
    }

    @Test
    void a_hang_up_after_the_end_of_input_does_not_spin() {
        wire.readResult = -1;
        wire.ready(true, false);
        assertThat(events.log).containsExactly("connected", "inputEnded");
        wire.ready(true, true);
        assertThat(wire.asked).containsExactly("");
        assertThat(wire.reads).isEqualTo(1);
    }

    @Test
    void a_full_kernel_is_waited_for_and_one_event_too_many_ends_that() {
        wire.full = true;
        wire.write(Unpooled.copiedBuffer("bytes", StandardCharsets.UTF_8));
        wire.flush();
        assertThat(wire.asked).containsExactly("readwrite");
        wire.full = false;
        wire.ready(false, true);
        assertThat(events.written).isEqualTo(5);
        assertThat(wire.asked).containsExactly("readwrite");
        wire.ready(false, true);
        assertThat(wire.asked).containsExactly("readwrite", "read");
    }

    @Test
    void a_kernel_that_refuses_to_watch_is_this_connections_failure() throws IOException {
        wire.refuses = true;
        wire.pauseReads();
        wire.resumeReads();
        assertThat(events.closed).as("told inline").isFalse();
        wire.select();
        assertThat(events.cause).isInstanceOf(IOException.class).hasMessageContaining("no memory");
    }

    @Test
    void readiness_to_read_where_there_is_nothing_is_no_event() {
        wire.ready(true, false);
        assertThat(wire.reads).isEqualTo(1);
        assertThat(events.log).containsExactly("connected");
    }
}
