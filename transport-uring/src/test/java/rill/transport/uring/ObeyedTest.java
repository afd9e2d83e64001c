package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.testkit.Leaks;

/** What io_uring requires of its users, beyond the contract of transports. */
@ExtendWith(Leaks.class)
class ObeyedTest {
    private static final long PATIENCE = 10_000_000_000L;
    private static final int MUCH = 8 * 1024 * 1024;

    private ByteBuf receive;
    private Selector selector;
    private final List<AcceptedSocket> accepted = new ArrayList<>();

    /** One end, which counts and checks the bytes that arrive. */
    private static final class End implements WireListener {
        Wire wire;
        long read;
        long left;
        boolean connected;
        boolean ended;
        boolean closed;
        Throwable cause;
        boolean wrong;

        @Override
        public void connected() {
            connected = true;
        }

        @Override
        public void received(ByteBuf bytes) {
            var came = new byte[bytes.readableBytes()];
            bytes.readBytes(came);
            for (byte each : came) {
                wrong |= each != (byte) read++;
            }
        }

        @Override
        public void written(long bytes) {
            left += bytes;
        }

        @Override
        public void writeFailed(Throwable why) {}

        @Override
        public void inputEnded() {
            ended = true;
        }

        @Override
        public void closed(Throwable why) {
            closed = true;
            cause = why;
        }

        void flush() {
            left += wire.flush();
        }

        /** Appends bytes that count up from {@code from}. */
        ByteBuf send(int from, int size, boolean direct) {
            ByteBuf bytes = direct ? Unpooled.directBuffer(size) : Unpooled.buffer(size);
            wire.write(bytes.writeBytes(counting(from, size)));
            return bytes;
        }

        static byte[] counting(int from, int size) {
            var bytes = new byte[size];
            for (int i = 0; i < size; i++) {
                bytes[i] = (byte) (from + i);
            }
            return bytes;
        }
    }

    private record Pair(End client, End server) {}

    @BeforeEach
    void open() throws IOException {
        receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
        selector = new UringTransport().open(receive::clear);
    }

    @AfterEach
    void close() {
        accepted.forEach(AcceptedSocket::close);
        selector.close();
        receive.release();
    }

    private Acceptor listen(SocketAddress address) throws IOException {
        return selector.listen(address, 0, SocketOptions.none(), new AcceptListener() {
            @Override
            public void accepted(AcceptedSocket socket) {
                accepted.add(socket);
            }

            @Override
            public void failed(IOException cause) {
                throw new AssertionError(cause);
            }
        });
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private Pair connect(Acceptor acceptor) throws IOException {
        var client = new End();
        client.wire = selector.connect(acceptor.localAddress(), null, SocketOptions.none(), client);
        until(() -> !accepted.isEmpty());
        var server = new End();
        server.wire = selector.open(accepted.removeFirst(), SocketOptions.none(), server);
        until(() -> client.connected && server.connected);
        return new Pair(client, server);
    }

    private Pair connect() throws IOException {
        Acceptor acceptor = listen(anyPort());
        Pair pair = connect(acceptor);
        acceptor.close();
        return pair;
    }

    private void until(BooleanSupplier condition) throws IOException {
        long deadline = System.nanoTime() + PATIENCE;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("the deadline").isLessThan(deadline);
            selector.select(10_000_000);
        }
    }

    @Test
    void what_the_kernel_may_still_read_is_not_released_by_close_but_before_that_is_told() throws IOException {
        for (boolean abort : new boolean[] {false, true}) {
            Pair pair = connect();
            pair.server.wire.pauseReads();
            ByteBuf first = pair.client.send(0, MUCH, true);
            pair.client.flush();
            for (int i = 0; i < 5; i++) {
                selector.select(1_000_000);
            }
            ByteBuf second = pair.client.send(MUCH, 1000, true);
            if (abort) {
                pair.client.wire.abort();
            } else {
                pair.client.wire.close();
            }
            assertThat(second.refCnt()).as("references to what was not offered").isZero();
            assertThat(first.refCnt())
                    .as("references to what a request points to")
                    .isEqualTo(1);
            until(() -> pair.client.closed);
            assertThat(first.refCnt()).isZero();
            pair.server.wire.resumeReads();
            until(() -> pair.server.ended || pair.server.closed);
            assertThat(pair.server.wrong).isFalse();
            pair.server.wire.close();
            until(() -> pair.server.closed);
        }
    }

    @Test
    void a_number_that_is_used_again_is_another_connection() throws IOException {
        Acceptor acceptor = listen(anyPort());
        for (int i = 0; i < 200; i++) {
            Pair pair = connect(acceptor);
            pair.client.send(0, 100, true);
            pair.client.flush();
            if (i % 3 == 0) {
                until(() -> pair.server.read == 100);
            }
            pair.client.wire.close(); // with requests of both ends in flight
            pair.server.wire.abort();
            if (i % 2 == 0) {
                until(() -> pair.client.closed && pair.server.closed);
            }
            assertThat(pair.client.cause).isNull();
            assertThat(pair.server.wrong).isFalse();
        }
        acceptor.close();
    }

    @Test
    void many_that_send_more_than_there_are_buffers_for_lose_nothing() throws IOException {
        Acceptor acceptor = listen(anyPort());
        var pairs = new ArrayList<Pair>();
        for (int i = 0; i < 40; i++) {
            pairs.add(connect(acceptor));
        }
        acceptor.close();
        int each = 256 * 1024;
        for (Pair pair : pairs) {
            pair.client.send(0, each, true);
            pair.client.wire.shutdownOutput();
            pair.server.send(0, each, true);
            pair.server.wire.shutdownOutput();
        }
        until(() -> pairs.stream().allMatch(pair -> pair.server.ended && pair.client.ended));
        assertThat(pairs).allSatisfy(pair -> {
            assertThat(pair.server.read).isEqualTo(each);
            assertThat(pair.client.read).isEqualTo(each);
            assertThat(pair.server.wrong || pair.client.wrong).isFalse();
        });
    }

    @Test
    void bytes_of_the_heap_and_of_many_buffers_leave_in_order() throws IOException {
        Pair pair = connect();
        int total = 0;
        for (int i = 1; i <= 300; i++) {
            int size = i % 7 == 0 ? 100_000 : i;
            pair.client.send(total, size, i % 3 != 0);
            total += size;
            if (i % 50 == 0) {
                pair.client.flush();
                selector.select(0);
            }
        }
        var parts = Unpooled.compositeBuffer();
        for (int i = 0; i < 100; i++) {
            ByteBuf part = i % 2 == 0 ? Unpooled.buffer() : Unpooled.directBuffer();
            parts.addComponent(true, part.writeBytes(End.counting(total, 1000)));
            total += 1000;
        }
        pair.client.wire.write(parts);
        pair.client.wire.shutdownOutput();
        until(() -> pair.server.ended);
        assertThat(pair.server.read).isEqualTo(total);
        assertThat(pair.server.wrong).isFalse();
        int all = total;
        until(() -> pair.client.left == all);
    }

    @Test
    void a_send_that_is_tried_again_is_neither_lost_nor_doubled() throws IOException {
        Pair pair = connect();
        pair.server.wire.pauseReads();
        pair.client.send(0, MUCH, true);
        pair.client.flush();
        for (int i = 0; i < 20; i++) {
            pair.client.wire.retry();
            selector.select(1_000_000);
        }
        pair.server.wire.resumeReads();
        until(() -> {
            pair.client.wire.retry();
            return pair.server.read == MUCH;
        });
        until(() -> pair.client.left == MUCH);
        assertThat(pair.server.wrong).isFalse();
    }

    /** Closes within the first read or afterwards, while more received bytes are still undelivered. */
    private static final class Leaver implements WireListener {
        Wire wire;
        boolean atOnce;
        boolean heard;
        boolean closed;

        @Override
        public void connected() {}

        @Override
        public void received(ByteBuf bytes) {
            heard = true;
            if (atOnce) {
                wire.close();
            } else {
                wire.pauseReads();
            }
        }

        @Override
        public void written(long bytes) {}

        @Override
        public void writeFailed(Throwable why) {}

        @Override
        public void inputEnded() {}

        @Override
        public void closed(Throwable why) {
            closed = true;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void what_was_taken_from_the_kernel_and_not_told_makes_a_close_a_reset(boolean atOnce) throws Exception {
        Acceptor acceptor = listen(anyPort());
        try (var peer = new Socket()) {
            peer.connect(acceptor.localAddress());
            peer.getOutputStream().write(new byte[50_000]); // more than is read at once, and all of it has arrived
            until(() -> !accepted.isEmpty());
            var server = new Leaver();
            server.atOnce = atOnce;
            server.wire = selector.open(accepted.removeFirst(), SocketOptions.none(), server);
            until(() -> server.heard);
            server.wire.close();
            until(() -> server.closed);
            peer.setSoTimeout(10_000);
            assertThat(catchThrowable(() -> peer.getInputStream().read()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
        }
        acceptor.close();
    }

    @Test
    void the_port_is_free_at_once_when_a_listener_or_the_selector_closes() throws IOException {
        for (boolean whole : new boolean[] {false, true}) {
            Acceptor acceptor = listen(anyPort());
            selector.select(0); // from now on it accepts
            var address = (InetSocketAddress) acceptor.localAddress();
            if (whole) {
                selector.close();
            } else {
                acceptor.close();
            }
            try (var next = new ServerSocket()) {
                next.setReuseAddress(false);
                next.bind(address);
            }
        }
    }

    @Test
    void a_selector_that_closes_with_everything_under_way_gives_all_of_it_back() throws IOException {
        Acceptor acceptor = listen(anyPort());
        Pair pair = connect(acceptor);
        pair.server.wire.pauseReads();
        ByteBuf sent = pair.client.send(0, MUCH, true);
        ByteBuf onHeap = pair.client.send(MUCH, MUCH, false);
        pair.client.flush();
        selector.select(1_000_000);
        var connecting = new End();
        connecting.wire = selector.connect(
                new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 9), null, SocketOptions.none(), connecting);
        selector.select(0);
        selector.close();
        assertThat(sent.refCnt()).isZero();
        assertThat(onHeap.refCnt()).isZero();
        assertThat(pair.client.closed || connecting.closed)
                .as("told after close")
                .isFalse();
    }
}
