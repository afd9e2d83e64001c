package rill.transport.epoll;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessAccepted;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.SocketAddressArea;

/** A descriptor that was accepted and is in no epoll yet. */
final class EpollAccepted extends ReadinessAccepted {
    private final int fd;
    private final SocketAddress local;
    private final @Nullable SocketAddress remote; // null if it is in remote4
    private final long remote4;

    EpollAccepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4) {
        this.fd = fd;
        this.local = local;
        this.remote = remote;
        this.remote4 = remote4;
    }

    /** With the descriptor and what is known of it. */
    EpollSocket wire(EpollSelector selector, WireListener listener) {
        return new EpollSocket(selector, fd, local, remote, remote4, listener);
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote == null ? SocketAddressArea.inet4(remote4) : remote;
    }

    @Override
    protected void closeSocket() {
        LibC.close(fd);
    }
}
