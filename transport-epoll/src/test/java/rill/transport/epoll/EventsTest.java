package rill.transport.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;
import rill.testkit.Leaks;
import rill.transport.epoll.linux.Epoll;

/** The meaning of the kernel's events. */
@ExtendWith(Leaks.class)
class EventsTest {
    private static final long PATIENCE = 10_000_000_000L;

    private ByteBuf receive;
    private Selector selector;
    private final Heard client = new Heard();
    private final Heard server = new Heard();
    private Wire clientWire;
    private Wire serverWire;

    private static final class Heard implements WireListener {
        final StringBuilder text = new StringBuilder();
        boolean connected;

        @Override
        public void connected() {
            connected = true;
        }

        @Override
        public void received(ByteBuf bytes) {
            text.append(bytes.toString(StandardCharsets.ISO_8859_1));
        }

        @Override
        public void written(long bytes) {}

        @Override
        public void writeFailed(Throwable why) {}

        @Override
        public void inputEnded() {}

        @Override
        public void closed(Throwable why) {}
    }

    @BeforeEach
    void open() throws IOException {
        receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
        selector = new EpollTransport().open(receive::clear);
        var accepted = new ArrayList<AcceptedSocket>();
        var acceptor = selector.listen(
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
        clientWire = selector.connect(acceptor.localAddress(), null, SocketOptions.none(), client);
        until(() -> !accepted.isEmpty());
        serverWire = selector.open(accepted.getFirst(), SocketOptions.none(), server);
        until(() -> client.connected && server.connected);
        acceptor.close();
    }

    @AfterEach
    void close() {
        selector.close();
        receive.release();
    }

    private void until(BooleanSupplier condition) throws IOException {
        long deadline = System.nanoTime() + PATIENCE;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("the deadline").isLessThan(deadline);
            selector.select(10_000_000);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Epoll.IN, Epoll.ERR, Epoll.HUP})
    void an_error_or_a_hang_up_means_that_a_read_says_more(int events) throws Exception {
        clientWire.write(Unpooled.copiedBuffer("x", StandardCharsets.ISO_8859_1));
        clientWire.flush();
        long deadline = System.nanoTime() + PATIENCE;
        while (server.text.isEmpty()) { // the byte may still be in flight
            EpollSelector.tell((EpollSocket) serverWire, events);
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
        assertThat(server.text).asString().isEqualTo("x");
    }

    @Test
    void a_wait_in_milliseconds_is_rounded_up() {
        assertThat(EpollWait.millis(1)).isEqualTo(1);
        assertThat(EpollWait.millis(1_000_000)).isEqualTo(1);
        assertThat(EpollWait.millis(1_000_001)).isEqualTo(2);
        assertThat(EpollWait.millis(Long.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
    }
}
