package rill.examples.inprocess;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** A port is free again once its connection is over: a service goes on after as many connections as there are ports. */
class InProcessPortsTest {
    private static final int PORTS = 65_535;
    private static final SocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /** Closes whom it accepts. */
    private static final AcceptListener CLOSING = new AcceptListener() {
        @Override
        public void accepted(AcceptedSocket socket) {
            socket.close();
        }

        @Override
        public void failed(IOException cause) {
            throw new AssertionError(cause);
        }
    };

    /** Notes why wires are closed. */
    private static final class Told implements WireListener {
        final List<String> causes = new ArrayList<>();

        @Override
        public void connected() {}

        @Override
        public void received(ByteBuf bytes) {}

        @Override
        public void turnEnded() {}

        @Override
        public void written(long bytes) {}

        @Override
        public void writeFailed(Throwable cause) {}

        @Override
        public void inputEnded() {}

        @Override
        public void closed(@Nullable Throwable cause) {
            causes.add(cause instanceof BindException ? "no port" : "reset");
        }
    }

    private final Told told = new Told();
    private final Selector selector = new InProcessTransport(1).open(() -> Unpooled.EMPTY_BUFFER);

    private void connectAndGo(Acceptor to, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            selector.connect(to.localAddress(), null, SocketOptions.none(), told);
            while (told.causes.size() <= i) {
                selector.select(0);
            }
        }
    }

    @AfterEach
    void close() {
        selector.close();
    }

    @Test
    @Tag("slow")
    void there_are_more_connections_one_after_the_other_than_ports() throws IOException {
        Acceptor acceptor = selector.listen(ANY, 0, SocketOptions.none(), CLOSING);
        connectAndGo(acceptor, PORTS + 5);
        assertThat(told.causes).containsOnly("reset");
        for (int i = 0; i < 5; i++) {
            selector.listen(ANY, 0, SocketOptions.none(), CLOSING).close();
        }
    }

    @Test
    @Tag("slow")
    void with_all_ports_in_use_connecting_fails_until_one_is_free() throws IOException {
        SocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7);
        List<Wire> wires = new ArrayList<>();
        for (int i = 0; i < PORTS; i++) {
            wires.add(selector.connect(nobody, null, SocketOptions.none(), new Told()));
        }
        selector.connect(nobody, null, SocketOptions.none(), told);
        wires.getFirst().close();
        selector.connect(nobody, null, SocketOptions.none(), told);
        for (int i = 0; i < 10 && told.causes.size() < 2; i++) {
            selector.select(0);
        }
        assertThat(told.causes).containsExactly("no port", "reset"); // since nobody listens there
    }
}
