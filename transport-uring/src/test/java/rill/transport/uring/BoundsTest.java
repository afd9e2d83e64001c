package rill.transport.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rill.transport.epoll.linux.LibC;

/** How much memory a ring takes and keeps. */
class BoundsTest extends Selecting {
    private static final int MUCH = 4 * 1024 * 1024;
    private static final int FIONREAD = 0x541b;

    private final Arena arena = Arena.ofConfined();

    static List<Named<Kernel>> kernels() {
        return List.of(
                Named.of("the present one", null),
                Named.of("before 6.17", new Kernel(true, false)),
                Named.of("before 6.12", new Kernel(false, false)));
    }

    @AfterEach
    void free() {
        arena.close();
    }

    private int unread(End end) {
        MemorySegment number = arena.allocate(JAVA_INT);
        LibC.ioctl(LibC.NOBODY_READS, ((UringWire) end.wire).fd(), FIONREAD, number.address());
        return number.get(JAVA_INT, 0);
    }

    /** Pauses after each read. */
    private static final class Pausing extends End {
        @Override
        public void received(ByteBuf bytes) {
            super.received(bytes);
            wire.pauseReads();
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void a_wire_that_is_paused_has_taken_no_more_than_it_reads_in_a_turn(Kernel kernel) throws IOException {
        selector.close();
        selector = (UringSelector) new UringTransport(kernel, Ring.Size.USUAL).open(receive::clear);
        End client = new End();
        End server = new Pausing();
        connect(client, server);
        server.wire.pauseReads();
        selector.select(0);
        client.send(MUCH);
        for (int i = 0; i < 5; i++) {
            selector.select(1_000_000);
        }
        int step = 0;
        while (server.read < MUCH) {
            long before = server.read;
            server.wire.resumeReads();
            until(() -> server.read > before);
            selector.select(0);
            selector.select(0);
            long gone = MUCH - client.wire.unacknowledged();
            long kept = client.left - client.wire.unacknowledged() - unread(server) - server.read;
            assertThat(kept)
                    .as("kept after step " + step++ + ", of " + gone)
                    .isLessThanOrEqualTo(Receiving.BYTES_PER_TURN);
        }
        client.wire.abort();
        server.wire.abort();
    }
}
