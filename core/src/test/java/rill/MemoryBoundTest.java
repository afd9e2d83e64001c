package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.testing.IntFrames;
import rill.testing.Loops;

/** How much memory many peers together can make a loop hold. */
class MemoryBoundTest {
    private static final int KIB = 1024;
    private static final int MIB = KIB * KIB;
    private static final int ANNOUNCED = 30 * MIB;
    private static final int PEERS = 20;

    private final List<Throwable> failures = new ArrayList<>();
    private final List<ByteBuf> received = new ArrayList<>();
    private final List<Connection<ByteBuf, ByteBuf>> peers = new ArrayList<>();
    private int accepted;

    /** A server of frames on {@code serving}, and peers on {@code calling} that write raw bytes. */
    private void connect(Loops loops, Loop serving, Loop calling) {
        SocketAddress any = new InetSocketAddress("127.0.0.1", 0);
        Listener listener = loops.settle(serving.listen(any, Pipeline.of(new IntFrames(64 * MIB)), connection -> {
            accepted++;
            connection.onFailure(failure -> failures.add(failure.cause())).onMessage(received::add);
        }));
        for (int i = 0; i < PEERS; i++) {
            peers.add(loops.settle(calling.connect(listener.address(), Pipeline.bytes())));
        }
        loops.tickUntil(() -> accepted == PEERS);
    }

    private void send(Loops loops, Connection<ByteBuf, ByteBuf> peer, ByteBuf bytes) {
        loops.settle(peer.loop().submit(() -> peer.write(bytes)));
        for (int n = 0; n < 10; n++) {
            loops.tickUntil(() -> true);
            peer.loop().tick();
        }
    }

    @Test
    void twenty_unfinished_messages_stay_below_the_bound_and_those_that_exceed_it_fail_alone() {
        try (Loops loops = Loops.manual()) {
            Loop serving = loops.open(options -> options.name("bounded").bufferMemory(MIB));
            Loop calling = loops.open();
            connect(loops, serving, calling);
            for (int part = 0; part < 10; part++) {
                for (var peer : peers) {
                    ByteBuf bytes = Unpooled.buffer();
                    if (part == 0) {
                        bytes.writeInt(ANNOUNCED);
                    }
                    send(loops, peer, bytes.writeZero(10 * KIB));
                }
            }
            assertThat(failures)
                    .isNotEmpty()
                    .hasSizeLessThan(PEERS)
                    .allSatisfy(failure -> assertThat(failure)
                            .isInstanceOf(IOException.class)
                            .hasMessageContaining("bounded: no memory for a buffer of")
                            .hasMessageContaining("the limit is 1048576; LoopOptions.bufferMemory raises it")
                            .hasCauseInstanceOf(OutOfMemoryError.class));
            assertThat(serving.isClosed()).isFalse();
            assertThat(accepted - failures.size())
                    .as("what the others have sent is still there")
                    .isPositive();
            peers.forEach(Connection::abort);
            loops.tickUntil(() -> serving.buffers().held() <= Buffers.SIZE);
        }
    }

    @Test
    void an_announcement_costs_a_small_chunk_until_bytes_come() {
        try (Loops loops = Loops.manual()) {
            Loop serving = loops.open();
            Loop calling = loops.open();
            connect(loops, serving, calling);
            for (var peer : peers) {
                send(loops, peer, Unpooled.buffer().writeInt(ANNOUNCED).writeInt(0));
            }
            loops.tickUntil(() -> serving.buffers().held() >= PEERS * Buffers.SMALL);
            assertThat(serving.buffers().held())
                    .as("the receive buffer, and a small chunk each")
                    .isLessThanOrEqualTo(Buffers.SIZE + PEERS * Buffers.SMALL);
            for (var peer : peers) {
                send(loops, peer, Unpooled.buffer().writeZero(6_000));
            }
            loops.tickUntil(() -> serving.buffers().held() >= PEERS * 2 * Buffers.SMALL);
            assertThat(serving.buffers().held())
                    .as("less than twice what has come, each")
                    .isLessThanOrEqualTo(Buffers.SIZE + PEERS * 2 * Buffers.SMALL);
            peers.forEach(Connection::abort);
            loops.tickUntil(() -> serving.buffers().held() <= Buffers.SIZE);
            assertThat(failures).allMatch(IOException.class::isInstance);
        }
    }
}
