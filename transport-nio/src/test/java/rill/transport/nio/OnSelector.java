package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.testing.UnderTest;
import rill.testkit.Leaks;

/** A Selector without a loop on top. */
@ExtendWith(Leaks.class)
class OnSelector {
    private static final long TICK = 50_000_000;

    Selector selector;
    private ByteBuf receive;

    @BeforeEach
    void openSelector() throws IOException {
        receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
        selector = UnderTest.transport().open(() -> receive.clear());
    }

    @AfterEach
    void closeSelector() {
        selector.close();
        receive.release();
    }

    final void until(BooleanSupplier condition) throws IOException {
        long deadline = System.nanoTime() + OnNio.PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("the deadline").isLessThan(deadline);
            selector.select(TICK);
        }
    }

    final Acceptor listen(Accepting accepting) throws IOException {
        return selector.listen(OnNio.ANY_PORT, 0, SocketOptions.none(), accepting);
    }

    final Wire connect(SocketAddress remote, Events events) {
        Wire wire = selector.connect(remote, null, SocketOptions.none(), events);
        events.wire = wire;
        return wire;
    }

    final Wire open(AcceptedSocket socket, Events events) {
        Wire wire = selector.open(socket, SocketOptions.none(), events);
        events.wire = wire;
        return wire;
    }

    /** Connects two ends, both of which have been notified. */
    final void pair(Events client, Events server) throws IOException {
        var accepting = new Accepting();
        Acceptor acceptor = listen(accepting);
        connect(acceptor.localAddress(), client);
        until(() -> !accepting.sockets.isEmpty());
        open(accepting.sockets.getFirst(), server);
        until(() -> client.log.contains("connected") && server.log.contains("connected"));
        acceptor.close();
    }

    static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    static void send(Events from, String text) {
        from.wire.write(text(text));
        from.wire.flush();
    }
}
