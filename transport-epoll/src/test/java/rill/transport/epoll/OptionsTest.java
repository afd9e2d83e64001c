package rill.transport.epoll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.spi.AbstractSocketAddress;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.testkit.Leaks;

/** Socket options and addresses of the direct path, on a connection to itself. */
@ExtendWith(Leaks.class)
class OptionsTest {
    private static final long PATIENCE = Duration.ofSeconds(10).toNanos();
    private static final SocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private Selector selector;
    private ByteBuf receive;
    private final List<AcceptedSocket> accepted = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
        selector = new EpollTransport().open(() -> receive.clear());
    }

    @AfterEach
    void close() {
        accepted.forEach(AcceptedSocket::close);
        selector.close();
        receive.release();
    }

    private static final class Quiet implements WireListener {
        boolean connected;
        int bytes;
        Throwable failure;

        @Override
        public void connected() {
            connected = true;
        }

        @Override
        public void received(ByteBuf read) {
            bytes += read.readableBytes();
        }

        @Override
        public void written(long written) {}

        @Override
        public void writeFailed(Throwable cause) {}

        @Override
        public void inputEnded() {}

        @Override
        public void closed(Throwable cause) {
            failure = cause;
        }
    }

    private final Quiet here = new Quiet();
    private final Quiet there = new Quiet();

    private Acceptor listen(SocketAddress address, SocketOptions options) throws IOException {
        return selector.listen(address, 0, options, new AcceptListener() {
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

    private void until(java.util.function.BooleanSupplier condition) throws IOException {
        long deadline = System.nanoTime() + PATIENCE;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("the deadline").isLessThan(deadline);
            selector.select(10_000_000);
        }
    }

    private Wire connected(SocketAddress address) throws IOException {
        Wire wire = selector.connect(address, null, SocketOptions.none(), here);
        until(() -> here.connected || here.failure != null);
        assertThat(here.failure).isNull();
        return wire;
    }

    private static <T> void assertKept(Wire wire, SocketOption<T> option, T value) throws IOException {
        wire.set(option, value);
        assertThat(wire.get(option)).as(option.name()).isEqualTo(value);
    }

    @Test
    void options_of_a_connection_are_kept_by_the_kernel() throws Exception {
        Wire wire = connected(listen(ANY_PORT, SocketOptions.none()).localAddress());
        for (boolean on : new boolean[] {true, false}) {
            assertKept(wire, StandardSocketOptions.TCP_NODELAY, on);
            assertKept(wire, StandardSocketOptions.SO_KEEPALIVE, on);
            assertKept(wire, StandardSocketOptions.SO_REUSEADDR, on);
            assertKept(wire, ExtendedSocketOptions.TCP_QUICKACK, on);
        }
        assertKept(wire, StandardSocketOptions.SO_LINGER, 0);
        assertKept(wire, StandardSocketOptions.SO_LINGER, -1);
        assertKept(wire, StandardSocketOptions.IP_TOS, 0x10);
        assertKept(wire, ExtendedSocketOptions.TCP_KEEPIDLE, 70);
        assertKept(wire, ExtendedSocketOptions.TCP_KEEPINTERVAL, 8);
        assertKept(wire, ExtendedSocketOptions.TCP_KEEPCOUNT, 5);
        assertKept(wire, EpollOptions.TCP_USER_TIMEOUT, Duration.ofMillis(12_345));
        assertKept(wire, EpollOptions.TCP_NOTSENT_LOWAT, 16 * 1024);
        assertKept(wire, EpollOptions.SO_BUSY_POLL, Duration.ZERO);
        wire.set(StandardSocketOptions.SO_SNDBUF, 20_000);
        assertThat(wire.get(StandardSocketOptions.SO_SNDBUF)).isGreaterThanOrEqualTo(20_000);
        wire.set(EpollOptions.TCP_USER_TIMEOUT, Duration.ofNanos(1));
        assertThat(wire.get(EpollOptions.TCP_USER_TIMEOUT))
                .as("rounded up, since zero would mean something else")
                .isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void options_of_a_listener_are_taken() throws Exception {
        var options = SocketOptions.none()
                .with(EpollOptions.TCP_DEFER_ACCEPT, Duration.ofSeconds(1))
                .with(EpollOptions.TCP_FASTOPEN, 16)
                .with(StandardSocketOptions.SO_REUSEPORT, true);
        Acceptor first = listen(ANY_PORT, options);
        listen(first.localAddress(), options); // only SO_REUSEPORT permits this
        Wire wire = connected(first.localAddress());
        for (int n = 0; n < 5; n++) {
            selector.select(1_000_000);
        }
        assertThat(accepted).as("accepted before it has sent anything").isEmpty();
        wire.write(Unpooled.copiedBuffer("x", StandardCharsets.UTF_8));
        wire.flush();
        until(() -> accepted.size() == 1);
    }

    @Test
    void tcp_info_tells_of_the_connection() throws Exception {
        Acceptor acceptor = listen(ANY_PORT, SocketOptions.none());
        Wire wire = connected(acceptor.localAddress());
        until(() -> accepted.size() == 1);
        selector.open(accepted.removeFirst(), SocketOptions.none(), there);
        wire.write(Unpooled.copiedBuffer("twelve bytes", StandardCharsets.UTF_8));
        wire.flush();
        until(() -> there.bytes == 12);
        selector.select(1_000_000);
        TcpInfo info = wire.get(EpollOptions.TCP_INFO);
        assertThat(info.state()).isEqualTo(TcpInfo.State.ESTABLISHED);
        assertThat(info.rtt()).isPositive().isLessThan(Duration.ofSeconds(1));
        assertThat(info.retransmissionTimeout()).isPositive();
        assertThat(info.congestionWindow()).isPositive();
        assertThat(info.sendMss()).isGreaterThan(500);
        assertThat(info.retransmitting()).isZero();
        assertThat(info.unsentBytes()).isZero();
    }

    @Test
    void what_can_only_be_read_or_makes_no_sense_is_refused_by_name() throws Exception {
        Wire wire = connected(listen(ANY_PORT, SocketOptions.none()).localAddress());
        assertThatThrownBy(() -> wire.set(EpollOptions.SO_PEERCRED, new PeerCredentials(1, 1, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("SO_PEERCRED")
                .hasMessageContaining("only be read");
        assertThatThrownBy(() -> wire.set(EpollOptions.TCP_USER_TIMEOUT, Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("TCP_USER_TIMEOUT");
        assertThatThrownBy(() -> wire.set(EpollOptions.TCP_USER_TIMEOUT, Duration.ofDays(1_000_000)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("TCP_USER_TIMEOUT");
        assertThatThrownBy(() -> wire.set(EpollOptions.TCP_NOTSENT_LOWAT, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("TCP_NOTSENT_LOWAT");
        assertThatThrownBy(() -> wire.get(StandardSocketOptions.IP_MULTICAST_TTL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("IP_MULTICAST_TTL")
                .hasMessageContaining("epoll");
        assertThatThrownBy(() -> wire.set(ExtendedSocketOptions.TCP_KEEPCOUNT, 100_000))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("TCP_KEEPCOUNT");
    }

    @Test
    void on_the_other_path_options_of_this_one_are_refused_by_name() throws Exception {
        Selector other = new EpollNioTransport().open(() -> receive.clear());
        try {
            var options = SocketOptions.none().with(EpollOptions.TCP_USER_TIMEOUT, Duration.ofSeconds(1));
            assertThatThrownBy(() -> other.connect(ANY_PORT, null, options, here))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("TCP_USER_TIMEOUT")
                    .hasMessageContaining("epoll-nio");
            assertThatThrownBy(() -> other.connect(new AbstractSocketAddress("name"), null, SocketOptions.none(), here))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("AbstractSocketAddress")
                    .hasMessageContaining("epoll-nio");
        } finally {
            other.close();
        }
    }

    @Test
    void an_abstract_name_is_connected_to_and_tells_who_is_there() throws Exception {
        var name =
                new AbstractSocketAddress("rill-test-" + ProcessHandle.current().pid() + "-ä");
        Acceptor acceptor = listen(name, SocketOptions.none());
        assertThat(acceptor.localAddress()).isEqualTo(name).hasToString("@" + name.name());
        Wire wire = connected(name);
        until(() -> accepted.size() == 1);
        assertThat(accepted.getFirst().localAddress()).isEqualTo(name);
        assertThat(wire.get(EpollOptions.SO_PEERCRED).pid())
                .isEqualTo((int) ProcessHandle.current().pid());
        assertThatThrownBy(() -> wire.set(StandardSocketOptions.TCP_NODELAY, true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("TCP_NODELAY");
        acceptor.close();
        var late = new Quiet();
        selector.connect(name, null, SocketOptions.none(), late);
        until(() -> late.failure != null);
        assertThat(late.failure).hasMessage("connect to " + name + ": Connection refused");
    }

    @Test
    void an_abstract_name_has_to_fit() throws Exception {
        listen(new AbstractSocketAddress("x".repeat(107)), SocketOptions.none()).close();
        assertThatThrownBy(() -> listen(new AbstractSocketAddress("ä".repeat(54)), SocketOptions.none()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("108 bytes")
                .hasMessageContaining("107");
        assertThatThrownBy(() -> new AbstractSocketAddress("")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_local_address_of_another_family_fails_that_connection() throws Exception {
        var remote = listen(ANY_PORT, SocketOptions.none()).localAddress();
        byte[] one = new byte[16];
        one[15] = 1;
        InetAddress loopback6 = InetAddress.getByAddress(one);
        for (SocketAddress local : List.of(
                new InetSocketAddress(loopback6, 0),
                java.net.UnixDomainSocketAddress.of("/tmp/nowhere"),
                new AbstractSocketAddress("name"))) {
            var events = new Quiet();
            selector.connect(remote, local, SocketOptions.none(), events);
            until(() -> events.failure != null);
            assertThat(events.failure)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("bind to " + local)
                    .hasMessageContaining("another family");
        }
        selector.connect(remote, new InetSocketAddress("::", 0), SocketOptions.none(), here);
        until(() -> here.connected);
    }

    @Test
    void the_wildcard_takes_ipv4_as_well_and_every_connection_tells_its_own_address() throws Exception {
        Acceptor acceptor = listen(new InetSocketAddress(0), SocketOptions.none());
        int port = ((InetSocketAddress) acceptor.localAddress()).getPort();
        var address = new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 2}), port);
        Wire wire = connected(address);
        until(() -> accepted.size() == 1);
        assertThat(accepted.getFirst().localAddress()).isEqualTo(address);
        assertThat(accepted.getFirst().remoteAddress()).isEqualTo(wire.localAddress());
        connected(address);
        var another = new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 3}), port);
        connected(another);
        until(() -> accepted.size() == 3);
        assertThat(accepted.get(1).localAddress())
                .as("one object for all who came in there")
                .isSameAs(accepted.getFirst().localAddress());
        assertThat(accepted.get(2).localAddress()).isEqualTo(another);
    }
}
