package rill.transport.epoll;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.transport.epoll.linux.LinuxAccepted;

/** An accepted descriptor that no epoll watches yet. */
final class EpollAccepted extends LinuxAccepted {
    EpollAccepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4) {
        super(fd, local, remote, remote4);
    }

    /** Returns a Wire on the descriptor, with what is known of it. */
    EpollSocket wire(EpollSelector selector, WireListener listener) {
        return new EpollSocket(selector, fd, local, remote, remote4, listener);
    }
}
