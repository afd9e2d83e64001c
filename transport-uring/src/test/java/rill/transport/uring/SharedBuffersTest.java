package rill.transport.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;

/** All Wires of a ring receive into the same few buffers; those that send much must not take all of them each time. */
class SharedBuffersTest extends Selecting {
    private static final int MOST_SELECTS = 20;
    private static final int WARM_UP = 3 * ReceiveBuffers.GROWING; // then receives have their usual total
    private static final int PINGS = 5;

    private final List<SocketChannel> peers = new ArrayList<>();
    private final ByteBuffer zeros = ByteBuffer.allocateDirect(1024 * 1024);

    private static final class Answering extends End {
        @Override
        public void received(ByteBuf bytes) {
            super.received(bytes);
            wire.write(Unpooled.directBuffer(1).writeByte(1));
            wire.flush();
        }
    }

    /** Each with as many connections as take all buffers. */
    static List<Arguments> kernels() {
        return List.of(
                Arguments.of("the present one", null, 4),
                Arguments.of("before 6.17", new Kernel(true, false), 48),
                Arguments.of("before 6.12", new Kernel(false, false), 64));
    }

    @AfterEach
    void closePeers() throws IOException {
        for (SocketChannel each : peers) {
            each.close();
        }
    }

    private <E extends End> E open(Acceptor acceptor, E end) throws IOException {
        SocketChannel peer = SocketChannel.open(acceptor.localAddress());
        peers.add(peer);
        peer.configureBlocking(false);
        until(() -> !accepted.isEmpty());
        end.wire = selector.open(accepted.removeFirst(), SocketOptions.none(), end);
        until(() -> end.connected == 1);
        return end;
    }

    /** Fills what the kernel holds for each of these. */
    private void fill(List<SocketChannel> floods) throws IOException {
        for (SocketChannel each : floods) {
            int n;
            do {
                n = each.write(zeros.clear());
            } while (n > 0);
        }
    }

    @Tag("slow")
    @ParameterizedTest(name = "{0}")
    @MethodSource("kernels")
    void those_that_send_more_than_is_read_hold_up_no_other(String name, Kernel kernel, int enough) throws IOException {
        selector.close();
        selector = (UringSelector) new UringTransport(kernel, Ring.Size.USUAL).open(receive::clear);
        Acceptor acceptor = listen(anyPort(), 0);
        var flooded = new ArrayList<End>();
        for (int i = 0; i < enough + 1; i++) {
            flooded.add(open(acceptor, new End()));
        }
        List<SocketChannel> floods = List.copyOf(peers);
        End quiet = open(acceptor, new Answering());
        SocketChannel asking = peers.getLast();
        for (int i = 0; i < WARM_UP; i++) {
            fill(floods);
            selector.select(0);
        }
        for (int ping = 1; ping <= PINGS; ping++) {
            asking.write(ByteBuffer.allocate(1));
            int answered = 0;
            for (int i = 0; i < MOST_SELECTS && answered == 0; i++) {
                fill(floods);
                selector.select(0);
                answered = asking.read(ByteBuffer.allocate(1));
            }
            assertThat(answered).as("ping %s is answered", ping).isEqualTo(1);
        }
        long least = Long.MAX_VALUE;
        long most = 0;
        for (End each : flooded) {
            least = Math.min(least, each.read);
            most = Math.max(most, each.read);
        }
        assertThat(least).as("bytes of the slowest, of %s", most).isPositive();
        acceptor.close();
        flooded.forEach(each -> each.wire.abort());
        quiet.wire.abort();
    }
}
