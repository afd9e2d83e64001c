package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import rill.spi.AcceptedSocket;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;

/** Closing a Selector: from where, when, and what calls do afterwards. */
abstract class ClosedLaws extends ListeningLaws {
    private static final int MUCH = 4 * 1024 * 1024;

    @Test
    @Holds(
            in = Selector.class,
            value = "select, connect, listen and open throw IllegalStateException, open after closing the socket")
    void a_closed_selector_opens_nothing_and_says_so() throws IOException {
        Side other = rig().side();
        Side closed = rig().openSide();
        Incoming incoming = rig().listen(other);
        SocketAddress at = incoming.acceptor().localAddress();
        End client = other.connect(at);
        rig().until("it is accepted", () -> incoming.count() == 1);
        AcceptedSocket socket = incoming.take();
        SocketAddress free = listenAddress();
        closed.closeSelector();
        for (long timeout : new long[] {0, 1, Selector.FOREVER}) {
            assertThrows(IllegalStateException.class, () -> closed.selector().select(timeout), "select after close");
        }
        assertThrows(
                IllegalStateException.class,
                () -> closed.selector().connect(at, null, SocketOptions.none(), new End(rig(), closed)),
                "connect after close");
        assertThrows(
                IllegalStateException.class,
                () -> closed.selector().listen(free, 0, SocketOptions.none(), new Incoming(rig(), closed)),
                "listen after close");
        assertThrows(
                IllegalStateException.class,
                () -> closed.selector().open(socket, SocketOptions.none(), new End(rig(), closed)),
                "open after close");
        rig().until("the peer of the socket is told", () -> client.hasEnded() || client.isClosed());
        rig().quiet();
        assertEquals(1, incoming.count(), "connections made although the Selector was closed");
    }

    @Test
    @Holds(in = Selector.class, value = "wakeup and close are no-ops")
    void a_closed_selector_may_be_woken_up_and_closed_again() throws Exception {
        Rig.Pair before = rig().connect();
        Side closed = rig().openSide();
        Selector selector = closed.selector();
        selector.wakeup();
        closed.closeSelector();
        selector.close();
        selector.wakeup();
        if (!has(Trait.ONE_THREAD)) {
            Thread other = Thread.ofPlatform().name("raw-peer-waker").start(selector::wakeup);
            other.join();
        }
        selector.close();
        Rig.Pair pair = rig().connect(); // which might have reused its descriptors
        selector.wakeup();
        selector.close();
        for (Rig.Pair each : List.of(before, pair)) {
            each.client().write("unharmed").flush();
            rig().until("it is read", () -> each.server().read() == 8);
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "Its Wires and Acceptors are closed")
    void the_wires_and_acceptors_of_a_closed_selector_do_nothing() throws IOException {
        Side other = rig().side();
        Side closing = rig().openSide();
        Rig.Pair pair = rig().connect(closing, other);
        Incoming incoming = rig().listen(closing);
        SocketAddress remote = pair.client().wire().remoteAddress();
        SocketAddress local = pair.client().wire().localAddress();
        SocketAddress at = incoming.acceptor().localAddress();
        closing.closeSelector();
        Wire wire = pair.client().wire();
        ByteBuf late = Unpooled.copiedBuffer(new byte[10]);
        wire.write(late);
        assertEquals(0, late.refCnt(), "references to a buffer written after the Selector's close");
        assertEquals(0, wire.flush());
        assertEquals(0, wire.retry());
        assertEquals(Wire.UNKNOWN, wire.unacknowledged());
        wire.shutdownOutput();
        wire.pauseReads();
        wire.resumeReads();
        wire.abort();
        wire.close();
        assertThrows(ClosedChannelException.class, () -> wire.get(StandardSocketOptions.TCP_NODELAY));
        assertThrows(ClosedChannelException.class, () -> wire.set(StandardSocketOptions.TCP_NODELAY, true));
        assertEquals(remote, wire.remoteAddress());
        assertEquals(local, wire.localAddress());
        incoming.acceptor().pause();
        incoming.acceptor().resume();
        incoming.acceptor().close();
        assertEquals(at, incoming.acceptor().localAddress());
        End nobody = other.connect(at);
        rig().until("nobody listens there any more", nobody::isClosed);
    }

    @Test
    @Holds(in = Selector.class, value = "not even by the select within which it was closed")
    void closing_a_selector_within_each_callback_ends_its_events_there() throws IOException {
        Side other = rig().side();
        for (String where : List.of("connected", "read", "inputEnded", "written", "closed", "accepted")) {
            Side closing = rig().openSide();
            Incoming incoming = rig().listen(closing);
            Rig.Pair one = rig().connect(incoming, other, closing);
            Rig.Pair two = rig().connect(incoming, other, closing);
            if (where.equals("accepted")) {
                incoming.onAccepted(each -> closing.closeSelector());
            }
            for (Rig.Pair each : List.of(one, two)) { // both have events in the same select
                closeAt(where, each.server(), closing);
            }
            if (where.equals("written")) {
                one.client().patterned().pause();
                two.client().patterned().pause();
                one.server().writePattern(MUCH).flush();
                two.server().writePattern(MUCH).flush();
                rig().quiet();
                one.client().resume();
                two.client().resume();
            } else if (where.equals("closed")) {
                one.server().close();
                two.server().close();
            }
            End late = other.connect(incoming.acceptor().localAddress());
            if (where.equals("connected")) {
                rig().until("it is accepted", () -> incoming.count() == 3);
                closeAt(where, closing.open(incoming.take()), closing);
            }
            for (Rig.Pair each : List.of(one, two)) {
                each.client().write("from one that lives on").wire().shutdownOutput();
            }
            rig().until("it is closed within " + where, () -> {
                if (!closing.isClosed() && where.equals("written")) {
                    one.client().wire().resumeReads();
                }
                return closing.isClosed();
            });
            incoming.closeThoseThatWait();
            rig().until(
                            "the peers are told",
                            () -> List.of(one.client(), two.client(), late).stream()
                                    .allMatch(each -> each.hasEnded() || each.isClosed()));
        }
    }

    private static void closeAt(String where, End end, Side closing) {
        switch (where) {
            case "connected" -> end.onConnected(each -> closing.closeSelector());
            case "read" -> end.onRead(bytes -> closing.closeSelector());
            case "inputEnded" -> end.onEnd(each -> closing.closeSelector());
            case "written" -> end.onWritten(each -> closing.closeSelector());
            case "closed" -> end.onClosed(each -> closing.closeSelector());
            default -> {} // belongs to the Acceptor
        }
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "Every buffer is released, once nothing writes it any more")
    void closing_a_selector_spoils_nothing_that_is_on_its_way() throws IOException {
        Side other = rig().side();
        for (int i = 0; i < 3; i++) {
            Side closing = rig().openSide();
            Rig.Pair pair = rig().connect(closing, other);
            pair.server().patterned();
            for (int n = 0; n < 40; n++) {
                pair.client().writePattern(MUCH / 40).flush();
            }
            closing.select(0);
            other.select(0);
            closing.closeSelector();
            assertTrue(pair.client().allReleased(), "a buffer is held after the Selector's close");
            rig().until(
                            "the peer has read what there was",
                            () -> pair.server().isClosed() || pair.server().hasEnded());
        }
    }

    @Test
    @Holds(in = Selector.class, value = "Closes the Selector and, without further events, all its Wires and Acceptors")
    void selectors_that_come_and_go_take_no_memory_with_them() throws IOException {
        comeAndGo(10); // so that everything that is created once exists now
        long memory = Native.now().blocks();
        int many = 60;
        comeAndGo(many);
        long grown = Native.now().blocks() - memory;
        for (int i = 0; i < 50 && grown >= many / 2; i++) {
            System.gc();
            LockSupport.parkNanos(10_000_000);
            grown = Native.now().blocks() - memory;
        }
        assertTrue(
                grown < many / 2,
                many + " Selectors were opened and closed, and there are " + grown
                        + " more blocks of memory outside of the heap");
    }

    private void comeAndGo(int times) throws IOException {
        for (int i = 0; i < times; i++) {
            Selector selector = tested().open(() -> Unpooled.EMPTY_BUFFER);
            selector.select(0);
            selector.close();
        }
    }
}
