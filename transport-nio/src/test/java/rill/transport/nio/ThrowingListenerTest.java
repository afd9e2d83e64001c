package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.testing.NamedEvents;
import rill.testing.RawPeer;

/** Listeners that throw, although they must not: this costs them their Wire, and harms no other. */
class ThrowingListenerTest extends OnSelector {
    /** Throws when it receives one kind of event. */
    private static final class Throwing extends NamedEvents {
        private final String at;
        Wire wire;
        boolean connected;
        boolean closed;
        Throwable cause;

        Throwing(String at) {
            this.at = at;
        }

        @Override
        protected void told(String event) {
            connected |= event.equals("connected");
            closed |= event.equals("closed");
            if (event.equals(at)) {
                throw new AssertionError("thrown at " + event);
            }
        }

        @Override
        public ByteBuf readTarget() {
            told("readTarget");
            return null;
        }

        @Override
        public void closed(Throwable why) {
            cause = why;
            super.closed(why);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"connected", "readTarget", "received", "written", "writeFailed", "inputEnded"})
    void a_listener_that_throws_loses_its_wire_and_others_go_on(String event) throws Exception {
        boolean reset = event.equals("writeFailed");
        var connected = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.send("hello");
            talk.halfClose();
            if (reset) {
                talk.waitFor(connected);
                talk.reset();
            } else {
                talk.readAll();
            }
        })) {
            var client = new Events();
            var server = new Events();
            pair(client, server);
            var throwing = new Throwing(event);
            throwing.wire = selector.connect(peer.address(), null, SocketOptions.none(), throwing);
            throwing.wire.write(text("before it is connected, so that it is told"));
            throwing.wire.flush();
            int n = 0;
            while (!throwing.closed && n++ < 10_000) {
                if (throwing.connected) {
                    connected.countDown();
                }
                if (reset) {
                    throwing.wire.write(Unpooled.wrappedBuffer(new byte[64 * 1024]));
                    throwing.wire.flush();
                }
                send(client, "x");
                selector.select(1_000_000);
            }
            assertThat(throwing.closed).isTrue();
            assertThat(throwing.cause).isInstanceOf(IOException.class);
            if (reset) { // the reported failure stays the cause, whichever callback threw
                assertThat(throwing.cause.getSuppressed())
                        .singleElement()
                        .satisfies(thrown -> assertThat(thrown).hasMessage("thrown at writeFailed"));
            } else {
                assertThat(throwing.cause).hasRootCauseMessage("thrown at " + event);
            }
            send(client, "y");
            until(() -> server.text.toString().endsWith("y"));
        }
    }

    @Test
    void one_that_throws_at_closed_harms_neither_the_others_nor_the_selector() throws Exception {
        Thread thread = Thread.currentThread();
        var heard = new ArrayList<Throwable>();
        thread.setUncaughtExceptionHandler((where, thrown) -> heard.add(thrown));
        try {
            var all = List.of(new Throwing("closed"), new Throwing("closed"), new Throwing("nothing"));
            for (Throwing each : all) {
                selector.connect(OnNio.ANY_PORT, null, SocketOptions.none(), each)
                        .close();
            }
            selector.select(0);
            assertThat(all).allMatch(each -> each.closed);
            assertThat(heard).extracting(Throwable::getMessage).containsExactly("thrown at closed", "thrown at closed");
            var client = new Events();
            pair(client, new Events());
        } finally {
            thread.setUncaughtExceptionHandler(null);
        }
    }

    @Test
    void one_that_throws_at_accepted_loses_the_socket_pauses_and_is_told_so() throws Exception {
        class ThrowingAccept implements AcceptListener {
            int accepted;
            final List<IOException> failures = new ArrayList<>();

            @Override
            public void accepted(AcceptedSocket socket) {
                if (accepted++ == 0) {
                    throw new AssertionError("thrown at accepted");
                }
                socket.close();
            }

            @Override
            public void failed(IOException cause) {
                failures.add(cause);
            }
        }

        var listener = new ThrowingAccept();
        Acceptor acceptor = selector.listen(OnNio.ANY_PORT, 0, SocketOptions.none(), listener);
        try (var one = RawPeer.connecting(acceptor.localAddress(), talk -> talk.expectEnd())) {
            until(() -> !listener.failures.isEmpty());
            one.finish(); // the socket that the listener did not take is closed
            assertThat(listener.failures)
                    .singleElement()
                    .satisfies(each -> assertThat(each).hasRootCauseMessage("thrown at accepted"));
            acceptor.resume();
            try (var two = RawPeer.connecting(acceptor.localAddress(), talk -> talk.expectEnd())) {
                until(() -> listener.accepted == 2);
                two.finish();
            }
        }
        acceptor.close();
    }
}
