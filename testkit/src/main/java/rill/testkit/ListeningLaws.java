package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;

/** An Acceptor under load and at its end, and what becomes of the connections that it has accepted. */
abstract class ListeningLaws extends BlockedLaws {
    private static final int PER_TURN = 64;

    private void exchange(End client, End server) {
        rig().until("both are connected", () -> client.isConnected() && server.isConnected());
        long there = server.read();
        long back = client.read();
        client.write("there").flush();
        server.write("back").flush();
        rig().until("both have read", () -> server.read() == there + 5 && client.read() == back + 4);
    }

    @Test
    @Holds(in = Acceptor.class, value = "those that were accepted are not affected")
    void who_was_accepted_and_not_opened_lives_on_when_the_acceptor_closes() throws IOException {
        Incoming incoming = rig().listen();
        End first = rig().side().connect(incoming.acceptor().localAddress());
        End second = rig().side().connect(incoming.acceptor().localAddress());
        rig().until("both are accepted", () -> incoming.count() == 2);
        AcceptedSocket one = incoming.take();
        AcceptedSocket other = incoming.take();
        incoming.close();
        rig().quiet();
        assertTrue(!first.isClosed() && !second.isClosed(), "the acceptor's close has closed what it had accepted");
        boolean exchanged = one.remoteAddress().equals(second.wire().localAddress())
                && !one.remoteAddress().equals(first.wire().localAddress());
        exchange(exchanged ? second : first, rig().side().open(one));
        End left = exchanged ? first : second;
        other.close();
        rig().until("the peer of the one that was closed is told", () -> left.hasEnded() || left.isClosed());
    }

    @Test
    @Holds(in = Selector.class, value = "Sockets that it has accepted belong to their receivers.")
    void who_was_accepted_and_not_opened_lives_on_when_the_selector_closes() throws IOException {
        Side other = rig().side();
        Side closing = rig().openSide();
        Incoming incoming = rig().listen(closing);
        End client = other.connect(incoming.acceptor().localAddress());
        rig().until("it is accepted", () -> incoming.count() == 1);
        AcceptedSocket socket = incoming.take();
        closing.closeSelector();
        rig().quiet();
        assertTrue(
                !client.isClosed() && !client.hasEnded(),
                "the Selector's close has closed what it had accepted: " + client);
        exchange(client, other.open(socket));
    }

    @Test
    @Holds(in = AcceptedSocket.class, value = "may be handed to another thread")
    void an_accepted_socket_may_be_opened_by_another_thread() throws Exception {
        leaveOutIf(Trait.ONE_THREAD);
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress());
        rig().until("it is accepted", () -> incoming.count() == 1);
        AcceptedSocket socket = incoming.take();
        Rig others = anotherRig();
        var failure = new AtomicReference<@Nullable Throwable>();
        Thread other = Thread.ofPlatform().name("raw-peer-driver").start(() -> {
            try {
                End server = others.side().open(socket);
                others.until("it has read", () -> server.read() == 2);
                server.write("me too").wire().shutdownOutput();
                others.until("the peer has ended", () -> server.hasEnded() && server.left() == 6);
                server.close();
                others.until("it is closed", server::isClosed);
                others.close();
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        client.write("me").wire().shutdownOutput();
        rig().until("it is answered", () -> failure.get() != null || client.hasEnded());
        rig().until("the other thread is done", () -> !other.isAlive());
        other.join();
        if (failure.get() != null) {
            throw new AssertionError("the other thread: " + failure.get().getMessage(), failure.get());
        }
        assertEquals("me too", client.text());
    }

    @Test
    @Holds(in = Acceptor.class, value = "Its turn is bounded (64 connections)")
    void a_storm_of_connections_is_accepted_in_turns() throws IOException {
        int many = 2 * PER_TURN + 20;
        var incoming = new Incoming(rig(), rig().side());
        Acceptor acceptor = rig().side().listen(rig().address(), 2 * many, incoming);
        incoming.pause();
        for (int i = 0; i < many; i++) {
            rig().side().connect(acceptor.localAddress());
        }
        rig().quiet();
        incoming.resume();
        rig().until("all are accepted", () -> {
            int before = incoming.count();
            rig().side().select(0);
            int turn = incoming.count() - before;
            rig().require(turn <= PER_TURN, turn + " connections were accepted in one turn");
            return incoming.count() >= many - PER_TURN;
        });
        rig().until("all are accepted", () -> incoming.count() == many);
    }

    @Test
    @Holds(
            in = Selector.class,
            value = "roughly how many connections may wait to be accepted, subject to the system's limits")
    void the_backlog_bounds_how_many_wait() throws IOException {
        int backlog = 4;
        int many = 40;
        var incoming = new Incoming(rig(), rig().side());
        Acceptor acceptor = rig().side().listen(rig().address(), backlog, incoming);
        incoming.pause();
        var clients = new ArrayList<End>();
        for (int i = 0; i < many; i++) {
            clients.add(rig().side().connect(acceptor.localAddress()));
        }
        rig().quiet();
        long connected = clients.stream().filter(End::isConnected).count();
        assertTrue(
                connected <= 2 * backlog + 2,
                connected + " are connected, and nobody accepts them, with a backlog of " + backlog);
        clients.forEach(End::abort);
        rig().until("all are closed", rig()::allClosed);
    }

    @Test
    @Holds(in = AcceptListener.class, value = "Accepting failed for a reason that does not concern a single connection")
    void a_client_that_goes_before_it_is_accepted_harms_nobody() throws IOException {
        for (boolean abort : new boolean[] {true, false}) {
            Incoming incoming = rig().listen();
            incoming.pause();
            SocketAddress at = incoming.acceptor().localAddress();
            End gone = rig().side().connect(at);
            rig().quiet();
            if (abort) {
                gone.abort();
            } else {
                gone.close();
            }
            End client = rig().side().connect(at);
            rig().quiet();
            incoming.resume();
            var servers = new ArrayList<End>();
            client.write("alive").flush();
            rig().until("the next one is accepted and read", () -> {
                while (!incoming.isEmpty()) {
                    servers.add(rig().side().open(incoming.take()));
                }
                return servers.stream().anyMatch(each -> each.read() == 5);
            });
            rig().until(
                            "the one that went is over",
                            () -> servers.stream()
                                    .allMatch(each -> each.read() == 5 || each.isClosed() || each.hasEnded()));
            incoming.close();
        }
    }

    @Test
    @Holds(in = Acceptor.class, value = "frees the address before it returns")
    void an_address_is_free_once_close_has_returned() throws IOException {
        SocketAddress address = rig().address();
        for (int i = 0; i < 30; i++) {
            var incoming = new Incoming(rig(), rig().side());
            Acceptor acceptor;
            try {
                acceptor = rig().side().listen(address, incoming);
            } catch (IOException e) {
                throw new AssertionError("the address was not free after the close number " + i + ": " + e, e);
            }
            address = acceptor.localAddress();
            if (i % 3 > 0) {
                rig().side().select(0);
            }
            if (i % 3 == 2) {
                End client = rig().side().connect(address);
                rig().until("it is accepted", () -> incoming.count() == 1);
                incoming.take().close();
                client.abort();
            }
            incoming.close();
        }
        End nobody = rig().side().connect(address);
        rig().until("it is refused", nobody::isClosed);
        assertEquals("closed with a cause", nobody.story().getLast());
    }

    @Test
    @Holds(in = Acceptor.class, value = "afterwards pause and resume are no-ops")
    void after_the_close_of_an_acceptor_every_call_does_nothing() throws IOException {
        Incoming incoming = rig().listen();
        SocketAddress address = incoming.acceptor().localAddress();
        incoming.close();
        for (int round = 0; round < 2; round++) { // before a select, and after
            incoming.acceptor().pause();
            incoming.acceptor().resume();
            incoming.acceptor().close();
            assertEquals(address, incoming.acceptor().localAddress());
            End nobody = rig().side().connect(address);
            rig().until("it is refused", nobody::isClosed);
        }
        assertEquals(0, incoming.count());
    }

    @Test
    @Holds(in = Selector.class, value = "and connect, listen and open")
    void connecting_listening_and_opening_are_fine_within_a_callback() throws IOException {
        var servers = new ArrayList<End>();
        var clients = new ArrayList<End>();
        Incoming incoming = rig().listen();
        incoming.onAccepted(each -> servers.add(rig().side().open(each.take()).onConnected(server -> {
            try {
                Incoming within = rig().listen();
                within.onAccepted(other -> servers.add(rig().side().open(other.take())));
                clients.add(rig().side().connect(within.acceptor().localAddress()));
            } catch (IOException e) {
                throw new AssertionError("listening within a callback", e);
            }
        })));
        End client = rig().side().connect(incoming.acceptor().localAddress());
        rig().until("two are accepted", () -> servers.size() == 2);
        exchange(client, servers.getFirst());
        exchange(clients.getFirst(), servers.getLast());
    }
}
