package rill.http.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.Context;
import rill.Outgoing;
import rill.Session;
import rill.testkit.BareContext;

/** Tests what a message allocates: itself, and nothing else. Counted, not timed. */
@Tag("slow")
final class WebSocketCostTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** A context with what a loop shares. */
    private static final class Shared extends BareContext {
        private final Map<Class<?>, Object> all = new HashMap<>();
        private final RandomGenerator random = new Random(1);
        private final ByteBuf chunk = direct(32 * 1024);

        @Override
        public RandomGenerator random() {
            return random;
        }

        /** Returns a buffer as a pool would: one that already exists. */
        @Override
        public ByteBuf own(int atLeast) {
            return chunk.retain().clear();
        }

        @Override
        public <T> T shared(Class<T> type, Supplier<? extends T> maker) {
            return type.cast(all.computeIfAbsent(type, unused -> maker.get()));
        }
    }

    private record OneBuffer(ByteBuf buffer) implements Outgoing {
        @Override
        public ByteBuf buffer(int atLeast) {
            return buffer;
        }

        @Override
        public void pass(ByteBuf payload) {
            payload.release();
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static ByteBuf direct(int size) {
        return new UnpooledDirectByteBuf(UnpooledByteBufAllocator.DEFAULT, size, Integer.MAX_VALUE);
    }

    private static double allocatedPerRun(Work work) throws IOException {
        for (int i = 0; i < 20_000; i++) {
            work.run();
        }
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 10_000; i++) {
            work.run();
        }
        long all = THREADS.getCurrentThreadAllocatedBytes() - before;
        return Math.floor(all / 10_000.0); // a few bytes are allocated once, by the JVM itself
    }

    private static Session<WebSocketMessage, WebSocketMessage> session(boolean client, Context context) {
        return new WebSocketCodec(client, false, WebSocketOptions.defaults()).open(context);
    }

    private static Work decoding(boolean client, String frame) {
        var context = new Shared();
        Session<WebSocketMessage, WebSocketMessage> session = session(client, context);
        ByteBuf in = direct(frame.length()).writeBytes(Frames.bytes(frame));
        return () -> {
            in.readerIndex(0);
            WebSocketMessage message = session.decode(in, context);
            if (message == null || in.isReadable()) {
                throw new AssertionError("not decoded");
            }
            if (message instanceof WebSocketMessage.Binary binary) {
                binary.release();
            }
        };
    }

    private static Work encoding(boolean client, WebSocketMessage message) {
        Session<WebSocketMessage, WebSocketMessage> session = session(client, new Shared());
        var out = new OneBuffer(Unpooled.buffer(32 * 1024)); // Netty's direct buffers allocate by themselves
        return () -> {
            out.buffer.clear();
            session.encode(message, out);
        };
    }

    @Test
    void what_comes_allocates_the_message_alone() throws IOException {
        int record = 16;
        int string = 24;
        int array = 16;
        int binary = 16;
        assertThat(allocatedPerRun(decoding(false, Frames.client(0x81, "x".repeat(64)))))
                .isLessThanOrEqualTo(record + string + array + 64);
        assertThat(allocatedPerRun(decoding(true, Frames.server(0x81, "x".repeat(64)))))
                .isLessThanOrEqualTo(record + string + array + 64);
        for (int size : new int[] {64, 16_384, 20_000}) {
            assertThat(allocatedPerRun(decoding(false, Frames.client(0x82, "x".repeat(size)))))
                    .isLessThanOrEqualTo(binary);
        }
    }

    @Test
    void a_message_in_many_frames_is_not_copied_at_each_of_them() throws IOException {
        int size = 1000 * 1000;
        String frames = Frames.client(0x02, "x".repeat(1000))
                + Frames.client(0, "x".repeat(1000)).repeat(998)
                + Frames.client(0x80, "x".repeat(1000));
        var context = new BareContext();
        Session<WebSocketMessage, WebSocketMessage> session = session(false, context);
        ByteBuf in = direct(frames.length()).writeBytes(Frames.bytes(frames));
        long before = THREADS.getCurrentThreadAllocatedBytes();
        WebSocketMessage message = null;
        while (in.isReadable()) {
            message = session.decode(in, context);
        }
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        assertThat(message).isEqualTo(new WebSocketMessage.Binary(Frames.bytes("x".repeat(size))));
        assertThat(allocated).isLessThan(4L * size);
    }

    @Test
    void what_leaves_allocates_nothing() throws IOException {
        for (boolean client : new boolean[] {false, true}) {
            double keys = client ? 8 : 0; // for masking keys of a secure source, made many at a time
            assertThat(allocatedPerRun(encoding(client, WebSocketMessage.text("x".repeat(64)))))
                    .isLessThanOrEqualTo(keys);
            assertThat(allocatedPerRun(encoding(client, WebSocketMessage.text("ä".repeat(64)))))
                    .isLessThanOrEqualTo(keys);
            assertThat(allocatedPerRun(encoding(client, WebSocketMessage.binary(new byte[64]))))
                    .isLessThanOrEqualTo(keys);
            int slice = client ? 0 : 64; // the slice that is passed on
            assertThat(allocatedPerRun(encoding(client, WebSocketMessage.binary(new byte[16_384]))))
                    .isLessThanOrEqualTo(keys + slice);
        }
    }

    @Test
    void a_message_of_which_only_the_head_has_come_holds_no_inflater() throws IOException {
        var context = new Shared();
        var spare = new Inflater(true);
        Scratch scratch = Scratch.of(context);
        scratch.giveBack(spare);
        var session =
                new WebSocketCodec(false, true, WebSocketOptions.defaults().deflate(true)).open(context);
        ByteBuf head = Unpooled.copiedBuffer(Frames.client(0xC1, "12345").substring(0, 6), StandardCharsets.ISO_8859_1);
        assertThat(session.decode(head, context)).isNull();
        assertThat(head.isReadable()).isFalse();
        assertThat(scratch.takeInflater()).isSameAs(spare);
        session.closed();
        spare.end();
    }
}
