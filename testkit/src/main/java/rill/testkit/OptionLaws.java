package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.spi.AcceptedSocket;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;

/** Options: where they may be set, that they take effect, and which are refused. */
abstract class OptionLaws extends WaitingLaws {
    private static final List<SocketOption<Boolean>> SWITCHES =
            List.of(StandardSocketOptions.TCP_NODELAY, StandardSocketOptions.SO_KEEPALIVE);

    /** Whether the transport has this option; if not, it fails in the same way wherever the option is asked for. */
    private boolean has(Wire wire, SocketOption<Boolean> option) throws IOException {
        try {
            wire.set(option, true);
            return true;
        } catch (IllegalArgumentException refused) {
            ConnectingLaws.assertNames(refused, option.name());
            assertThrows(
                    IllegalArgumentException.class,
                    () -> wire.get(option),
                    option + " is refused by set and not by get");
            return false;
        }
    }

    /** An option that the transport ignores always reads as true. */
    private static void assertRead(Wire wire, SocketOption<Boolean> option, boolean set, String where)
            throws IOException {
        boolean mayBeIgnored = option == StandardSocketOptions.TCP_NODELAY;
        boolean read = wire.get(option);
        assertTrue(
                read == set || (read && mayBeIgnored),
                option + " was set to " + set + where + ", and is read as " + read);
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "an option that was set can be read")
    void an_option_that_is_set_while_a_wire_lives_is_what_is_read_then() throws IOException {
        Wire wire = rig().connect().client().wire();
        for (SocketOption<Boolean> option : SWITCHES) {
            if (has(wire, option)) {
                for (boolean value : new boolean[] {false, true, false}) {
                    wire.set(option, value);
                    assertRead(wire, option, value, "");
                }
            }
        }
    }

    @Test
    @Holds(in = Selector.class, value = "an option that was set can be read")
    void options_given_to_connect_and_to_open_are_those_of_the_wire() throws IOException {
        Wire probe = rig().connect().client().wire();
        for (SocketOption<Boolean> option : SWITCHES) {
            if (!has(probe, option)) {
                continue;
            }
            for (boolean value : new boolean[] {true, false}) {
                SocketOptions given = SocketOptions.none().with(option, value);
                Incoming incoming = rig().listen();
                End client = rig().side().connect(incoming.acceptor().localAddress(), null, given);
                rig().until("it is accepted", () -> incoming.count() == 1);
                End server = rig().side().open(incoming.take(), given);
                rig().until("both are connected", () -> client.isConnected() && server.isConnected());
                assertRead(client.wire(), option, value, " in connect");
                assertRead(server.wire(), option, value, " in open");
                incoming.close();
            }
        }
    }

    @Test
    @Holds(in = Selector.class, value = "so the first unsupported one is the one refused")
    void options_are_applied_in_their_order() throws IOException {
        Incoming incoming = rig().listen();
        SocketAddress at = incoming.acceptor().localAddress();
        SocketOptions options = SocketOptions.none()
                .with(StandardSocketOptions.SO_REUSEADDR, true)
                .with(StrangeOption.INSTANCE, true)
                .with(StrangeOption.ANOTHER, true);
        SocketAddress free = listenAddress();
        rig().side().connect(at);
        rig().until("it is accepted", () -> incoming.count() == 1);
        AcceptedSocket socket = incoming.take();
        for (IllegalArgumentException refusal : List.of(
                assertThrows(IllegalArgumentException.class, () -> rig().side().connect(at, null, options)),
                assertThrows(IllegalArgumentException.class, () -> rig().side().open(socket, options)),
                assertThrows(
                        IllegalArgumentException.class,
                        () -> rig().side().selector().listen(free, 0, options, new Incoming(rig(), rig().side()))))) {
            String message = String.valueOf(refusal.getMessage());
            boolean reuseIsNone = message.contains(StandardSocketOptions.SO_REUSEADDR.name());
            assertTrue(
                    reuseIsNone || message.contains(StrangeOption.INSTANCE.name()),
                    "the first option that there is not is named: " + refusal);
        }
    }

    @Test
    @Holds(in = Selector.class, value = "A transport for which these have no meaning accepts and ignores them")
    void what_a_loop_asks_for_is_never_refused() throws IOException {
        leaveOutIf(Trait.NO_PORTS);
        SocketAddress address = rig().address();
        var incoming = new Incoming(rig(), rig().side());
        incoming.by(rig().side()
                .selector()
                .listen(address, 0, SocketOptions.none().with(StandardSocketOptions.SO_REUSEADDR, true), incoming));
        SocketOptions noDelay = SocketOptions.none().with(StandardSocketOptions.TCP_NODELAY, true);
        End client = rig().side().connect(incoming.acceptor().localAddress(), null, noDelay);
        rig().until("it is accepted", () -> incoming.count() == 1);
        End server = rig().side().open(incoming.take(), noDelay);
        rig().until("both are connected", () -> client.isConnected() && server.isConnected());
        assertEquals(true, client.wire().get(StandardSocketOptions.TCP_NODELAY));
        assertEquals(true, server.wire().get(StandardSocketOptions.TCP_NODELAY));
    }

    @Test
    @InBothRoles
    @Holds(in = Selector.class, value = "is refused, since a close that lingers would block the loop")
    void a_linger_of_more_than_0_is_refused_wherever_it_is_given() throws IOException {
        SocketOptions lingering = SocketOptions.none().with(StandardSocketOptions.SO_LINGER, 7);
        Rig.Pair pair = rig().connect();
        Incoming incoming = rig().listen();
        SocketAddress at = incoming.acceptor().localAddress();
        End client = rig().side().connect(at);
        rig().until("it is accepted", () -> incoming.count() == 1);
        AcceptedSocket socket = incoming.take();
        for (IllegalArgumentException refusal : List.of(
                assertThrows(
                        IllegalArgumentException.class,
                        () -> pair.client().wire().set(StandardSocketOptions.SO_LINGER, 7)),
                assertThrows(IllegalArgumentException.class, () -> rig().side().connect(at, null, lingering)),
                assertThrows(IllegalArgumentException.class, () -> rig().side().open(socket, lingering)))) {
            ConnectingLaws.assertNames(refusal, StandardSocketOptions.SO_LINGER.name());
        }
        rig().until("the peer is told", () -> client.hasEnded() || client.isClosed());
        pair.client().write("still there").flush();
        rig().until("it is read", () -> pair.server().read() == 11);
    }

    @Test
    @Holds(in = Selector.class, value = "or if the name in an address was not resolved")
    void an_unresolved_address_is_refused_with_its_name() throws IOException {
        SocketAddress unresolved = InetSocketAddress.createUnresolved("unresolved.invalid", 4711);
        Incoming incoming = rig().listen();
        for (IllegalArgumentException refusal : List.of(
                assertThrows(IllegalArgumentException.class, () -> rig().side().connect(unresolved)),
                assertThrows(
                        IllegalArgumentException.class,
                        () -> rig().side()
                                .connect(incoming.acceptor().localAddress(), unresolved, SocketOptions.none())),
                assertThrows(
                        IllegalArgumentException.class,
                        () -> rig().side().listen(unresolved, new Incoming(rig(), rig().side()))))) {
            ConnectingLaws.assertNames(refusal, "unresolved.invalid");
        }
        rig().quiet();
        assertEquals(0, incoming.count(), "connections made although the address was refused");
    }
}
