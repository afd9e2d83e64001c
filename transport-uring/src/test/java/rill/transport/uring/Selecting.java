package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.testkit.Leaks;

/** Tests that drive a Selector themselves. */
@ExtendWith(Leaks.class)
abstract class Selecting {
    private static final long PATIENCE = 10_000_000_000L;

    ByteBuf receive;
    UringSelector selector;
    final List<AcceptedSocket> accepted = new ArrayList<>();

    /** One end, which counts the bytes that arrive and leave. */
    static class End implements WireListener {
        Wire wire;
        long read;
        long left;
        int connected;
        boolean ended;
        boolean closed;
        Throwable failed;
        Throwable cause;

        @Override
        public void connected() {
            connected++;
        }

        @Override
        public void received(ByteBuf bytes) {
            read += bytes.readableBytes();
            bytes.skipBytes(bytes.readableBytes());
        }

        @Override
        public void written(long bytes) {
            left += bytes;
        }

        @Override
        public void writeFailed(Throwable why) {
            failed = why;
        }

        @Override
        public void inputEnded() {
            ended = true;
        }

        @Override
        public void closed(Throwable why) {
            closed = true;
            cause = why;
        }

        void send(int size) {
            wire.write(Unpooled.directBuffer(size).writeZero(size));
            left += wire.flush();
        }
    }

    UringTransport transport() {
        return new UringTransport();
    }

    @BeforeEach
    void open() throws IOException {
        receive = Unpooled.directBuffer(64 * 1024, 64 * 1024);
        selector = (UringSelector) transport().open(receive::clear);
    }

    @AfterEach
    void close() {
        accepted.forEach(AcceptedSocket::close);
        selector.close();
        receive.release();
    }

    Acceptor listen(SocketAddress address, int backlog) throws IOException {
        return selector.listen(address, backlog, SocketOptions.none(), new AcceptListener() {
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

    static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    <E extends End> E connect(E client, E server) throws IOException {
        Acceptor acceptor = listen(anyPort(), 0);
        client.wire = selector.connect(acceptor.localAddress(), null, SocketOptions.none(), client);
        until(() -> !accepted.isEmpty());
        server.wire = selector.open(accepted.removeFirst(), SocketOptions.none(), server);
        until(() -> client.connected == 1 && server.connected == 1);
        acceptor.close();
        return client;
    }

    void until(BooleanSupplier condition) throws IOException {
        long deadline = System.nanoTime() + PATIENCE;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("the deadline").isLessThan(deadline);
            selector.select(10_000_000);
        }
    }

    static long descriptors() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }
}
