package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import rill.spi.WireListener;

/** Whole conversations: the events that listeners receive are the same on every transport, one by one. */
abstract class StoryLaws extends CrowdLaws {
    private void assertStories(Rig.Pair pair, List<String> client, List<String> server) {
        rig().until("both are closed", rig()::allClosed);
        rig().quiet();
        assertEquals(client, pair.client().story(), "what the client was told");
        assertEquals(server, pair.server().story(), "what the server was told");
    }

    private static void when(End end, String text, Consumer<End> then) {
        if (end.text().equals(text)) {
            then.accept(end);
        }
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "The receiver of one Wire's events, in this order")
    void a_request_and_its_answer_with_the_client_ending_first() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.server().onEnd(server -> {
            server.write("answer");
            server.wire().shutdownOutput();
        });
        pair.client().onEnd(End::close);
        pair.client().onClosed(client -> pair.server().close());
        pair.client().write("request");
        pair.client().wire().shutdownOutput();
        assertStories(
                pair,
                List.of("connected", "read", "inputEnded", "closed"),
                List.of("connected", "read", "inputEnded", "closed"));
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "The receiver of one Wire's events, in this order")
    void an_answer_that_ends_the_connection() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.server().onRead(bytes -> {
            pair.server().write("answer");
            pair.server().wire().shutdownOutput();
        });
        pair.client().onEnd(End::close);
        pair.server().onEnd(End::close);
        pair.client().write("request").flush();
        assertStories(
                pair,
                List.of("connected", "read", "inputEnded", "closed"),
                List.of("connected", "read", "inputEnded", "closed"));
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "The receiver of one Wire's events, in this order")
    void a_conversation_that_the_client_breaks_off() throws IOException {
        Rig.Pair pair = rig().connect();
        // Each side waits for the whole message: while part of the answer is in flight, the server may be notified of a
        // failed write.
        pair.server()
                .onRead(bytes -> when(
                        pair.server(),
                        "request",
                        server -> server.write("answer").flush()));
        pair.server().onEnd(End::close);
        pair.client().onRead(bytes -> when(pair.client(), "answer", End::abort));
        pair.client().write("request").flush();
        List<String> broken = has(Trait.NO_RESET)
                ? List.of("connected", "read", "inputEnded", "closed")
                : List.of("connected", "read", "closed with a cause");
        rig().until("both are closed", rig()::allClosed);
        assertStories(pair, List.of("connected", "read", "closed"), broken);
    }

    @Test
    @Holds(in = WireListener.class, value = "The receiver of one Wire's events, in this order")
    void a_peer_that_closes_at_once_after_it_was_accepted() throws IOException {
        Incoming incoming = rig().listen();
        End client = rig().side().connect(incoming.acceptor().localAddress()).onEnd(End::close);
        rig().until("it is accepted", () -> incoming.count() == 1);
        End server = rig().side().open(incoming.take()).onConnected(End::close);
        assertStories(
                new Rig.Pair(client, server),
                List.of("connected", "inputEnded", "closed"),
                List.of("connected", "closed"));
    }

    @Test
    @InBothRoles
    @Holds(in = WireListener.class, value = "The receiver of one Wire's events, in this order")
    void a_close_on_both_sides_at_once() throws IOException {
        Rig.Pair pair = rig().connect();
        pair.client().close();
        pair.server().close();
        assertStories(pair, List.of("connected", "closed"), List.of("connected", "closed"));
    }
}
