package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.spi.Wire;
import rill.spi.WireListener;

/** A writer whose peer does not read: what continues meanwhile, and what ends it. */
abstract class BlockedLaws extends OptionLaws {
    private static final int MUCH = 4 * 1024 * 1024;
    private static final int PIECE = 1024 * 1024;
    private static final int MOST = 64 * PIECE;

    /** Returns a client with more to write than any transport takes, and a peer that reads nothing. */
    private Rig.Pair blocked() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.server().patterned().pause();
        End client = pair.client();
        while (client.outstanding() == 0) {
            assertTrue(client.appended() < MOST, MOST + " bytes have left for a peer that reads none of them");
            for (int i = 0; i < 4; i++) {
                client.writePattern(PIECE).flush();
            }
            rig().quiet();
        }
        return pair;
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "Delivered at once, even while reads are paused.")
    void a_blocked_writer_is_told_when_its_peer_goes_whether_it_reads_or_not() throws IOException {
        for (boolean paused : new boolean[] {false, true}) {
            for (boolean abort : new boolean[] {false, true}) {
                Rig.Pair pair = blocked();
                End client = pair.client();
                if (paused) {
                    client.pause();
                }
                if (abort) {
                    pair.server().abort();
                } else {
                    pair.server().close(); // with input unread
                }
                rig().until(
                                "a blocked writer" + (paused ? " that does not read" : "")
                                        + " is told that its peer has " + (abort ? "aborted" : "closed"),
                                () -> client.hasFailed()
                                        || (client.isClosed() && !paused)
                                        || client.outstanding() == 0);
                if (client.outstanding() == 0) {
                    continue; // everything written has left after all, and the peer discarded it
                }
                assertTrue(client.allReleased(), "a write that failed releases its buffers");
                if (paused) {
                    if (abort) {
                        rig().expectRest("after the peer of a blocked writer had gone");
                    }
                    assertEquals("writeFailed", client.story().getLast(), "while paused");
                    client.resume();
                }
                rig().until("it is closed", client::isClosed);
            }
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "Stops the read side at once")
    void one_that_does_not_read_still_writes_and_hears_of_room_for_it() throws IOException {
        Rig.Pair pair = blocked();
        pair.client().pause();
        rig().quiet();
        pair.server().resume();
        rig().until(
                        "all has come, although the writer does not read",
                        () -> pair.server().read() == pair.client().appended());
        rig().until(
                        "all is counted, although the writer does not read",
                        () -> pair.client().outstanding() == 0);
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "Writing is still possible.")
    void one_whose_input_has_ended_still_writes_and_hears_of_room_for_it() throws IOException {
        Rig.Pair pair = blocked();
        pair.server().wire().shutdownOutput();
        rig().until("the end is told", () -> pair.client().hasEnded());
        pair.server().resume();
        rig().until(
                        "all has come, although there is nothing more to read",
                        () -> pair.server().read() == pair.client().appended());
        rig().until(
                        "all is counted, although there is nothing more to read",
                        () -> pair.client().outstanding() == 0);
        pair.client().writePattern(100).flush();
        rig().until(
                        "one more has come",
                        () -> pair.server().read() == pair.client().appended());
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "One byte stream to a peer.")
    void both_directions_are_full_at_once_and_neither_waits_for_the_other() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.client().patterned().writePattern(MUCH).wire().shutdownOutput();
        pair.server().patterned().writePattern(MUCH).wire().shutdownOutput();
        rig().until(
                        "all has come on both sides",
                        () -> pair.client().hasEnded() && pair.server().hasEnded());
        assertEquals(MUCH, pair.client().read());
        assertEquals(MUCH, pair.server().read());
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "The peer has ended its stream; all bytes before that were delivered.")
    void the_end_is_told_once_whatever_is_paused_and_resumed() throws IOException {
        Rig.Pair pair = rig().connect();
        End server = pair.server();
        server.pause();
        pair.client().write("x");
        pair.client().wire().shutdownOutput();
        rig().quiet();
        server.resume();
        server.pause();
        server.resume();
        rig().until("the end is told", server::hasEnded);
        for (int i = 0; i < 3; i++) {
            server.pause();
            rig().side().select(0);
            server.resume();
            rig().side().select(0);
        }
        rig().expectRest("after the end of input, with reads paused and resumed");
        assertEquals(List.of("connected", "read", "inputEnded"), server.story());
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "If input is left unread, the peer gets a reset")
    void a_close_with_input_unread_is_a_reset_to_the_peer() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.server().pause();
        pair.client().write("never read").flush();
        rig().until("it has left", () -> pair.client().left() == 10);
        rig().quiet();
        pair.server().close();
        rig().until(
                        "the peer is told",
                        () -> pair.client().isClosed() || pair.client().hasEnded());
        if (!has(Trait.NO_RESET)) {
            assertEquals(
                    List.of("connected", "closed with a cause"), pair.client().story(), "a close with input unread");
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "What it does read is a prefix of them.")
    void what_is_read_before_a_reset_is_a_beginning_and_no_end_is_told() throws IOException {
        for (int size : new int[] {100, MUCH}) {
            Rig.Pair pair = rig().connect();
            pair.server().patterned();
            pair.client().writePattern(size).flush();
            rig().side().select(0);
            pair.client().abort();
            rig().until(
                            "the peer is told",
                            () -> pair.server().isClosed() || pair.server().hasEnded());
            assertTrue(pair.server().read() <= size);
            assertTrue(
                    has(Trait.NO_RESET) || !pair.server().hasEnded(),
                    "an end was told and it was a reset: " + pair.server());
        }
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "at most one writeFailed, after which nothing is written")
    void after_a_write_has_failed_others_are_released_and_count_nothing() throws IOException {
        Rig.Pair pair = blocked();
        End client = pair.client();
        client.pause();
        pair.server().abort();
        rig().writeUntil(client, client::hasFailed);
        long left = client.left();
        ByteBuf late = Unpooled.copiedBuffer(new byte[10]);
        client.wire().write(late);
        assertEquals(0, late.refCnt(), "references to a buffer written after a write has failed");
        assertEquals(0, client.wire().flush(), "flushed after a write has failed");
        assertEquals(0, client.wire().retry(), "retried after a write has failed");
        client.wire().shutdownOutput();
        rig().quiet();
        assertEquals(left, client.left());
        client.abort();
        rig().until("it is closed", client::isClosed);
        assertEquals("closed", client.story().getLast());
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "even if something had failed by then")
    void who_closes_before_it_was_told_of_a_failure_is_told_no_cause() throws IOException {
        Incoming gone = rig().listen();
        var nobody = gone.acceptor().localAddress();
        gone.close();
        for (boolean abort : new boolean[] {false, true}) {
            Rig.Pair pair = rig().connect();
            End failing = pair.client();
            failing.pause();
            pair.server().abort();
            rig().until("it is aborted", () -> pair.server().isClosed());
            for (int i = 0; i < 3; i++) {
                failing.write("into the void").flush();
            }
            End refused = rig().side().connect(nobody);
            for (End each : List.of(refused, failing)) {
                if (abort) {
                    each.abort();
                } else {
                    each.close();
                }
            }
            rig().until("both are closed", () -> refused.isClosed() && failing.isClosed());
            assertEquals("closed", failing.story().getLast());
        }
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "last, and always, closed once")
    void closing_within_the_written_that_a_half_close_brought_is_told_once() throws IOException {
        for (int size : new int[] {10, MUCH}) {
            Rig.Pair pair = rig().connect();
            End client = pair.client().onWritten(End::close);
            pair.server().patterned();
            client.writePattern(size);
            client.wire().shutdownOutput();
            rig().until("it is closed", client::isClosed);
            rig().quiet();
            assertEquals(List.of("connected", "closed"), client.story());
        }
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "or null for none")
    void a_read_target_without_room_is_as_good_as_none() throws IOException {
        ByteBuf full = Unpooled.directBuffer(8, 8).writeZero(8);
        rig().closeAfterwards(full::release);
        Rig.Pair pair = rig().connect();
        pair.server().patterned().hint(() -> full);
        pair.client().writePattern(100_000).wire().shutdownOutput();
        rig().until("all has come", () -> pair.server().hasEnded());
        assertEquals(100_000, pair.server().read());
        assertEquals(1, full.refCnt(), "references to the target");
    }
}
