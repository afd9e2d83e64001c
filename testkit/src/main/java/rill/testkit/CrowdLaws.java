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

/** Many Wires at once, and the calls of a Wire other than reading and writing. */
abstract class CrowdLaws extends ThrowingLaws {
    private static final int MANY = 150;

    private List<Rig.Pair> crowd() throws IOException {
        var pairs = new ArrayList<Rig.Pair>();
        Incoming incoming = rig().listen();
        for (int i = 0; i < MANY; i++) {
            pairs.add(rig().connect(incoming, rig().side(), rig().side()));
        }
        return pairs;
    }

    @Test
    @Holds(in = WireListener.class, value = "last, and always, closed once")
    void many_that_are_closed_at_once_are_told_each() throws IOException {
        List<Rig.Pair> pairs = crowd();
        pairs.getFirst()
                .server()
                .onRead(bytes -> pairs.forEach(each -> each.client().close()));
        pairs.getFirst().client().write("x").flush();
        rig().until(
                        "all are told of the end, and each of its own close",
                        () -> pairs.stream()
                                .allMatch(each -> each.client().isClosed()
                                        && (each.server().hasEnded()
                                                || each.server().isClosed())));
        pairs.forEach(each -> each.server().close());
        rig().until("all are closed", rig()::allClosed);
    }

    @Test
    @Holds(in = Selector.class, value = "the rest is delivered by the next call")
    void many_that_are_ready_at_once_are_all_served() throws IOException {
        List<Rig.Pair> pairs = crowd();
        rig().quiet();
        for (Rig.Pair each : pairs) {
            each.client().write("to all of them").flush();
            each.server().write("from all of them").flush();
        }
        rig().until(
                        "all have read",
                        () -> pairs.stream()
                                .allMatch(each -> each.client().read() == 16
                                        && each.server().read() == 14));
    }

    @Test
    @InBothRoles
    @Holds(
            in = Wire.class,
            value = "takes one reference, which is released once the bytes are written or the Wire is closed")
    void a_write_takes_one_reference_and_no_more() throws IOException {
        Rig.Pair pair = rig().connect();
        ByteBuf shared = Unpooled.copiedBuffer("again and ", StandardCharsets.ISO_8859_1);
        rig().closeAfterwards(() -> assertEquals(1, shared.refCnt(), "references left of those that nobody gave away"));
        for (int i = 0; i < 3; i++) {
            pair.client().writeShared(shared.retainedDuplicate());
        }
        pair.client().flush().wire().shutdownOutput();
        rig().until("all has come", () -> pair.server().hasEnded());
        assertEquals("again and again and again and ", pair.server().text());
        pair.client().wire().write(shared.retainedDuplicate()); // too late
        assertTrue(shared.refCnt() >= 1, "references to a buffer that others have as well");
        pair.client().close();
    }

    @Test
    @InBothRoles
    @Holds(in = Wire.class, value = "Stops the read side at once")
    void one_that_does_not_read_still_ends_its_output() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.client().pause();
        pair.server().write("unread").flush();
        rig().quiet();
        pair.client().write("the last").wire().shutdownOutput();
        rig().until("the end came", () -> pair.server().hasEnded());
        assertEquals("the last", pair.server().text());
        pair.client().resume();
        rig().until("what was unread is read", () -> pair.client().read() == 6);
    }

    @Test
    @Holds(in = Wire.class, value = "if the system does not report it, or while there is no connection")
    void before_there_is_a_connection_nobody_knows_what_is_unacknowledged() throws IOException {
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress());
        client.write("on its way").flush();
        assertEquals(Wire.UNKNOWN, client.wire().unacknowledged(), "unacknowledged before connected");
        rig().until("it is accepted", () -> incoming.count() == 1);
        End server = rig().side().open(incoming.take());
        rig().until("it is read", () -> server.read() == 10);
    }
}
