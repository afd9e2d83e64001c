package rill.transport.epoll;

import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptedSocket;
import rill.spi.WireListener;

/** A descriptor that was accepted and is in no epoll yet. */
final class EpollAccepted implements AcceptedSocket {
    private final int fd;
    private final SocketAddress local;
    private final @Nullable SocketAddress remote; // null if it is in remote4
    private final long remote4;
    private final AtomicBoolean taken = new AtomicBoolean();

    EpollAccepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4) {
        this.fd = fd;
        this.local = local;
        this.remote = remote;
        this.remote4 = remote4;
    }

    /** The descriptor and what is known of it, for its new owner. */
    EpollSocket take(EpollSelector selector, WireListener listener) {
        if (!taken.compareAndSet(false, true)) {
            throw new IllegalStateException("the socket from " + remoteAddress() + " was opened or closed before");
        }
        try {
            return new EpollSocket(selector, fd, local, remote, remote4, listener);
        } catch (Error e) { // no memory
            LibC.close(fd);
            throw e;
        }
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
    public void close() {
        if (taken.compareAndSet(false, true)) {
            LibC.close(fd);
        }
    }
}
