package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.spi.Selector;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Half-close, close, abort, and closing a Selector. */
abstract class EndingLaws extends WritingLaws {
    private static final int MUCH = 8 * 1024 * 1024;
    private static final int LITTLE = 40_000; // every system takes that much for a peer that does not read
    private static final int ROUNDS = 50; // of rest, a second in all: in virtual time that costs nothing

    @Test
    @InBothRoles
    @Holds(
            in = Wire.class,
            value = "Ends the outgoing stream (TCP: FIN) after everything written before; implies flush().")
    void shutting_down_output_ends_it_after_all_that_was_written() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.server().patterned();
        pair.client().writePattern(MUCH);
        pair.client().wire().shutdownOutput();
        pair.client().wire().shutdownOutput();
        rig().until("the end came", () -> pair.server().hasEnded());
        assertEquals(MUCH, pair.server().read());
        rig().until("all is counted", () -> pair.client().left() == MUCH);
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "neither closes the Wire")
    void who_has_half_closed_still_reads_what_the_peer_sends() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.client().write("request");
        pair.client().wire().shutdownOutput();
        pair.server().onEnd(server -> server.write("answer after the end").flush());
        rig().until("the answer came", () -> pair.client().read() == 20);
        pair.server().wire().shutdownOutput();
        rig().until("both have ended", () -> pair.client().hasEnded());
        rig().quiet();
        assertEquals(List.of("connected", "read", "inputEnded"), pair.client().story());
        assertEquals(List.of("connected", "read", "inputEnded"), pair.server().story());
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "neither closes the Wire")
    void both_may_half_close_at_once() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.client().wire().shutdownOutput();
        pair.server().wire().shutdownOutput();
        rig().until(
                        "both have ended",
                        () -> pair.client().hasEnded() && pair.server().hasEnded());
        rig().expectRest("with both directions ended");
        assertEquals(List.of("connected", "inputEnded"), pair.client().story());
        pair.client().close();
        pair.server().close();
        rig().until("both are closed", rig()::allClosed);
    }

    @Test
    @Holds(
            in = Wire.class,
            value = "Ends the outgoing stream (TCP: FIN) after everything written before; implies flush().")
    void output_shut_before_connected_ends_after_what_was_written_before() throws IOException {
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress());
        client.write("all there is");
        client.wire().shutdownOutput();
        rig().until("it is accepted", () -> incoming.count() == 1);
        End server = rig().side().open(incoming.take());
        rig().until("the end came", server::hasEnded);
        assertEquals("all there is", server.text());
        assertTrue(client.isConnected() && !client.isClosed(), client.toString());
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "unsent buffers are released, the descriptor is closed, and closed(null) follows")
    void close_and_abort_release_what_was_not_sent_and_end_without_a_cause() throws IOException {
        for (boolean abort : new boolean[] {false, true}) {
            Rig.Pair pair = rig().connect();
            End client = pair.client();
            pair.server().pause();
            client.writePattern(MUCH).flush();
            rig().quiet();
            if (abort) {
                client.abort();
            } else {
                client.close();
            }
            assertEquals(List.of("connected"), client.story(), "told within close");
            rig().until("it is closed", client::isClosed);
            assertTrue(client.allReleased());
            assertEquals(List.of("connected", "closed"), client.story());
            pair.server().patterned().resume();
            rig().until(
                            "the peer is told",
                            () -> pair.server().hasEnded() || pair.server().isClosed());
            assertTrue(pair.server().read() < MUCH, "bytes that came although they were not sent");
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "Like close(), but the peer gets a reset (TCP: RST) instead of an orderly end.")
    void an_abort_is_a_reset_to_the_peer() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.client().abort();
        rig().until(
                        "the peer is told",
                        () -> pair.server().isClosed() || pair.server().hasEnded());
        if (!has(Trait.NO_RESET)) {
            assertEquals(
                    List.of("connected", "closed with a cause"), pair.server().story());
            Throwable cause = assertInstanceOf(IOException.class, pair.server().cause());
            String peer = pair.server().wire().remoteAddress().toString();
            assertTrue(String.valueOf(cause.getMessage()).contains(peer), "the cause names the peer: " + cause);
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "Like close(), but the peer gets a reset (TCP: RST) instead of an orderly end.")
    void a_reset_after_the_peers_half_close_neither_spins_nor_is_a_second_end() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.client().wire().shutdownOutput();
        rig().until("the end came", () -> pair.server().hasEnded());
        pair.client().abort();
        rig().until("it is closed", () -> pair.client().isClosed());
        rig().expectRest("after a reset that followed a half-close");
        if (!pair.server().isClosed()) {
            pair.server().close();
        }
        rig().until("both are closed", rig()::allClosed);
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "last, and always, closed once")
    void a_write_to_a_peer_that_is_gone_fails_and_names_it() throws IOException {
        Rig.Pair pair = rig().connect();
        End client = pair.client();
        pair.server().close();
        rig().until("the end came", () -> client.hasEnded());
        rig().writeUntil(client, client::isClosed);
        assertEquals(List.of("connected", "inputEnded", "writeFailed", "closed with a cause"), client.story());
        Throwable cause = assertInstanceOf(IOException.class, client.cause());
        String peer = client.wire().remoteAddress().toString();
        assertTrue(String.valueOf(cause.getMessage()).contains(peer), "the cause names the peer: " + cause);
    }

    @Test
    @InBothRoles
    @Holds(
            in = WireListener.class,
            value = "What the peer sent before is still read, in turns, unless reads are paused;")
    void what_the_peer_sent_is_read_although_a_write_has_failed_meanwhile() throws IOException {
        Rig.Pair pair = rig().connect();
        End client = pair.client().patterned();
        ByteBuf small = Unpooled.directBuffer(LITTLE / 40, LITTLE / 40); // so that it takes several turns
        rig().closeAfterwards(small::release);
        client.hint(() -> small).pause();
        pair.server().writePattern(LITTLE).flush();
        long there = there(pair.server());
        long mayCome = pair.server().left();
        pair.server().close();
        failAWrite(client);
        rig().quiet();
        assertEquals(List.of("connected", "writeFailed"), client.story());
        client.onRead(bytes -> {
            if (client.reads() % 7 == 3) {
                client.pause();
            }
        });
        while (!client.isClosed()) {
            long reads = client.reads();
            client.resume();
            assertEquals(reads, client.reads(), "reads within resumeReads");
            rig().until("something comes", () -> client.reads() > reads || client.isClosed());
            rig().quiet();
            assertTrue(client.reads() - reads <= 7, "reads while paused");
        }
        assertTrue(
                there <= client.read() && client.read() <= mayCome,
                () -> client.read() + " bytes were read of " + there + " that were there, and " + mayCome + " sent");
        assertEquals(List.of("connected", "writeFailed", "read", "closed with a cause"), client.story());
    }

    /**
     * Returns how many bytes of {@link #LITTLE} have reached a peer that does not read: all of them. In a simulation, whose buffers may be small, it
     * is those that have left and were acknowledged. On a transport without resets nothing is in flight, and unread bytes do not count as
     * acknowledged.
     */
    private long there(End from) {
        if (!has(Trait.ONE_THREAD)) {
            rig().until("all has left", () -> from.left() == LITTLE);
            rig().quiet();
            return LITTLE;
        }
        for (int i = 0; i < ROUNDS; i++) {
            rig().quiet();
        }
        long underWay = has(Trait.NO_RESET) ? 0 : Math.max(0, from.wire().unacknowledged());
        return from.left() - underWay;
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "after the last of it closed is delivered, with this cause")
    void no_memory_to_read_into_after_a_write_has_failed_is_no_other_cause() throws IOException {
        Rig.Pair pair = rig().connect();
        End client = pair.client();
        client.pause();
        pair.server().write("nowhere to read into").flush();
        rig().quiet();
        pair.server().close();
        failAWrite(client);
        rig().side().receiveBuffers(() -> new UncheckedIOException(new IOException("there is no memory for it")));
        client.resume();
        rig().until("it is closed, or has memory of its own", client::isClosed);
        rig().side().receiveBuffers(null);
        assertEquals("closed with a cause", client.story().getLast());
    }

    private void failAWrite(End client) {
        rig().writeUntil(client, client::hasFailed);
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "Wire.close gives up the rest.")
    void who_does_not_want_what_the_peer_sent_before_a_write_failed_closes() throws IOException {
        Rig.Pair pair = rig().connect();
        End client = pair.client();
        client.pause();
        pair.server().write("unheard").flush();
        rig().quiet();
        pair.server().close();
        failAWrite(client);
        client.close();
        rig().until("it is closed", client::isClosed);
        assertEquals(List.of("connected", "writeFailed", "closed"), client.story());
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "After it is closed every method is a no-op")
    void after_close_every_call_does_nothing() throws IOException {
        Rig.Pair pair = rig().connect();
        End client = pair.client();
        client.close();
        for (int round = 0; round < 2; round++) { // before closed is delivered, and after
            ByteBuf late = Unpooled.copiedBuffer(new byte[10]);
            client.wire().write(late);
            assertEquals(0, late.refCnt(), "references to a buffer written after close");
            assertEquals(0, client.wire().flush());
            assertEquals(0, client.wire().retry());
            assertEquals(Wire.UNKNOWN, client.wire().unacknowledged());
            client.wire().shutdownOutput();
            client.wire().pauseReads();
            client.wire().resumeReads();
            client.wire().abort();
            client.wire().close();
            assertThrows(ClosedChannelException.class, () -> client.wire().get(StandardSocketOptions.TCP_NODELAY));
            assertThrows(
                    ClosedChannelException.class, () -> client.wire().set(StandardSocketOptions.TCP_NODELAY, true));
            rig().until("it is closed", client::isClosed);
        }
        rig().quiet();
        assertEquals(List.of("connected", "closed"), client.story());
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "Nothing but closed is reported afterwards.")
    void closing_within_each_callback_leaves_nothing_to_tell_but_that() throws IOException {
        for (boolean abort : new boolean[] {false, true}) {
            for (String where : List.of("read", "inputEnded", "written")) {
                Rig.Pair pair = rig().connect();
                End client = pair.client();
                Runnable end = abort ? client::abort : client::close;
                switch (where) {
                    case "read" -> client.onRead(bytes -> end.run());
                    case "inputEnded" -> client.onEnd(ended -> end.run());
                    default -> client.onWritten(ended -> end.run());
                }
                if (where.equals("written")) {
                    pair.server().pause();
                    client.writePattern(MUCH).flush();
                    rig().quiet();
                    pair.server().patterned().resume();
                } else {
                    pair.server().writePattern(100_000);
                    pair.server().wire().shutdownOutput();
                }
                rig().until("it is closed after " + where, client::isClosed);
                rig().quiet();
                assertEquals("closed", client.story().getLast());
            }
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "A listener may call any method of any Wire of this Selector")
    void a_wire_that_another_ones_event_has_closed_hears_nothing_more() throws IOException {
        for (int round = 0; round < 4; round++) {
            boolean abort = round % 2 == 0;
            Rig.Pair one = rig().connect();
            Rig.Pair two = rig().connect();
            one.server().pause();
            two.server().pause();
            one.client().write("ready").flush();
            two.client().write("ready").flush();
            rig().quiet(); // both are readable in the next select
            one.server().onRead(bytes -> end(two.server(), abort));
            two.server().onRead(bytes -> end(one.server(), abort));
            one.server().resume();
            two.server().resume();
            rig().until(
                            "one has closed the other",
                            () -> one.server().isClosed() || two.server().isClosed());
            rig().quiet();
            assertTrue(one.server().isClosed() != two.server().isClosed(), "both are closed");
        }
    }

    private static void end(End end, boolean abort) {
        if (abort) {
            end.abort();
        } else {
            end.close();
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "Closes the Selector and, without further events, all its Wires and Acceptors")
    void closing_a_selector_releases_everything_tells_nothing_and_ends_the_peers() throws IOException {
        Side closing = rig().side();
        Side other = rig().openSide();
        Rig.Pair open = rig().connect(closing, other);
        Incoming incoming = rig().listen(closing);
        End connecting = closing.connect(incoming.acceptor().localAddress());
        connecting.write("never sent");
        open.server().pause();
        open.client().writePattern(MUCH).flush();
        rig().quiet();
        List<String> before = open.client().story();
        closing.closeSelector();
        closing.closeSelector();
        assertTrue(open.client().allReleased() && connecting.allReleased(), "every buffer is released");
        assertEquals(before, open.client().story(), "told within close");
        open.server().patterned().resume();
        long deadline = rig().now() + patience().toNanos();
        while (!open.server().hasEnded() && !open.server().isClosed()) {
            assertTrue(rig().now() - deadline < 0, "the peer was not told");
            other.select(Rig.QUIET_NANOS);
        }
    }
}
