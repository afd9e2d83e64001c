package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.spi.Selector;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Reading, and when it has to stop. */
abstract class ReadingLaws extends AcceptingLaws {
    private static final int FLOODS = 6;
    private static final int MUCH = 1024 * 1024;

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "Bytes were received: at least one.")
    void one_byte_at_a_time_comes_as_it_went() throws IOException {
        Rig.Pair pair = rig().connect();
        String text = "slow header, slow body";
        for (int i = 0; i < text.length(); i++) {
            int sent = i + 1;
            pair.client().write(text.substring(i, i + 1)).flush();
            rig().until("the byte has come", () -> pair.server().read() == sent);
        }
        assertEquals(text, pair.server().text());
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "The peer has ended its stream; all bytes before that were delivered.")
    void all_bytes_are_read_before_the_end_is_told() throws IOException {
        for (int size : new int[] {1, 1000, Side.RECEIVE_BUFFER, MUCH}) {
            Rig.Pair pair = rig().connect();
            pair.server()
                    .patterned()
                    .onEnd(end -> rig().require(
                                    end.read() == size, "the end was told after " + end.read() + " bytes of " + size));
            pair.client().writePattern(size);
            pair.client().wire().shutdownOutput();
            rig().until("the end is told", () -> pair.server().hasEnded());
            assertEquals(
                    List.of("connected", "read", "inputEnded"), pair.server().story());
            assertTrue(!pair.client().hasEnded() && !pair.client().isClosed(), "one direction concerns not the other");
        }
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "with at most one inputEnded, after which nothing is read")
    void the_end_without_a_byte_is_an_end_and_not_a_failure() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.client().close();
        rig().until("the end is told", () -> pair.server().hasEnded());
        rig().quiet();
        assertEquals(List.of("connected", "inputEnded"), pair.server().story());
        pair.server().close();
        rig().until("it is closed", () -> pair.server().isClosed());
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "valid until this call returns. A receiver that needs it longer retains it")
    void a_retained_slice_keeps_its_content_whatever_is_read_next() throws IOException {
        Rig.Pair pair = rig().connect();
        var kept = new ArrayList<ByteBuf>();
        rig().closeAfterwards(() -> kept.forEach(ByteBuf::release));
        pair.server().onRead(bytes -> kept.add(bytes.retainedSlice()));
        for (int i = 0; i < 5; i++) {
            int sent = (i + 1) * 9;
            pair.client().write("message " + i).flush();
            rig().until("the message has come", () -> pair.server().read() == sent);
        }
        var text = new StringBuilder();
        kept.forEach(each -> text.append(each.toString(StandardCharsets.ISO_8859_1)));
        assertEquals("message 0message 1message 2message 3message 4", text.toString());
    }

    @Test
    @InBothRoles
    @Holds(
            in = WireListener.class,
            value = "The Wire appends the bytes it reads and passes this same buffer to received.")
    void a_read_target_is_filled_from_where_it_is_or_left_alone() throws IOException {
        ByteBuf target = Unpooled.directBuffer(64 * 1024, 64 * 1024);
        rig().closeAfterwards(target::release);
        Rig.Pair pair = rig().connect();
        pair.server().patterned().hint(() -> target);
        pair.client().writePattern(MUCH);
        pair.client().wire().shutdownOutput();
        rig().until("all has come", () -> pair.server().hasEnded());
        assertEquals(MUCH, pair.server().read());
        assertEquals(1, target.refCnt(), "references to the target");
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "a direct buffer with writable space, or null for none")
    void a_read_target_with_content_has_the_new_bytes_appended() throws IOException {
        ByteBuf target = Unpooled.directBuffer(100, 100);
        rig().closeAfterwards(target::release);
        Rig.Pair pair = rig().connect();
        target.writeBytes("kept:".getBytes(StandardCharsets.ISO_8859_1));
        var got = new StringBuilder();
        pair.server().hint(() -> target).onRead(bytes -> {
            got.append(bytes.toString(StandardCharsets.ISO_8859_1));
            rig().require(bytes != target || got.toString().startsWith("kept:"), "what was in the target is gone");
        });
        pair.client().write("new").flush();
        rig().until("it has come", () -> got.toString().endsWith("new"));
        assertTrue(got.toString().equals("new") || got.toString().equals("kept:new"), got.toString());
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "One connection's turn is bounded (16 reads or 256 KiB)")
    void no_turn_is_longer_than_the_bound() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.server().pause();
        pair.client().writePattern(MUCH).flush();
        rig().quiet(); // everything that the system buffers has arrived
        pair.server().patterned().resume();
        while (pair.server().read() < MUCH) {
            long bytes = pair.server().read();
            long reads = pair.server().reads();
            rig().side().select(Rig.QUIET_NANOS);
            long turn = pair.server().read() - bytes;
            assertTrue(turn <= 256 * 1024, turn + " bytes were read in one turn");
            assertTrue(pair.server().reads() - reads <= 16, "reads in one turn");
            pair.client().flush();
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "so that no peer holds up the others")
    void one_that_sends_without_end_does_not_hold_up_another() throws IOException {
        Rig.Pair flood = rig().connect();
        Rig.Pair other = rig().connect();
        flood.server().patterned();
        rig().until(
                        "the flood has begun",
                        () -> flooded(flood.client()) && flood.server().read() > MUCH);
        for (int i = 1; i <= 20; i++) {
            int sent = i * 4;
            long before = flood.server().read();
            other.client().write("ping").flush();
            rig().until(
                            "the other one was read",
                            () -> flooded(flood.client()) && other.server().read() == sent);
            long meanwhile = flood.server().read() - before;
            assertTrue(meanwhile <= 8L * MUCH, meanwhile + " bytes of another connection were read meanwhile");
        }
        assertTrue(flood.server().read() > MUCH, "the flood has ceased");
        flood.client().abort();
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "so that no peer holds up the others")
    void several_that_send_without_end_do_not_hold_up_another() throws IOException {
        var floods = new ArrayList<Rig.Pair>();
        for (int i = 0; i < FLOODS; i++) {
            Rig.Pair flood = rig().connect();
            flood.server().patterned();
            floods.add(flood);
        }
        Rig.Pair other = rig().connect();
        for (int i = 1; i <= 10; i++) {
            int sent = i * 4;
            long before = readOf(floods);
            other.client().write("ping").flush();
            rig().until(
                            "the other one was read",
                            () -> floods.stream().allMatch(each -> flooded(each.client()))
                                    && other.server().read() == sent);
            long meanwhile = readOf(floods) - before;
            assertTrue(meanwhile <= 8L * FLOODS * MUCH, meanwhile + " bytes of others were read meanwhile");
        }
        rig().until(
                        "each of them was read",
                        () -> floods.stream()
                                .allMatch(each ->
                                        flooded(each.client()) && each.server().read() > 0));
        floods.forEach(each -> each.client().abort());
    }

    private static long readOf(List<Rig.Pair> pairs) {
        return pairs.stream().mapToLong(each -> each.server().read()).sum();
    }

    /** Keeps the peer busy as long as this is called. */
    private static boolean flooded(End end) {
        for (int i = 0; i < 16 && end.outstanding() < MUCH / 4; i++) {
            end.writePattern(MUCH / 16).flush();
        }
        return true;
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "from here on neither bytes, nor end of input, nor a close by the peer is reported")
    void pausing_within_a_read_stops_exactly_there() throws IOException {
        Rig.Pair pair = rig().connect();
        End server = pair.server().patterned();
        server.onRead(bytes -> server.pause());
        pair.client().writePattern(MUCH);
        pair.client().wire().shutdownOutput();
        long before = 0;
        for (int i = 0; i < 5; i++) {
            long seen = before;
            rig().until("something is read", () -> server.read() > seen);
            long stopped = server.read();
            long reads = server.reads();
            rig().quiet();
            assertEquals(stopped, server.read(), "bytes read while paused");
            server.resume();
            assertEquals(reads, server.reads(), "reads within resumeReads");
            before = stopped;
        }
        server.onRead(bytes -> {});
        rig().until("all has come", server::hasEnded);
        assertEquals(MUCH, server.read());
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "Whatever was held back is delivered in order by a later select.")
    void the_peers_end_and_bytes_wait_while_paused() throws IOException {
        Rig.Pair pair = rig().connect();
        End server = pair.server();
        server.pause();
        server.pause();
        pair.client().write("last words").flush();
        rig().until("they have left", () -> pair.client().left() == 10); // otherwise the close may overtake them
        pair.client().close();
        rig().quiet();
        assertEquals(List.of("connected"), server.story());
        server.resume();
        server.resume();
        assertEquals(List.of("connected"), server.story(), "told within resumeReads");
        rig().until("the end is told", () -> server.hasEnded());
        assertEquals("last words", server.text());
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "from here on neither bytes, nor end of input, nor a close by the peer is reported")
    void the_peers_reset_waits_while_paused() throws IOException {
        Rig.Pair pair = rig().connect();
        End server = pair.server();
        server.pause();
        pair.client().abort();
        rig().quiet();
        assertEquals(List.of("connected"), server.story());
        server.resume();
        assertEquals(List.of("connected"), server.story(), "told within resumeReads");
        rig().until("the end is told", () -> server.isClosed() || server.hasEnded());
        assertTrue(has(Trait.NO_RESET) || server.isClosed(), "a reset is a close with a cause: " + server);
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "its close and abort, and WireListener.writeFailed")
    void what_this_side_does_is_told_even_while_paused() throws IOException {
        for (boolean abort : new boolean[] {false, true}) {
            Rig.Pair pair = rig().connect();
            pair.client().pause();
            if (abort) {
                pair.client().abort();
            } else {
                pair.client().close();
            }
            rig().until("it is closed", () -> pair.client().isClosed());
        }
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "Delivered at once, even while reads are paused.")
    void a_write_that_fails_is_told_even_while_paused() throws IOException {
        Rig.Pair pair = rig().connect();
        End client = pair.client();
        client.pause();
        pair.server().close();
        rig().until("the peer is closed", () -> pair.server().isClosed());
        rig().writeUntil(client, client::hasFailed);
        rig().expectRest("after a write that failed while reads were paused");
        assertEquals(List.of("connected", "writeFailed"), client.story());
        client.resume();
        rig().until("it is closed", client::isClosed);
        assertEquals(List.of("connected", "writeFailed", "closed with a cause"), client.story());
    }

    @Test
    @Holds(in = Wire.class, value = "Stops the read side at once")
    void a_wire_that_is_paused_before_it_is_connected_reads_nothing() throws IOException {
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress());
        client.pause();
        rig().until("it is accepted", () -> incoming.count() == 1);
        End server = rig().side().open(incoming.take());
        server.write("early").flush();
        rig().until("both are connected", () -> client.isConnected() && server.isConnected());
        rig().quiet();
        assertEquals(List.of("connected"), client.story());
        client.resume();
        rig().until("it is read", () -> client.read() == 5);
    }
}
