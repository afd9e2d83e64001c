package rill.transport.epoll;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import rill.spi.AbstractSocketAddress;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.testkit.Leaks;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.SocketAddressArea;

/** Peers with very unusual addresses. */
@ExtendWith(Leaks.class)
class StrangePeersTest {
    private static final long PATIENCE = 10_000_000_000L;
    private static final int SOCK_STREAM = 1;

    private static final class Keeping implements AcceptListener {
        final List<AcceptedSocket> sockets = new ArrayList<>();
        final List<IOException> failures = new ArrayList<>();

        @Override
        public void accepted(AcceptedSocket socket) {
            sockets.add(socket);
        }

        @Override
        public void failed(IOException cause) {
            failures.add(cause);
        }
    }

    /** The first byte of an abstract name is zero; here it is the whole name. Java can't bind to that. */
    private static void bindToTheEmptyName(MemorySegment errno, int fd, Arena arena) throws IOException {
        MemorySegment address = arena.allocate(4);
        address.set(JAVA_SHORT, 0, (short) SocketAddressArea.AF_UNIX);
        int result;
        long deadline = System.nanoTime() + PATIENCE;
        do { // the network namespace has only one such name
            result = LibC.bind(errno, fd, address.address(), 3);
        } while (result == -Errno.EADDRINUSE && System.nanoTime() < deadline);
        Errno.check(result);
    }

    @Test
    void a_peer_with_the_empty_abstract_name_is_accepted_like_any_other(@TempDir Path folder) throws Exception {
        ByteBuf receive = Unpooled.directBuffer(16 * 1024, 16 * 1024);
        Selector selector = new EpollTransport().open(receive::clear);
        try (Arena arena = Arena.ofConfined()) {
            var listener = new Keeping();
            var at = UnixDomainSocketAddress.of(folder.resolve("server"));
            selector.listen(at, 0, SocketOptions.none(), listener);
            MemorySegment errno = LibC.errnoAt(arena.allocate(LibC.ERRNO_LAYOUT).address());
            int fd = Errno.check(LibC.socket(errno, SocketAddressArea.AF_UNIX, SOCK_STREAM));
            try {
                bindToTheEmptyName(errno, fd, arena);
                var area = new SocketAddressArea(arena);
                Errno.check(LibC.connect(errno, fd, area.at(), area.put(at, SocketAddressArea.AF_UNIX)));
                long deadline = System.nanoTime() + PATIENCE;
                while (listener.sockets.isEmpty() && listener.failures.isEmpty() && System.nanoTime() < deadline) {
                    selector.select(10_000_000);
                }
            } finally {
                LibC.close(fd);
            }
            assertThat(listener.failures).isEmpty();
            assertThat(listener.sockets).singleElement().satisfies(socket -> {
                assertThat(socket.remoteAddress())
                        .isInstanceOf(AbstractSocketAddress.class)
                        .hasToString("@");
                socket.close();
            });
        } finally {
            selector.close();
            receive.release();
        }
    }

    @Test
    void nobody_can_ask_for_the_empty_abstract_name() {
        assertThatThrownBy(() -> new AbstractSocketAddress("")).isInstanceOf(IllegalArgumentException.class);
    }
}
