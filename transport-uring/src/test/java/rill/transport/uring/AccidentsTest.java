package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.transport.epoll.linux.LibC;

/** Rare events, and events at the wrong moment. */
class AccidentsTest extends Selecting {
    private static final int MANY = 8;
    private static final int MORE_THAN_BUFFERS = 70;

    private RuntimeException receiveFails; // once, instead of a buffer to receive into

    @Test
    void who_waits_for_room_in_a_backlog_is_connected_once_whatever_is_asked_of_it_meanwhile(@TempDir Path folder)
            throws IOException {
        var address = UnixDomainSocketAddress.of(folder.resolve("full"));
        Acceptor acceptor = listen(address, 1);
        acceptor.pause();
        List<End> clients = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            var client = new End();
            client.wire = selector.connect(address, null, SocketOptions.none(), client);
            clients.add(client);
        }
        End last = clients.getLast();
        for (int i = 0; i < 3; i++) {
            last.wire.pauseReads();
            selector.select(1_000_000);
            last.wire.resumeReads();
            selector.select(1_000_000);
        }
        assertThat(last.connected).isZero();
        acceptor.resume();
        until(() -> accepted.size() == MANY);
        for (int i = 0; i < 5; i++) {
            selector.select(6_000_000);
        }
        assertThat(clients).extracting(each -> each.connected).containsOnly(1);
        assertThat(clients).extracting(each -> each.closed).containsOnly(false);
        clients.forEach(each -> each.wire.abort());
        acceptor.close();
    }

    /** Closes within the first read that it receives. */
    private static final class Leaving extends End {
        @Override
        public void received(ByteBuf bytes) {
            super.received(bytes);
            wire.close();
        }
    }

    private static List<Kernel> kernels() {
        return List.of(new Kernel(true, true), new Kernel(true, false), new Kernel(false, false));
    }

    /** Opens another selector, as on this kernel, with smaller buffers. */
    private void open(Kernel kernel) throws IOException {
        selector.close();
        receive.release();
        receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
        selector = (UringSelector) new UringTransport(kernel, Ring.Size.USUAL).open(() -> {
            RuntimeException fails = receiveFails;
            receiveFails = null;
            if (fails != null) {
                throw fails;
            }
            return receive.clear();
        });
    }

    /** Expects that this end, which a socket of the JDK sends 50,000 bytes, closes with a reset. */
    private void expectReset(End server) throws Exception {
        Acceptor acceptor = listen(anyPort(), 0);
        try (var peer = new Socket()) {
            peer.connect(acceptor.localAddress());
            peer.getOutputStream().write(new byte[50_000]);
            until(() -> !accepted.isEmpty());
            server.wire = selector.open(accepted.removeFirst(), SocketOptions.none(), server);
            until(() -> server.closed);
            peer.setSoTimeout(10_000);
            assertThat(catchThrowable(() -> peer.getInputStream().read()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
        }
        acceptor.close();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void who_closes_within_the_first_bytes_of_a_last_answer_resets(Kernel kernel) throws Exception {
        open(kernel);
        expectReset(new Leaving());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void bytes_that_are_lost_because_there_is_no_buffer_for_them_make_the_end_a_reset(Kernel kernel) throws Exception {
        open(kernel);
        var server = new End();
        receiveFails = new IllegalStateException("not really");
        expectReset(server);
        assertThat(server.cause).hasRootCauseMessage("not really");
        assertThat(server.read).isZero();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void bytes_that_are_lost_because_a_listener_throws_make_the_end_a_reset(Kernel kernel) throws Exception {
        open(kernel);
        var server = new End() {
            @Override
            public void received(ByteBuf bytes) {
                super.received(bytes);
                throw new IllegalStateException("not really");
            }
        };
        expectReset(server);
        assertThat(server.cause).hasRootCauseMessage("not really");
        assertThat(server.read).isBetween(1L, 49_999L);
    }

    /** A socket that does nothing but count. */
    private static class Quiet extends RingSocket {
        int advanced;
        int told;

        Quiet(UringSelector selector, int fd) {
            super(selector, fd);
        }

        @Override
        void advance() {
            advanced++;
        }

        @Override
        void answered(int kind, int result, int flags) {}

        @Override
        void broken(Throwable e) {
            throw new AssertionError(e);
        }

        @Override
        void tell() {
            told++;
        }

        @Override
        void abandon() {}

        @Override
        void cutOff() {}

        @Override
        void release() {
            closeDescriptor(false);
        }
    }

    /** A socket whose constructor fails. */
    private static final class Unfinished extends Quiet {
        Unfinished(UringSelector selector, int fd) {
            super(selector, fd);
            throw new OutOfMemoryError("not really");
        }
    }

    @Test
    void nobody_knows_of_a_socket_that_is_not_whole() throws IOException {
        int fd = selector.sockets().connecting(anyPort());
        assertThat(catchThrowable(() -> new Unfinished(selector, fd))).isInstanceOf(OutOfMemoryError.class);
        LibC.close(fd);
        assertThat(selector.registrations().all()).isEmpty();
    }

    /** Can't do something, again and again. */
    private static final class Waiting extends Quiet {
        int tried;

        Waiting(UringSelector selector, int fd) {
            super(selector, fd);
            register();
        }

        @Override
        void again() {
            tried++;
            selector.later(this);
        }
    }

    @Test
    void of_many_that_wait_a_few_are_tried_in_a_select_and_each_in_its_turn() throws IOException {
        var all = new ArrayList<Waiting>();
        for (int i = 0; i < 160; i++) {
            all.add(new Waiting(selector, selector.sockets().connecting(anyPort())));
            selector.later(all.getLast());
        }
        for (int i = 1; i <= 20; i++) {
            selector.select(0);
            assertThat(all.stream().mapToInt(each -> each.tried).sum())
                    .as("tried in %s selects", i)
                    .isBetween(i, 16 * i);
        }
        assertThat(all).as("each in its turn").allMatch(each -> each.tried == 2);
    }

    /** Throws the first time that it is called. */
    private static final class Poor extends Quiet {
        int asked;
        Throwable broken;

        Poor(UringSelector selector, int fd) {
            super(selector, fd);
            register();
        }

        @Override
        void advance() {
            if (asked++ == 0) {
                throw new IllegalStateException("not really");
            }
        }

        @Override
        void answered(int kind, int result, int flags) {
            throw new IllegalStateException("not really");
        }

        @Override
        void broken(Throwable e) {
            broken = e;
        }

        @Override
        void tell() {
            throw new AssertionError();
        }
    }

    @Test
    void want_of_memory_while_a_request_is_made_or_an_answer_is_looked_at_costs_one_socket_alone() throws IOException {
        End client = new End();
        End server = new End();
        connect(client, server);
        int fd = selector.sockets().connecting(anyPort());
        var poor = new Poor(selector, fd);
        poor.changed();
        client.send(1000);
        until(() -> server.read == 1000);
        assertThat(poor.broken).hasMessage("not really");
        poor.broken = null;
        selector.requests().make(Request.NOP, -1, 0, 0, 0, 0, 0, poor.data(Request.SEND));
        selector.requests().over();
        client.send(1000);
        until(() -> server.read == 2000);
        assertThat(poor.broken).hasMessage("not really");
        client.wire.abort();
        server.wire.abort();
    }

    @Test
    void many_that_wait_with_bytes_of_the_heap_share_one_copy_and_lose_nothing() throws IOException {
        int each = 5_000_000;
        var clients = new ArrayList<End>();
        var servers = new ArrayList<End>();
        for (int i = 0; i < 12; i++) {
            var client = new End();
            var server = new Counting();
            connect(client, server);
            server.wire.pauseReads();
            var bytes = new byte[each];
            new Random(i).nextBytes(bytes);
            server.expected = bytes;
            client.wire.write(Unpooled.copiedBuffer(bytes));
            client.left += client.wire.flush();
            clients.add(client);
            servers.add(server);
        }
        for (int i = 0; i < 5; i++) {
            selector.select(1_000_000);
            clients.forEach(client -> client.left += client.wire.retry());
        }
        assertThat(clients).allMatch(client -> client.left < each);
        servers.forEach(server -> server.wire.resumeReads());
        until(() -> servers.stream().allMatch(server -> server.read == each));
        until(() -> clients.stream().allMatch(client -> client.left == each));
        assertThat(servers).noneMatch(server -> ((Counting) server).wrong);
        clients.forEach(client -> client.wire.abort());
        servers.forEach(server -> server.wire.abort());
    }

    /** Checks the bytes that arrive. */
    private static final class Counting extends End {
        byte[] expected;
        boolean wrong;

        @Override
        public void received(ByteBuf bytes) {
            ByteBuf same = Unpooled.wrappedBuffer(expected, (int) read, bytes.readableBytes());
            wrong |= !bytes.equals(same);
            super.received(bytes);
        }
    }

    @Test
    void a_selector_that_is_closed_within_received_is_closed() throws IOException {
        var server = new End() {
            @Override
            public void received(ByteBuf bytes) {
                super.received(bytes);
                selector.close();
            }
        };
        End client = new End();
        connect(client, server);
        client.send(200_000);
        for (int i = 0; i < 100 && server.read == 0; i++) {
            selector.select(10_000_000);
        }
        assertThat(server.read).isPositive();
        assertThat(catchThrowable(() -> selector.select(0))).isInstanceOf(IllegalStateException.class);
        assertThat(server.closed || client.closed).as("told after close").isFalse();
    }

    @Test
    void another_thread_closes_a_selector_with_everything_under_way() throws Exception {
        long before = descriptors();
        Acceptor acceptor = listen(anyPort(), 0);
        try (var waiting = new Socket()) {
            waiting.connect(acceptor.localAddress());
            End client = new End();
            End server = new End();
            connect(client, server);
            server.wire.pauseReads();
            ByteBuf sent = Unpooled.directBuffer(8_000_000).writeZero(8_000_000);
            client.wire.write(sent);
            client.wire.flush();
            selector.select(1_000_000);
            selector.select(0);
            assertThat(sent.refCnt()).as("references of what is being sent").isEqualTo(1);
            accepted.forEach(AcceptedSocket::close);
            accepted.clear();
            Thread.ofPlatform().start(selector::close).join();
            assertThat(sent.refCnt()).isZero();
            assertThat(client.closed || server.closed).as("told after close").isFalse();
        }
        try (var next = new ServerSocket()) {
            next.bind(acceptor.localAddress());
        }
        assertThat(descriptors()).isLessThan(before);
    }

    /** Runs an action once some of its bytes have left. */
    private static final class Sender extends End {
        Runnable then;

        @Override
        public void written(long bytes) {
            super.written(bytes);
            then.run();
        }
    }

    /** Starts a connection with heap bytes that leave as soon as it is established. */
    private Sender connectWithBytesOfTheHeap() throws IOException {
        Acceptor acceptor = listen(anyPort(), 0);
        var client = new Sender();
        client.wire = selector.connect(acceptor.localAddress(), null, SocketOptions.none(), client);
        client.wire.write(Unpooled.copiedBuffer(new byte[1000]));
        client.wire.flush();
        return client;
    }

    @Test
    void a_selector_that_is_closed_when_bytes_of_the_heap_have_left_is_closed() throws IOException {
        Sender client = connectWithBytesOfTheHeap();
        client.then = selector::close;
        for (int i = 0; i < 100 && client.left == 0; i++) {
            selector.select(10_000_000);
        }
        assertThat(client.left).isEqualTo(1000);
        assertThat(catchThrowable(() -> selector.select(0))).isInstanceOf(IllegalStateException.class);
        assertThat(client.closed).as("told after close").isFalse();
    }

    @Test
    void who_closes_when_bytes_of_the_heap_have_left_hears_nothing_but_that_whatever_it_throws() throws IOException {
        Sender client = connectWithBytesOfTheHeap();
        client.then = () -> {
            client.wire.close();
            throw new IllegalStateException("not really");
        };
        until(() -> client.closed);
        assertThat(client.left).isEqualTo(1000);
        assertThat(client.failed).isNull();
        assertThat(client.cause).isNull();
    }

    /** Connects one whose bytes of the heap leave in the same step in which an answer brings some of its peer. */
    private Sender connectWithBytesBothWays(End server) throws IOException {
        var client = new Sender();
        connect(client, server);
        selector.select(0);
        selector.select(0);
        server.send(1000);
        client.wire.write(Unpooled.copiedBuffer(new byte[1000]));
        client.wire.shutdownOutput();
        return client;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void who_throws_when_told_what_has_left_before_an_answer_fails_alone(Kernel kernel) throws IOException {
        open(kernel);
        int underWay = 0; // of the Selector itself
        for (int i = 0; i < MORE_THAN_BUFFERS; i++) {
            var server = new End();
            Sender client = connectWithBytesBothWays(server);
            client.then = () -> {
                throw new IllegalStateException("not really");
            };
            until(() -> client.closed);
            assertThat(client.cause).hasRootCauseMessage("not really");
            assertThat(client.left).isEqualTo(1000);
            assertThat(client.read).as("told to one that has failed").isZero();
            server.wire.abort();
            until(() -> server.closed);
            underWay = i == 0 ? selector.requests().underWay() : underWay;
            assertThat(selector.requests().underWay()).as("under way").isEqualTo(underWay);
        }
        var receiver = new Counting();
        var sender = new End();
        connect(receiver, sender);
        receiver.expected = new byte[100_000];
        new Random(1).nextBytes(receiver.expected);
        sender.wire.write(Unpooled.directBuffer().writeBytes(receiver.expected));
        sender.wire.flush();
        until(() -> receiver.read == receiver.expected.length);
        assertThat(receiver.wrong).as("has read another's bytes").isFalse();
        receiver.wire.abort();
        sender.wire.abort();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void a_selector_that_is_closed_when_told_what_has_left_before_an_answer_waits_for_no_answer_that_was_there(
            Kernel kernel) throws IOException {
        open(kernel);
        var server = new End();
        Sender client = connectWithBytesBothWays(server);
        var underWay = new ArrayList<Integer>();
        client.then = () -> {
            selector.close();
            underWay.add(selector.requests().underWay());
        };
        for (int i = 0; i < 100 && client.left == 0; i++) {
            selector.select(10_000_000);
        }
        assertThat(client.left).isEqualTo(1000);
        assertThat(underWay).as("under way after close").containsExactly(0);
        assertThat(client.closed || server.closed).as("told after close").isFalse();
    }

    /** Otherwise want of memory for one would lose all the others that wait. */
    @Test
    void to_wait_for_an_enter_or_for_an_event_takes_no_memory() throws IOException {
        var sockets = new ArrayList<Quiet>();
        for (int i = 0; i < 200; i++) {
            sockets.add(new Quiet(selector, RingSocket.GONE));
        }
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        sockets.getFirst().changed(); // loads what that needs
        sockets.getFirst().announce();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (Quiet each : sockets) {
            each.changed();
            each.announce();
        }
        long taken = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(taken).isLessThan(200); // an iterator
        selector.select(0);
        selector.select(0);
        assertThat(sockets).allMatch(each -> each.advanced == 1 && each.told == 1);
    }

    @Test
    void a_flush_that_fails_says_why_and_not_what_the_next_one_says() throws Exception {
        Acceptor acceptor = listen(anyPort(), 0);
        var server = new End();
        try (var peer = new Socket()) {
            peer.connect(acceptor.localAddress());
            until(() -> !accepted.isEmpty());
            server.wire = selector.open(accepted.removeFirst(), SocketOptions.none(), server);
            until(() -> server.connected == 1);
            server.wire.pauseReads();
            selector.select(0);
            selector.select(0);
            peer.setSoLinger(true, 0);
        }
        server.send(1);
        until(() -> server.failed != null);
        assertThat(server.failed).hasMessageContaining("Connection reset");
        assertThat(server.left).isZero();
        server.wire.resumeReads();
        until(() -> server.closed);
        assertThat(server.cause).isSameAs(server.failed);
        assertThat(server.ended).isFalse();
        acceptor.close();
    }

    /** Makes as many requests as there is room for when it receives its first answer. */
    private static final class Filling extends Quiet {
        private static final int ROOM = 4;
        int answers;

        Filling(UringSelector selector, int fd) {
            super(selector, fd);
            register();
        }

        void ask() {
            selector.requests().make(Request.NOP, -1, 0, 0, 0, 0, 0, data(Request.SEND));
        }

        @Override
        void answered(int kind, int result, int flags) {
            selector.requests().over();
            if (answers++ == 0) {
                for (int i = 0; i < ROOM; i++) {
                    ask();
                }
            }
        }
    }

    @Test
    void that_wake_ups_are_asked_for_again_costs_nobody_a_request() throws IOException {
        selector.close();
        selector = (UringSelector)
                new UringTransport(null, new Ring.Size(Filling.ROOM, Filling.ROOM)).open(receive::clear);
        selector.select(0);
        var filling = new Filling(selector, selector.sockets().connecting(anyPort()));
        filling.ask();
        selector.requests().cancel(Request.WAKE_UP, filling.data(Request.CANCEL));
        until(() -> filling.answers == 1 + Filling.ROOM);
        selector.wakeup();
        selector.select(-1);
        assertThat(selector.requests().underWay()).as("that of wake-ups").isEqualTo(1);
    }
}
