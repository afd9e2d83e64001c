package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.testkit.Leaks;

/** Connections that come and go leave nothing behind. {@code -Drill.churn=100000} makes that many, which takes a minute. */
@Tag("slow")
@ExtendWith(Leaks.class)
class ComeAndGoTest {
    private static final int MANY = Integer.getInteger("rill.churn", 3000);
    private static final int PER_PORT = 4000; // so as not to run out of ports, which wait for late segments
    private static final long PATIENCE = 10_000_000_000L;

    private final ByteBuf receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
    private final ArrayList<AcceptedSocket> accepted = new ArrayList<>();
    private UringSelector selector;

    private static final class End implements WireListener {
        Wire wire;
        int read;
        boolean closed;

        @Override
        public void connected() {}

        @Override
        public void received(ByteBuf bytes) {
            read += bytes.readableBytes();
        }

        @Override
        public void written(long bytes) {}

        @Override
        public void writeFailed(Throwable why) {}

        @Override
        public void inputEnded() {
            wire.close();
        }

        @Override
        public void closed(Throwable why) {
            closed = true;
        }
    }

    private void until(BooleanSupplier condition) throws IOException {
        long deadline = System.nanoTime() + PATIENCE;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("the deadline").isLessThan(deadline);
            selector.select(10_000_000);
        }
    }

    private Acceptor listen() throws IOException {
        return selector.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                0,
                SocketOptions.none(),
                new AcceptListener() {
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

    @Test
    void connections_that_come_and_go_in_every_way_leave_nothing_behind() throws IOException {
        selector = (UringSelector) new UringTransport().open(receive::clear);
        try {
            for (int n = 0; n < MANY; n += PER_PORT) {
                Acceptor acceptor = listen();
                for (int i = 0; i < Math.min(PER_PORT, MANY - n); i++) {
                    comeAndGo(acceptor, i);
                }
                acceptor.close();
                selector.select(0);
                selector.select(0);
                assertThat(selector.registrations().all()).isEmpty();
                assertThat(selector.requests().underWay())
                        .as("but for those of wake-ups and of listeners")
                        .isEqualTo(2);
            }
        } finally {
            selector.close();
            receive.release();
        }
    }

    private void comeAndGo(Acceptor acceptor, int way) throws IOException {
        var client = new End();
        client.wire = selector.connect(acceptor.localAddress(), null, SocketOptions.none(), client);
        if (way % 16 == 0) {
            client.wire.abort(); // while it connects, or earlier
            until(() -> client.closed);
            accepted.forEach(AcceptedSocket::close);
            accepted.clear();
            return;
        }
        client.wire.write(Unpooled.copyInt(way));
        until(() -> !accepted.isEmpty());
        var server = new End();
        server.wire = selector.open(accepted.removeFirst(), SocketOptions.none(), server);
        if (way % 16 != 1) {
            until(() -> server.read == Integer.BYTES);
        }
        switch (way % 8) {
            case 2 -> client.wire.close();
            case 3 -> client.wire.shutdownOutput();
            case 4 -> {
                server.wire.write(Unpooled.copyInt(way));
                server.wire.flush();
                client.wire.abort();
            }
            case 5 -> {
                client.wire.pauseReads();
                server.wire.abort();
                client.wire.close();
            }
            default -> server.wire.abort();
        }
        until(() -> client.closed && server.closed);
    }
}
