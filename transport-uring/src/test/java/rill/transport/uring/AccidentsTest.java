package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;

/** What happens seldom, or at the wrong moment. */
class AccidentsTest extends Selecting {
    private static final int MANY = 8;

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

    /** Closes within the first that it hears. */
    private static final class Leaving extends End {
        @Override
        public void received(ByteBuf bytes) {
            super.received(bytes);
            wire.close();
        }
    }

    @Test
    void who_closes_within_the_first_bytes_of_a_last_answer_resets() throws Exception {
        for (Ring.Size size : new Ring.Size[] {new Ring.Size(4, 4), Ring.Size.USUAL}) {
            selector.close();
            receive.release();
            receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
            selector = (UringSelector) new UringTransport(null, size).open(receive::clear);
            Acceptor acceptor = listen(anyPort(), 0);
            try (var peer = new Socket()) {
                peer.connect(acceptor.localAddress());
                peer.getOutputStream().write(new byte[200_000]);
                until(() -> !accepted.isEmpty());
                var server = new Leaving();
                server.wire = selector.open(accepted.removeFirst(), SocketOptions.none(), server);
                until(() -> server.closed);
                peer.setSoTimeout(10_000);
                assertThat(catchThrowable(() -> peer.getInputStream().read()))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("reset");
            }
            acceptor.close();
        }
    }

    /** Has no memory, the first time that it is asked. */
    private static final class Poor extends RingSocket {
        int asked;
        Throwable broken;

        Poor(UringSelector selector, int fd) {
            super(selector, fd);
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

        @Override
        void abandon() {}

        @Override
        void release() {
            closeDescriptor(false);
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
        selector.request(Request.NOP, -1, 0, 0, 0, 0, 0, poor.data(Request.SEND));
        selector.requestOver();
        client.send(1000);
        until(() -> server.read == 2000);
        assertThat(poor.broken).hasMessage("not really");
        client.wire.abort();
        server.wire.abort();
    }
}
