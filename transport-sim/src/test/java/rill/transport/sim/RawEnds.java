package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.testing.NamedEvents;

/** Two connected Wires without loops. The server's never reads, because its Selector is never called again. */
final class RawEnds {
    final List<String> clientEvents = new ArrayList<>();
    Throwable clientFailure;
    final Wire client;
    final Wire server;
    private final ByteBuf buffer = Unpooled.directBuffer(16_384);
    private final Selector clientSelector;
    private final Selector serverSelector;
    private AcceptedSocket socket;

    RawEnds(Simulation simulation) throws IOException {
        Host host = simulation.host("raw");
        serverSelector = host.transport().open(buffer::clear);
        clientSelector = simulation.hosts().get(1).transport().open(buffer::clear);
        var acceptor = serverSelector.listen(host.address(9), 0, SocketOptions.none(), new AcceptListener() {
            @Override
            public void accepted(AcceptedSocket accepted) {
                socket = accepted;
            }

            @Override
            public void failed(IOException cause) {
                throw new AssertionError(cause);
            }
        });
        client = clientSelector.connect(
                (InetSocketAddress) acceptor.localAddress(), null, SocketOptions.none(), new Listening(true));
        selectUntil(() -> socket != null);
        server = serverSelector.open(socket, SocketOptions.none(), new Listening(false));
        serverSelector.select(0);
        acceptor.close();
    }

    void selectUntil(BooleanSupplier condition) throws IOException {
        for (int i = 0; i < 100 && !condition.getAsBoolean(); i++) {
            clientSelector.select(1_000_000);
            serverSelector.select(0);
        }
        if (!condition.getAsBoolean()) {
            throw new AssertionError("it did not happen; the client was told " + clientEvents);
        }
    }

    void close() {
        clientSelector.close();
        serverSelector.close();
        buffer.release();
    }

    private final class Listening extends NamedEvents {
        private final boolean clients;

        Listening(boolean clients) {
            this.clients = clients;
        }

        @Override
        protected void told(String event) {
            if (clients) {
                clientEvents.add(event);
            }
        }

        @Override
        public void closed(Throwable cause) {
            super.closed(cause);
            if (clients) {
                clientFailure = cause;
            }
        }
    }
}
