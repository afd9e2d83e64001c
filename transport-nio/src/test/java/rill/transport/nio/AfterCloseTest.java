package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.testing.RawPeer;

/** Calls after close, and close within a callback. */
class AfterCloseTest extends OnSelector {
    private static final int MOST = 5;

    @Test
    void a_closed_selector_refuses_to_select_to_connect_and_to_listen() {
        selector.close();
        for (long timeout : new long[] {0, 1_000_000, Selector.FOREVER}) {
            assertThatThrownBy(() -> selector.select(timeout)).isInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(() -> connect(OnNio.ANY_PORT, new Events()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> listen(new Accepting()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void a_closed_selector_refuses_to_open_a_socket_and_closes_it() throws Exception {
        var accepting = new Accepting();
        Acceptor acceptor = listen(accepting);
        try (var peer = RawPeer.connecting(acceptor.localAddress(), talk -> talk.expectEnd())) {
            until(() -> accepting.sockets.size() == 1);
            selector.close();
            AcceptedSocket socket = accepting.sockets.getFirst();
            assertThatThrownBy(() -> open(socket, new Events()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            peer.finish();
        }
    }

    @Test
    void a_wakeup_after_close_does_nothing() throws Exception {
        selector.close();
        selector.close();
        assertThatCode(selector::wakeup).doesNotThrowAnyException();
        assertThatCode(() -> Thread.ofPlatform().start(selector::wakeup).join()).doesNotThrowAnyException();
    }

    @Test
    void nothing_is_told_once_a_read_has_closed_the_selector() throws Exception {
        var a = new Events();
        var b = new Events();
        var c = new Events();
        var d = new Events();
        pair(a, b);
        pair(c, d);
        ByteBuf unsent = text("never sent");
        b.onRead = () -> {
            d.wire.write(unsent);
            selector.close();
        };
        d.onRead = b.onRead;
        send(a, "x");
        send(c, "x");
        var closing = new Events();
        connect(OnNio.ANY_PORT, closing).close(); // notified last, if at all
        until(() -> b.text.length() + d.text.length() > 0);
        assertThat(b.text.length() + d.text.length()).as("reads told").isEqualTo(1);
        assertThat(List.of(a, b, c, d, closing)).noneMatch(each -> each.closed);
        assertThat(unsent.refCnt()).isZero();
    }

    @Test
    void nothing_is_told_once_a_closed_has_closed_the_selector() throws Exception {
        var told = new Events[3];
        for (int i = 0; i < told.length; i++) {
            told[i] = new Events();
            told[i].onClosed = selector::close;
            connect(OnNio.ANY_PORT, told[i]).close();
        }
        until(() -> told[0].closed);
        assertThat(told[1].closed || told[2].closed).isFalse();
    }

    @Test
    void nothing_is_accepted_once_an_accepted_has_closed_the_selector() throws Exception {
        class Closing implements AcceptListener {
            int count;

            @Override
            public void accepted(AcceptedSocket socket) {
                count++;
                socket.close();
                selector.close();
            }

            @Override
            public void failed(IOException cause) {
                throw new AssertionError(cause);
            }
        }

        var closing = new Closing();
        Acceptor acceptor = selector.listen(OnNio.ANY_PORT, 0, SocketOptions.none(), closing);
        try (var one = RawPeer.connecting(acceptor.localAddress(), talk -> {});
                var two = RawPeer.connecting(acceptor.localAddress(), talk -> {})) {
            one.finish();
            two.finish();
            until(() -> closing.count > 0);
            assertThat(closing.count).isEqualTo(1);
        }
    }

    @Test
    void a_closed_acceptor_does_nothing_more() throws Exception {
        Acceptor acceptor = listen(new Accepting());
        var address = acceptor.localAddress();
        acceptor.close();
        assertThatCode(() -> {
                    acceptor.close();
                    acceptor.pause();
                    acceptor.resume();
                    selector.select(0);
                })
                .doesNotThrowAnyException();
        assertThat(acceptor.localAddress()).isEqualTo(address);
    }

    @Test
    void who_has_closed_before_a_failure_is_told_hears_of_no_cause() throws Exception {
        var events = new Events();
        var accepting = new Accepting();
        Acceptor acceptor = listen(accepting);
        var nobody = acceptor.localAddress();
        selector.connect(nobody, nobody, SocketOptions.none(), events).close(); // an address that can't be bound
        until(() -> events.closed);
        assertThat(events.cause).isNull();
        acceptor.close();
    }

    @Test
    void closed_is_told_once_if_the_listener_closes_when_the_last_bytes_before_a_half_close_are_written()
            throws Exception {
        var client = new Events();
        var server = new Events();
        pair(client, server);
        client.onWritten = () -> client.wire.close();
        client.wire.write(text("the last"));
        client.wire.shutdownOutput();
        until(() -> client.closed && server.log.contains("inputEnded"));
        client.wire.shutdownOutput();
        selector.select(0);
        selector.select(0);
        assertThat(client.log).containsOnlyOnce("closed").endsWith("closed");
        assertThat(server.text).asString().isEqualTo("the last");
    }

    @Test
    void a_close_with_input_unread_is_a_reset() throws Exception {
        for (int round = 0; round < 20; round++) {
            var sent = new CountDownLatch(1);
            try (var peer = RawPeer.listening(talk -> {
                talk.send("never read");
                sent.countDown();
                talk.expectReset();
            })) {
                var events = new Events();
                connect(peer.address(), events).pauseReads();
                until(() -> events.log.contains("connected"));
                OnNio.waitFor(sent);
                events.wire.close();
                until(() -> events.closed);
                peer.finish();
            }
        }
    }

    @Test
    void what_a_listener_causes_is_told_by_a_later_select() throws Exception {
        var all = new ArrayList<Events>();
        connectAndCloseAgain(all);
        for (int n = 1; n <= MOST; n++) {
            selector.select(0);
            assertThat(all.stream().filter(each -> each.closed)).hasSize(n);
        }
    }

    private void connectAndCloseAgain(List<Events> all) {
        var events = new Events();
        all.add(events);
        if (all.size() < MOST) {
            events.onClosed = () -> connectAndCloseAgain(all);
        }
        connect(OnNio.ANY_PORT, events).close();
    }
}
