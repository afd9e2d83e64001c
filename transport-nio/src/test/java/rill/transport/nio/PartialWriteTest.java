package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.testing.RawPeer;
import rill.testing.UnderTest;
import rill.testkit.Leaks;

/** The kernel takes less than it was offered. */
@ExtendWith(Leaks.class)
class PartialWriteTest {
    /** A kernel that takes a limited number of bytes at the first write, nothing at the second, everything later. */
    private static final class Stubborn extends ScriptedWire {
        private final int first;
        private int calls;
        private boolean wantsWrite;
        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();

        Stubborn(Events events, int first) {
            super(() -> Unpooled.EMPTY_BUFFER, events);
            this.first = first;
        }

        @Override
        protected long write(ByteBuf[] buffers, int from, int count) {
            long room = calls == 0 ? first : calls == 1 ? 0 : Long.MAX_VALUE;
            calls++;
            long n = 0;
            for (int i = from; i < from + count && room > 0; i++) {
                int part = (int) Math.min(room, buffers[i].readableBytes());
                taken.writeBytes(ByteBufUtil.getBytes(buffers[i], buffers[i].readerIndex(), part));
                room -= part;
                n += part;
            }
            return n;
        }

        @Override
        protected void interest(boolean read, boolean write) {
            wantsWrite = write;
        }
    }

    @Test
    void a_gathering_write_goes_on_after_stopping_at_every_boundary() throws IOException {
        byte[] all = new byte[90];
        new Random(1).nextBytes(all);
        for (int taken = 0; taken <= all.length; taken++) {
            var events = new Events();
            var wire = new Stubborn(events, taken);
            wire.open();
            var buffers = new ArrayList<ByteBuf>();
            for (int i = 0, size = 1; i < all.length; i += size, size = size % 5 + 1) {
                buffers.add(Unpooled.copiedBuffer(all, i, Math.min(size, all.length - i)));
            }
            buffers.forEach(wire::write);
            long flushed = wire.flush();
            assertThat(flushed).as("taken at once").isEqualTo(taken);
            assertThat(wire.wantsWrite).isEqualTo(taken < all.length);
            wire.ready(false, true); // the kernel takes nothing
            wire.ready(false, true);
            assertThat(wire.taken.toByteArray()).as("taken at first: " + taken).isEqualTo(all);
            assertThat(flushed + events.written).isEqualTo(all.length);
            wire.ready(false, true); // nothing is left to write
            assertThat(wire.wantsWrite).isFalse();
            assertThat(buffers).allMatch(each -> each.refCnt() == 0);
            wire.close();
            wire.select();
        }
    }

    /** Repeated, since the order of events depends on when the peer reads. */
    @RepeatedTest(5)
    void many_buffers_of_all_kinds_arrive_through_tiny_socket_buffers() throws Exception {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        var sent = new ByteArrayOutputStream();
        var buffers = new ArrayList<ByteBuf>();
        for (int i = 0; i < 300; i++) {
            byte[] bytes = new byte[i % 50 == 49 ? 60_000 : 1 + random.nextInt(400)];
            random.nextBytes(bytes);
            sent.writeBytes(bytes);
            buffers.add(buffer(bytes, i % 5));
        }
        byte[] all = sent.toByteArray();
        try (var peer = RawPeer.listening(talk -> {
            for (int at = 0; at < all.length; ) {
                int n = Math.min(all.length - at, 1 + new Random(at).nextInt(5000));
                assertThat(talk.readExactly(n)).isEqualTo(java.util.Arrays.copyOfRange(all, at, at + n));
                at += n;
            }
            talk.expectEnd();
        })) {
            long reported = send(peer, buffers);
            peer.finish();
            assertThat(reported).as("seed " + seed).isEqualTo(all.length);
            assertThat(buffers).as("seed " + seed).allMatch(each -> each.refCnt() == 0);
        }
    }

    private static ByteBuf buffer(byte[] bytes, int kind) {
        return switch (kind) {
            case 0 -> Unpooled.copiedBuffer(bytes);
            case 1 -> Unpooled.directBuffer().writeBytes(bytes);
            case 2 -> PooledByteBufAllocator.DEFAULT.directBuffer().writeBytes(bytes);
            case 3 ->
                Unpooled.wrappedBuffer(
                        Unpooled.copiedBuffer(bytes, 0, bytes.length / 2),
                        Unpooled.copiedBuffer(bytes, bytes.length / 2, bytes.length - bytes.length / 2));
            default -> Unpooled.directBuffer().writeZero(7).writeBytes(bytes).skipBytes(7);
        };
    }

    private static long send(RawPeer peer, List<ByteBuf> buffers) throws IOException {
        ByteBuf receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
        Selector selector = UnderTest.transport().open(() -> receive.clear());
        try {
            var events = new Events();
            var options = SocketOptions.none().with(java.net.StandardSocketOptions.SO_SNDBUF, 1024);
            Wire wire = selector.connect(peer.address(), null, options, events);
            long flushed = 0;
            for (ByteBuf each : buffers) {
                wire.write(each);
                flushed += wire.flush();
                selector.select(0);
            }
            wire.shutdownOutput();
            long deadline = System.nanoTime() + OnNio.PATIENCE.toNanos();
            while (!events.log.contains("inputEnded") && System.nanoTime() < deadline) {
                selector.select(10_000_000);
            }
            wire.close();
            while (!events.closed) {
                selector.select(10_000_000);
            }
            return flushed + events.written;
        } finally {
            selector.close();
            receive.release();
        }
    }
}
