package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Connecting, and how it may fail. */
abstract class ConnectingLaws extends OnTransport {
    /** The first of a range of ports that are never given out where any free port is asked for, by the system or by Rill's transports. */
    private static final int SELDOM_USED = 10_000;

    private static final int SELDOM_USED_PORTS = 10_000;

    @Test
    @Holds(in = Selector.class, value = "always delivered by a later select")
    void connected_comes_from_a_later_select_and_is_the_first_event() throws IOException {
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress());
        assertEquals(List.of(), client.story(), "events within connect");
        rig().until("it is connected", () -> incoming.count() == 1 && openAnd(incoming) && client.isConnected());
        assertEquals(List.of("connected"), client.story());
    }

    private boolean openAnd(Incoming incoming) {
        if (!incoming.isEmpty()) {
            rig().side().open(incoming.take());
        }
        return true;
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "The stream is open and both addresses are known.")
    void both_ends_know_both_addresses_once_connected_and_still_after_close() throws IOException {
        Incoming incoming = rig().listen();
        SocketAddress at = incoming.acceptor().localAddress();
        End early = rig().side().connect(at);
        assertEquals(at, early.wire().remoteAddress(), "the remote address, before connected");
        assertNull(early.wire().localAddress(), "the local address, before connected");
        early.abort();
        Rig.Pair pair = rig().connect();
        Wire client = pair.client().wire();
        Wire server = pair.server().wire();
        SocketAddress clientAddress = client.localAddress();
        assertNotNull(clientAddress, "the client's local address");
        assertEquals(clientAddress, server.remoteAddress(), "what the server takes for the client's address");
        assertEquals(client.remoteAddress(), server.localAddress(), "the server's own address");
        pair.client().close();
        pair.server().close();
        rig().until(
                        "both are closed",
                        () -> pair.client().isClosed() && pair.server().isClosed());
        assertEquals(clientAddress, client.localAddress(), "the local address, after close");
        assertEquals(clientAddress, server.remoteAddress(), "the remote address, after close");
        assertEquals(client.remoteAddress(), server.localAddress(), "the server's own address, after close");
    }

    @Test
    @Holds(in = Selector.class, value = "the address to bind first, or null")
    void connecting_from_an_address_of_ones_own_shows_at_both_ends() throws IOException {
        leaveOutIf(Trait.NO_PORTS);
        Incoming incoming = rig().listen();
        var listening = (InetSocketAddress) incoming.acceptor().localAddress();
        InetAddress host = listening.getAddress();
        SocketAddress local = new InetSocketAddress(host, SELDOM_USED + listening.getPort() % SELDOM_USED_PORTS);
        for (SocketAddress from : List.of(new InetSocketAddress(host, 0), local)) {
            End client = rig().side().connect(incoming.acceptor().localAddress(), from, SocketOptions.none());
            int before = incoming.count();
            rig().until("it is accepted", () -> incoming.count() > before || client.isClosed());
            End server = rig().side().open(incoming.take());
            rig().until("both are connected", () -> client.isConnected() && server.isConnected());
            var bound = (InetSocketAddress) client.wire().localAddress();
            assertNotNull(bound);
            assertEquals(host, bound.getAddress());
            assertEquals(bound, server.wire().remoteAddress());
            if (from == local) {
                assertEquals(local, bound);
            }
        }
    }

    @Test
    @Holds(in = Selector.class, value = "or WireListener.closed with the cause")
    void an_address_that_can_not_be_bound_is_that_connections_failure() throws IOException {
        leaveOutIf(Trait.NO_PORTS);
        Incoming incoming = rig().listen();
        SocketAddress taken = incoming.acceptor().localAddress();
        End client = rig().side().connect(taken, taken, SocketOptions.none());
        rig().until("the failure is told", client::isClosed);
        assertEquals(List.of("closed with a cause"), client.story());
        assertInstanceOf(IOException.class, client.cause());
    }

    @Test
    @Holds(in = WireListener.class, value = "why, naming the peer's address")
    void refused_is_a_failure_that_names_the_peer() throws IOException {
        SocketAddress nobody = addressOfNobody();
        End client = rig().side().connect(nobody);
        assertEquals(List.of(), client.story(), "events within connect");
        rig().until("the failure is told", client::isClosed);
        assertEquals(List.of("closed with a cause"), client.story());
        Throwable cause = assertInstanceOf(IOException.class, client.cause());
        assertTrue(
                String.valueOf(cause.getMessage()).contains(nobody.toString()), "the cause names the peer: " + cause);
    }

    private SocketAddress addressOfNobody() throws IOException {
        Incoming incoming = rig().listen();
        SocketAddress address = incoming.acceptor().localAddress();
        incoming.close();
        rig().quiet();
        return address;
    }

    @Test
    @Holds(in = WireListener.class, value = "closed once, even if there was no connected")
    void a_connect_that_is_given_up_at_once_ends_without_a_cause() throws IOException {
        for (boolean abort : new boolean[] {false, true}) {
            Incoming incoming = rig().listen();
            End client = rig().side().connect(incoming.acceptor().localAddress());
            client.write("never sent");
            give(client, abort);
            assertTrue(client.allReleased(), "close releases unsent buffers");
            rig().until("it is closed", client::isClosed);
            assertEquals(List.of("closed"), client.story());
        }
    }

    @Test
    @Holds(in = Selector.class, value = "There is no time limit; to impose one, the caller calls Wire.abort().")
    void connects_that_nobody_accepts_can_be_given_up_while_they_are_under_way() throws IOException {
        var incoming = new Incoming(rig(), rig().side());
        Acceptor acceptor = rig().side().listen(rig().address(), 1, incoming);
        incoming.pause();
        var clients = new ArrayList<End>();
        for (int i = 0; i < 8; i++) {
            clients.add(rig().side().connect(acceptor.localAddress()));
            clients.getLast().write("never read");
        }
        rig().quiet();
        for (int i = 0; i < clients.size(); i++) {
            give(clients.get(i), i % 2 == 0);
        }
        rig().until("all are closed", () -> clients.stream().allMatch(End::isClosed));
        assertEquals(0, incoming.count(), "accepted while paused");
    }

    private static void give(End client, boolean abort) {
        if (abort) {
            client.abort();
        } else {
            client.close();
        }
    }

    @Test
    @Holds(in = WireListener.class, value = "last, and always, closed once")
    void closing_within_connected_ends_it_there() throws IOException {
        Incoming incoming = rig().listen();
        for (boolean abort : new boolean[] {false, true}) {
            End client =
                    rig().side().connect(incoming.acceptor().localAddress()).onConnected(end -> give(end, abort));
            rig().until("it is closed", () -> {
                openAnd(incoming);
                return client.isClosed();
            });
            assertEquals(List.of("connected", "closed"), client.story());
        }
    }

    @Test
    @Holds(in = Selector.class, value = "if this transport does not support this kind of address or an option")
    void an_address_of_a_kind_that_there_is_not_is_refused_with_its_name() {
        SocketAddress strange = new StrangeAddress();
        for (IllegalArgumentException refusal : List.of(
                assertThrows(IllegalArgumentException.class, () -> rig().side().connect(strange)),
                assertThrows(
                        IllegalArgumentException.class,
                        () -> rig().side().listen(strange, new Incoming(rig(), rig().side()))))) {
            assertNames(refusal, tested().name(), StrangeAddress.class.getName());
        }
    }

    @Test
    @Holds(in = Selector.class, value = "if this transport does not support this kind of address or an option")
    void an_option_that_there_is_not_is_refused_with_its_name() throws IOException {
        Incoming incoming = rig().listen();
        SocketAddress at = incoming.acceptor().localAddress();
        SocketOptions options = SocketOptions.none().with(StrangeOption.INSTANCE, true);
        assertNames(
                assertThrows(IllegalArgumentException.class, () -> rig().side().connect(at, null, options)),
                tested().name(),
                StrangeOption.INSTANCE.name());
        SocketAddress free = listenAddress();
        assertNames(
                assertThrows(
                        IllegalArgumentException.class,
                        () -> rig().side().selector().listen(free, 0, options, new Incoming(rig(), rig().side()))),
                tested().name(),
                StrangeOption.INSTANCE.name());
        rig().quiet();
        assertEquals(0, incoming.count(), "connections made although the option was refused");
    }

    @Test
    @Holds(in = Wire.class, value = "naming option and transport, if the transport does not support the option")
    void an_option_that_a_wire_has_not_is_refused_with_its_name() throws IOException {
        Wire wire = rig().connect().client().wire();
        for (IllegalArgumentException refusal : List.of(
                assertThrows(IllegalArgumentException.class, () -> wire.set(StrangeOption.INSTANCE, true)),
                assertThrows(IllegalArgumentException.class, () -> wire.get(StrangeOption.INSTANCE)))) {
            assertNames(refusal, tested().name(), StrangeOption.INSTANCE.name());
        }
    }

    static void assertNames(Exception refusal, String... names) {
        for (String name : names) {
            assertTrue(
                    String.valueOf(refusal.getMessage()).contains(name), "the refusal names " + name + ": " + refusal);
        }
    }

    @Test
    @Tag("slow")
    @Holds(in = Wire.class, value = "One byte stream to a peer.")
    void a_thousand_quick_connections_get_their_own_bytes_alone() throws IOException {
        Incoming incoming = rig().listen();
        for (int i = 0; i < 1000; i++) {
            String mine = "connection " + i;
            Rig.Pair pair = rig().connect(incoming, rig().side(), rig().side());
            End client = pair.client();
            End server = pair.server();
            client.write(mine).flush();
            server.write("to " + mine).flush();
            rig().until(
                            "each has its bytes",
                            () -> client.read() >= mine.length() + 3 && server.read() >= mine.length());
            assertEquals("to " + mine, client.text());
            assertEquals(mine, server.text());
            if (i % 3 == 0) {
                client.abort();
                server.close();
            } else {
                client.close();
                server.abort();
            }
        }
        rig().until("all are closed", rig()::allClosed);
    }
}
