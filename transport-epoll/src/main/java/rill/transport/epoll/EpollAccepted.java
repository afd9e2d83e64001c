package rill.transport.epoll;

import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import rill.spi.AcceptedSocket;

/** A descriptor that was accepted and is in no epoll yet. */
final class EpollAccepted implements AcceptedSocket {
    private final int fd;
    private final SocketAddress local;
    private final SocketAddress remote;
    private final AtomicBoolean taken = new AtomicBoolean();

    EpollAccepted(int fd, SocketAddress local, SocketAddress remote) {
        this.fd = fd;
        this.local = local;
        this.remote = remote;
    }

    /** The descriptor, for its new owner. */
    int take() {
        if (!taken.compareAndSet(false, true)) {
            throw new IllegalStateException("the socket from " + remote + " was opened or closed before");
        }
        return fd;
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public void close() {
        if (taken.compareAndSet(false, true)) {
            LibC.close(fd);
        }
    }
}
