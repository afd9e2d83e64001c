package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Writing: order, counts, buffers, and what happens when the peer does not read. */
abstract class WritingLaws extends ReadingLaws {
    private static final int HUNDRED_MEBIBYTES = 100 * 1024 * 1024;
    private static final int HIGH_MARK = 256 * 1024;
    private static final int PIECE = 64 * 1024;

    @Test
    @Holds(in = Wire.class, value = "Allowed before connected: the bytes leave in order afterwards.")
    void writes_before_connected_leave_in_order_and_are_counted_once() throws IOException {
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress());
        for (String part : List.of("one ", "two ", "three")) {
            client.write(part).flush();
        }
        assertEquals(List.of(), client.story(), "events before a select");
        rig().until("it is accepted", () -> incoming.count() == 1);
        End server = rig().side().open(incoming.take());
        rig().until("all has come", () -> server.read() == 13);
        rig().until("all is counted", () -> client.left() == 13);
        assertEquals("one two three", server.text());
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "so each byte is counted exactly once")
    void each_byte_is_counted_once_by_flush_or_written() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.server().patterned();
        long sent = 0;
        for (int size : new int[] {1, 10, 1000, 100_000, 1024 * 1024, 7}) {
            pair.client().writePattern(size).flush();
            sent += size;
            long expected = sent;
            rig().until(
                            "all has left and come",
                            () -> pair.client().left() == expected
                                    && pair.server().read() == expected);
            assertTrue(pair.client().allReleased(), "a buffer is released once its bytes are written");
        }
        rig().quiet();
        assertEquals(sent, pair.client().left(), "bytes reported");
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "Nothing need leave before flush().")
    void a_flush_with_nothing_to_write_and_an_empty_buffer_count_nothing() throws IOException {
        Rig.Pair pair = rig().connect();
        ByteBuf empty = Unpooled.directBuffer(8);
        pair.client().write(empty).flush();
        assertEquals(0, empty.refCnt(), "references to an empty buffer");
        pair.client().flush();
        rig().quiet();
        assertEquals(0, pair.client().left());
        assertEquals(List.of("connected"), pair.server().story());
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "which is released once the bytes are written or the Wire is closed")
    void buffers_of_all_kinds_leave_whole_and_in_order_however_the_peer_reads() throws IOException {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        Rig.Pair pair = rig().connect();
        End client = pair.client();
        End server = pair.server().patterned();
        server.onRead(bytes -> {
            if (random.nextInt(3) == 0) {
                server.pause(); // so that gathering writes stop anywhere
            }
        });
        try {
            for (int i = 0; i < 300; i++) {
                int size = i % 50 == 49 ? 60_000 : 1 + random.nextInt(400);
                client.write(buffer(Pattern.bytes(client.appended(), size), i % 6));
                if (random.nextInt(8) == 0) {
                    client.flush();
                    rig().side().select(0);
                }
            }
            client.wire().shutdownOutput();
            rig().until("all has come", () -> {
                server.resume();
                return server.hasEnded();
            });
            assertEquals(client.appended(), server.read(), "bytes read");
            rig().until("all is counted", () -> client.outstanding() == 0);
            assertTrue(client.allReleased(), "a buffer is released once its bytes are written");
        } catch (AssertionError e) {
            throw new AssertionError("with seed " + seed + ": " + e.getMessage(), e);
        }
    }

    private static ByteBuf buffer(byte[] bytes, int kind) {
        int half = bytes.length / 2;
        return switch (kind) {
            case 0 -> Unpooled.copiedBuffer(bytes);
            case 1 -> Unpooled.directBuffer().writeBytes(bytes);
            case 2 -> PooledByteBufAllocator.DEFAULT.directBuffer().writeBytes(bytes);
            case 3 ->
                Unpooled.wrappedBuffer(
                        Unpooled.copiedBuffer(bytes, 0, half), Unpooled.copiedBuffer(bytes, half, bytes.length - half));
            case 4 -> Unpooled.wrappedBuffer(bytes).asReadOnly();
            default -> Unpooled.directBuffer().writeZero(7).writeBytes(bytes).skipBytes(7);
        };
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "Buffers written later are released unsent.")
    void a_write_after_the_output_was_shut_is_released_unsent() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.client().write("sent");
        pair.client().wire().shutdownOutput();
        ByteBuf late = Unpooled.copiedBuffer(new byte[10]);
        pair.client().wire().write(late);
        assertEquals(0, late.refCnt(), "references to the late buffer");
        pair.client().flush();
        rig().until("the end came", () -> pair.server().hasEnded());
        assertEquals("sent", pair.server().text());
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "This many bytes have left since the last report")
    void a_peer_that_does_not_read_makes_the_writer_wait() throws IOException {
        int most = 32;
        int block = 1024 * 1024;
        Rig.Pair pair = rig().connect();
        pair.server().pause();
        for (int i = 0; i < most; i++) {
            pair.client().writePattern(block).flush();
        }
        long last = -1;
        while (last != pair.client().left()) {
            last = pair.client().left();
            rig().quiet();
        }
        assertTrue(
                last < (most / 2) * (long) block,
                last + " bytes left for a peer that reads none of them: somebody buffers without a bound");
        pair.server().patterned().resume();
        rig().until("all has come", () -> pair.server().read() == (long) most * block);
        rig().until("all is counted", () -> pair.client().outstanding() == 0);
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "Tries again to write bytes that were flushed before and have not left")
    void what_a_retry_writes_is_counted_once_and_arrives_in_order() throws IOException {
        int much = 16 * 1024 * 1024;
        Rig.Pair pair = rig().connect();
        End server = pair.server().patterned();
        server.pause();
        pair.client().retry(); // with nothing to write it does nothing
        assertEquals(0, pair.client().left());
        pair.client().writePattern(much).flush();
        rig().until("all has come", () -> {
            long before = -1;
            while (server.read() > before) { // while there is progress without waiting
                before = server.read();
                pair.client().retry();
                server.resume();
                rig().side().select(0);
                server.pause();
            }
            return server.read() == much;
        });
        server.resume();
        rig().until("all is counted", () -> pair.client().outstanding() == 0);
        rig().quiet();
        assertEquals(much, pair.client().left(), "bytes reported");
        assertTrue(pair.client().allReleased(), "a buffer is released once its bytes are written");
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "The number falls only as the peer takes bytes.")
    void what_the_system_has_and_the_peer_has_not_taken_is_told_if_it_is_known() throws IOException {
        Rig.Pair pair = rig().connect();
        End client = pair.client();
        pair.server().pause();
        client.writePattern(16 * 1024 * 1024).flush();
        long last = -1;
        while (last != client.left()) {
            last = client.left();
            rig().quiet();
        }
        long stuck = client.wire().unacknowledged();
        if (stuck == Wire.UNKNOWN) {
            return; // in this case it is never known
        }
        assertTrue(stuck > 0, stuck + " bytes are with a peer that reads none of them");
        long untaken = stuck + client.outstanding();
        rig().quiet();
        assertTrue(client.wire().unacknowledged() + client.outstanding() <= untaken, "more are not taken than before");
        pair.server().patterned().resume();
        rig().until("all has come", () -> pair.server().read() == client.appended());
        rig().until("all is taken", () -> client.wire().unacknowledged() == 0);
    }

    @Test
    @Tag("slow")
    @Holds(in = WireListener.class, value = "This many bytes have left since the last report")
    void a_hundred_mebibytes_pass_below_a_high_water_mark() throws IOException {
        Rig.Pair pair = rig().connect();
        End client = pair.client().onWritten(WritingLaws::writeUpToTheMark);
        End server = pair.server().patterned();
        writeUpToTheMark(client);
        rig().until("all has come", () -> {
            writeUpToTheMark(client); // what flush has returned is not reported again
            return server.read() == HUNDRED_MEBIBYTES;
        });
        rig().until("all is counted", () -> client.left() == HUNDRED_MEBIBYTES);
        assertTrue(client.allReleased());
    }

    private static void writeUpToTheMark(End client) {
        for (int i = 0; i < 8 && client.outstanding() < HIGH_MARK && client.appended() < HUNDRED_MEBIBYTES; i++) {
            client.writePattern(PIECE).flush();
        }
    }

    @Test
    @Holds(in = Wire.class, value = "No method calls the listener before it returns.")
    void writing_within_every_callback_is_fine() throws IOException {
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress());
        client.onConnected(end -> end.write("connected ").flush())
                .onRead(bytes -> client.write("read ").flush())
                .onEnd(end -> end.write("ended ").flush())
                .onClosed(end -> end.write("closed ").flush());
        rig().until("it is accepted", () -> incoming.count() == 1);
        End server = rig().side().open(incoming.take());
        boolean[] once = new boolean[1];
        client.onWritten(end -> {
            if (!once[0]) {
                once[0] = true;
                end.write("written ").flush();
            }
        });
        server.write("x").flush();
        rig().until("the answer to a read came", () -> server.text().contains("read "));
        server.wire().shutdownOutput();
        rig().until("the answer to the end came", () -> server.text().contains("ended "));
        client.close();
        rig().until("it is closed", () -> client.isClosed() && server.hasEnded());
        assertTrue(server.text().startsWith("connected "), server.text());
        assertTrue(client.allReleased(), "a write after close releases the buffer");
    }
}
