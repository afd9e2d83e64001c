package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.testing.RawPeer;

/** Selector and Wire, without a loop on top. */
class SelectorTest extends OnSelector {
    @Test
    void writes_before_connected_leave_in_order_and_are_counted_once() throws Exception {
        try (var peer = RawPeer.listening(talk -> {
            talk.expectLine("one two three");
            talk.expectEnd();
        })) {
            var events = new Events();
            Wire wire = connect(peer.address(), events);
            long flushed = 0;
            for (String part : List.of("one ", "two ", "three\n")) {
                wire.write(text(part));
                flushed += wire.flush();
            }
            assertThat(events.log).as("nothing is told before select").isEmpty();
            until(() -> events.written > 0);
            assertThat(flushed + events.written).isEqualTo(14);
            assertThat(events.log.getFirst()).isEqualTo("connected");
            wire.close();
            until(() -> events.closed);
            peer.finish();
        }
    }

    @Test
    void an_unsent_buffer_is_released_before_closed_is_told() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.waitFor(new CountDownLatch(1)))) {
            var events = new Events();
            Wire wire = connect(peer.address(), events);
            until(() -> events.log.contains("connected"));
            ByteBuf large = Unpooled.directBuffer(30_000_000).writerIndex(30_000_000);
            wire.write(large);
            wire.flush();
            assertThat(large.refCnt()).isEqualTo(1);
            wire.abort();
            until(() -> events.closed);
            assertThat(large.refCnt()).isZero();
            assertThat(events.cause).isNull();
        }
    }

    @Test
    void closing_the_selector_releases_what_its_wires_hold_and_tells_nothing() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.waitFor(new CountDownLatch(1)))) {
            var open = new Events();
            var connecting = new Events();
            Wire first = connect(peer.address(), open);
            until(() -> open.log.contains("connected"));
            List<ByteBuf> unsent = List.of(Unpooled.directBuffer(30_000_000).writerIndex(30_000_000), text("never"));
            first.write(unsent.get(0));
            first.flush();
            connect(peer.address(), connecting).write(unsent.get(1));
            selector.listen(OnNio.ANY_PORT, 0, SocketOptions.none(), new Accepting());
            selector.close();
            selector.close();
            assertThat(unsent).allMatch(each -> each.refCnt() == 0);
            assertThat(open.closed || connecting.closed).isFalse();
        }
    }

    @Test
    void a_wire_that_an_earlier_event_of_the_same_batch_has_closed_hears_nothing_more() throws Exception {
        for (int round = 0; round < 20; round++) {
            boolean abort = round % 2 == 0;
            var sent = new CountDownLatch(2);
            try (var peer = RawPeer.listening(talk -> {
                talk.send("ready");
                sent.countDown();
                try {
                    talk.readAll();
                } catch (java.net.SocketException reset) {
                    // If it was not aborted, it was closed with unread input.
                }
            })) {
                var a = new Events();
                var b = new Events();
                connect(peer.address(), a);
                connect(peer.address(), b);
                a.connectedThen = () -> a.wire.pauseReads();
                b.connectedThen = () -> b.wire.pauseReads();
                until(() -> a.log.contains("connected") && b.log.contains("connected"));
                OnNio.waitFor(sent); // so that both are readable in the next select
                a.onRead = abort ? () -> b.wire.abort() : () -> b.wire.close();
                b.onRead = abort ? () -> a.wire.abort() : () -> a.wire.close();
                a.wire.resumeReads();
                b.wire.resumeReads();
                until(() -> a.closed || b.closed);
                selector.select(0);
                Events survivor = a.closed ? b : a;
                assertThat(a.closed && b.closed).as("both").isFalse();
                assertThat(survivor.text).asString().isEqualTo("ready");
                survivor.wire.close();
                until(() -> a.closed && b.closed);
                peer.finish();
            }
        }
    }

    @Test
    void a_reset_in_the_same_batch_of_a_wire_that_was_closed_before_it_harms_nobody() throws Exception {
        for (boolean dataFirst : new boolean[] {true, false}) {
            var go = List.of(new CountDownLatch(1), new CountDownLatch(1));
            var done = List.of(new CountDownLatch(1), new CountDownLatch(1));
            try (var peer = RawPeer.listening(
                    talk -> {
                        talk.waitFor(go.get(0));
                        talk.send("data");
                        done.get(0).countDown();
                        talk.readAll();
                    },
                    talk -> {
                        talk.waitFor(go.get(1));
                        talk.reset();
                        done.get(1).countDown();
                    })) {
                var a = new Events();
                var b = new Events();
                connect(peer.address(), a);
                until(() -> a.log.contains("connected") && peer.connections() == 1);
                connect(peer.address(), b);
                until(() -> b.log.contains("connected") && peer.connections() == 2);
                selector.select(0); // otherwise the second precedes the first in the kernel's list
                for (int i : dataFirst ? new int[] {0, 1} : new int[] {1, 0}) {
                    go.get(i).countDown();
                    OnNio.waitFor(done.get(i)); // it has arrived before the next one is sent
                }
                a.onRead = () -> b.wire.close();
                until(() -> a.log.contains("read"));
                until(() -> b.closed);
                a.wire.close();
                until(() -> a.closed);
                peer.finish();
            }
        }
    }

    @Test
    void a_zero_byte_read_is_not_the_end_of_input() throws Exception {
        var go = new CountDownLatch(1);
        try (var peer = RawPeer.listening(talk -> {
            talk.send("first");
            talk.waitFor(go);
            talk.send("second");
        })) {
            var events = new Events();
            Wire wire = connect(peer.address(), events);
            until(() -> events.text.toString().equals("first"));
            wire.pauseReads();
            wire.resumeReads(); // reads once more, in case it is readable again, and finds nothing
            selector.select(0);
            selector.select(0);
            assertThat(events.log).doesNotContain("inputEnded");
            go.countDown();
            until(() -> events.log.contains("inputEnded"));
            assertThat(events.text).asString().isEqualTo("firstsecond");
            wire.close();
            until(() -> events.closed);
            peer.finish();
        }
    }

    @Test
    void select_waits_no_longer_than_told_and_not_at_all_after_a_wakeup_or_with_events_undelivered() throws Exception {
        selector.select(1);
        selector.select(0);
        selector.wakeup();
        selector.select(Selector.FOREVER);
        try (var peer = RawPeer.listening(talk -> talk.readAll())) {
            var events = new Events();
            connect(peer.address(), events).close();
            selector.select(Selector.FOREVER);
            assertThat(events.log).containsExactly("closed");
        }
    }

    @Test
    void after_close_every_call_does_nothing() throws Exception {
        try (var peer = RawPeer.listening(talk -> talk.readAll())) {
            var events = new Events();
            Wire wire = connect(peer.address(), events);
            until(() -> events.log.contains("connected"));
            wire.close();
            until(() -> events.closed);
            ByteBuf late = text("late");
            wire.write(late);
            assertThat(late.refCnt()).isZero();
            assertThat(wire.flush()).isZero();
            assertThatCode(() -> {
                        wire.close();
                        wire.abort();
                        wire.shutdownOutput();
                        wire.pauseReads();
                        wire.resumeReads();
                    })
                    .doesNotThrowAnyException();
            assertThatThrownBy(() -> wire.get(java.net.StandardSocketOptions.TCP_NODELAY))
                    .isInstanceOf(ClosedChannelException.class);
            assertThat(wire.localAddress()).isNotNull();
            selector.select(0);
            assertThat(events.log.stream().filter("closed"::equals)).hasSize(1);
            peer.finish();
        }
    }
}
