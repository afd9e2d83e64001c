package rill.transport.uring;

import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptedSocket;
import rill.spi.WireListener;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.SocketAddressArea;

/** A descriptor that was accepted and that no ring knows of. */
final class UringAccepted implements AcceptedSocket {
    private final int fd;
    private final SocketAddress local;
    private final @Nullable SocketAddress remote; // null if it is in remote4
    private final long remote4;
    private final AtomicBoolean taken = new AtomicBoolean();

    UringAccepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4) {
        this.fd = fd;
        this.local = local;
        this.remote = remote;
        this.remote4 = remote4;
    }

    /** Whoever calls this owns the descriptor. */
    void take() {
        if (!taken.compareAndSet(false, true)) {
            throw new IllegalStateException("the socket from " + remoteAddress() + " was opened or closed before");
        }
    }

    /** With the descriptor and what is known of it. */
    UringWire wire(UringSelector selector, WireListener listener) {
        return new UringWire(selector, fd, local, remote, remote4, listener);
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
            closeDescriptor();
        }
    }

    /** By who has taken it. */
    void closeDescriptor() {
        LibC.close(fd);
    }
}
