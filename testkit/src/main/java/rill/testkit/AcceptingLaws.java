package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;

/** Listening. */
abstract class AcceptingLaws extends ConnectingLaws {
    @Test
    @Holds(in = Acceptor.class, value = "The address it listens on, including the port that the system chose.")
    void an_acceptor_knows_the_address_that_it_listens_on() throws IOException {
        SocketAddress address = rig().listen().acceptor().localAddress();
        if (address instanceof InetSocketAddress inet) {
            assertNotEquals(0, inet.getPort());
        }
        End client = rig().side().connect(address);
        rig().quiet();
        assertTrue(!client.isClosed(), "nobody listens there: " + client);
    }

    @Test
    @Holds(in = Selector.class, value = "if the address is not available; the message names it")
    void listening_where_somebody_listens_already_names_the_address() throws IOException {
        SocketAddress taken = rig().listen().acceptor().localAddress();
        IOException refusal =
                assertThrows(IOException.class, () -> rig().side().listen(taken, new Incoming(rig(), rig().side())));
        ConnectingLaws.assertNames(refusal, taken.toString());
    }

    @Test
    @Holds(in = AcceptedSocket.class, value = "passes it to Selector.open of a Selector of the same transport")
    void an_accepted_socket_can_be_opened_on_another_selector() throws IOException {
        Side first = rig().side();
        Side second = rig().openSide();
        Incoming incoming = rig().listen(first);
        Rig.Pair pair = rig().connect(incoming, first, second);
        pair.client().write("to the other selector").flush();
        pair.server().write("and back").flush();
        rig().until(
                        "both have read",
                        () -> pair.client().read() == 8 && pair.server().read() == 21);
        assertEquals("to the other selector", pair.server().text());
        pair.server().close();
        rig().until("the end came across", () -> pair.client().hasEnded());
    }

    @Test
    @Holds(in = AcceptedSocket.class, value = "or closes it; exactly once")
    void an_accepted_socket_is_opened_once_and_not_after_its_close() throws IOException {
        Incoming incoming = rig().listen();
        End first = rig().side().connect(incoming.acceptor().localAddress());
        rig().until("it is accepted", () -> incoming.count() == 1);
        AcceptedSocket opened = incoming.take();
        assertEquals(incoming.acceptor().localAddress(), opened.localAddress());
        End server = rig().side().open(opened);
        assertThrows(IllegalStateException.class, () -> rig().side().open(opened));
        opened.close(); // nothing happens after open
        rig().until("both are connected", () -> first.isConnected() && server.isConnected());
        assertEquals(first.wire().localAddress(), opened.remoteAddress());

        End second = rig().side().connect(incoming.acceptor().localAddress());
        rig().until("the second is accepted", () -> incoming.count() == 2);
        AcceptedSocket closed = incoming.take();
        closed.close();
        closed.close();
        assertThrows(IllegalStateException.class, () -> rig().side().open(closed));
        rig().until("the peer of the closed one is told", () -> second.hasEnded() || second.isClosed());
        assertTrue(!first.isClosed() && !first.hasEnded(), "the other connection is not concerned: " + first);
    }

    @Test
    @Holds(in = Selector.class, value = "if the socket is of another transport")
    void an_accepted_socket_of_another_transport_is_refused() {
        AcceptedSocket foreign = new AcceptedSocket() {
            @Override
            public SocketAddress localAddress() {
                return new StrangeAddress();
            }

            @Override
            public SocketAddress remoteAddress() {
                return new StrangeAddress();
            }

            @Override
            public void close() {}
        };
        assertThrows(IllegalArgumentException.class, () -> rig().side().open(foreign));
    }

    @Test
    @Holds(
            in = Acceptor.class,
            value = "Stops accepting at once, also within the present turn; connections wait in the backlog.")
    void a_paused_acceptor_accepts_nobody_until_it_resumes() throws IOException {
        int many = 100; // more than a turn's worth
        var incoming = new Incoming(rig(), rig().side());
        Acceptor acceptor = rig().side().listen(rig().address(), 200, incoming);
        incoming.pause();
        incoming.pause();
        for (int i = 0; i < many; i++) {
            rig().side().connect(acceptor.localAddress());
        }
        rig().quiet();
        assertEquals(0, incoming.count(), "accepted while paused");
        incoming.resume();
        incoming.resume();
        assertEquals(0, incoming.count(), "accepted within resume");
        rig().until("all are accepted", () -> incoming.count() == many);
    }

    @Test
    @Holds(
            in = Acceptor.class,
            value = "Stops accepting at once, also within the present turn; connections wait in the backlog.")
    void pausing_within_accepted_stops_exactly_there() throws IOException {
        var incoming = new Incoming(rig(), rig().side()).onAccepted(Incoming::pause);
        Acceptor acceptor = rig().side().listen(rig().address(), incoming);
        for (int i = 0; i < 5; i++) {
            rig().side().connect(acceptor.localAddress());
        }
        for (int i = 1; i <= 5; i++) {
            int expected = i;
            rig().until("one more is accepted", () -> incoming.count() == expected);
            rig().quiet();
            assertEquals(expected, incoming.count(), "accepted in all");
            incoming.resume();
        }
    }

    @Test
    @Holds(
            in = Acceptor.class,
            value = "Stops listening and frees the address before it returns. Nothing is delivered afterwards.")
    void a_closed_acceptor_accepts_nobody_and_has_given_its_address_back() throws IOException {
        var incoming = new Incoming(rig(), rig().side()).onAccepted(Incoming::close);
        Acceptor acceptor = rig().side().listen(rig().address(), incoming);
        SocketAddress address = acceptor.localAddress();
        var clients = new ArrayList<End>();
        for (int i = 0; i < 3; i++) {
            clients.add(rig().side().connect(address));
        }
        rig().until("one is accepted", () -> incoming.count() == 1);
        acceptor.close();
        acceptor.pause();
        acceptor.resume();
        rig().quiet();
        assertEquals(1, incoming.count(), "accepted in all");
        clients.forEach(End::abort);
        incoming.take().close();
        rig().until("the clients are closed", () -> clients.stream().allMatch(End::isClosed));

        End refused = rig().side().connect(address);
        rig().until("connecting there is refused", refused::isClosed);
        var again = new Incoming(rig(), rig().side());
        rig().side().listen(address, again);
        rig().side().connect(address);
        rig().until("another one accepts at the same address", () -> again.count() == 1);
    }

    @Test
    @Holds(
            in = Acceptor.class,
            value = "Connections that wait in the backlog are reset; those that were accepted are not affected.")
    void who_waited_to_be_accepted_is_told_when_the_acceptor_closes() throws IOException {
        Incoming incoming = rig().listen();
        incoming.pause();
        List<End> clients = List.of(
                rig().side().connect(incoming.acceptor().localAddress()),
                rig().side().connect(incoming.acceptor().localAddress()));
        rig().quiet();
        incoming.close();
        rig().until("each is told", () -> clients.stream().allMatch(each -> each.isClosed() || each.hasEnded()));
        if (!has(Trait.NO_RESET)) {
            assertTrue(
                    clients.stream().allMatch(each -> each.isClosed() && !each.hasEnded()),
                    "a reset is a close with a cause, and no end: " + clients);
        }
    }

    @Test
    @Holds(in = AcceptListener.class, value = "The receiver owns the socket: it opens it on a Selector, or closes it.")
    void bytes_sent_before_the_socket_was_opened_are_not_lost() throws IOException {
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress());
        client.write("early").flush();
        rig().until("it is accepted", () -> incoming.count() == 1);
        rig().quiet();
        End server = rig().side().open(incoming.take());
        assertEquals(List.of(), server.story(), "events within open");
        rig().until("the early bytes came", () -> server.read() == 5);
        assertEquals("early", server.text());
        assertEquals(List.of("connected", "read"), server.story());
    }

    @Test
    @Holds(in = Selector.class, value = "if this transport does not support this kind of address or an option")
    void an_option_that_there_is_not_leaves_an_accepted_socket_to_nobody() throws IOException {
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress());
        rig().until("it is accepted", () -> incoming.count() == 1);
        AcceptedSocket socket = incoming.take();
        SocketOptions options = SocketOptions.none().with(StrangeOption.INSTANCE, true);
        ConnectingLaws.assertNames(
                assertThrows(
                        IllegalArgumentException.class,
                        () -> rig().side().selector().open(socket, options, new End(rig(), rig().side()))),
                tested().name(),
                StrangeOption.INSTANCE.name());
        rig().until("the peer is told", () -> client.hasEnded() || client.isClosed());
    }
}
