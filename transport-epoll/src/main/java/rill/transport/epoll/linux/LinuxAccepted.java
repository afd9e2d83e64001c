package rill.transport.epoll.linux;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.spi.readiness.ReadinessAccepted;

/** An accepted descriptor that nobody watches yet. */
public abstract class LinuxAccepted extends ReadinessAccepted {
    /** The descriptor. */
    protected final int fd;

    /** This end's address. */
    protected final SocketAddress local;

    /** The peer's address; null if it is in {@link #remote4}. */
    protected final @Nullable SocketAddress remote;

    /** See {@link SocketAddressArea#inet4}. */
    protected final long remote4;

    /** Creates it from the result of accept4(2). */
    protected LinuxAccepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4) {
        this.fd = fd;
        this.local = local;
        this.remote = remote;
        this.remote4 = remote4;
    }

    @Override
    public final SocketAddress localAddress() {
        return local;
    }

    @Override
    public final SocketAddress remoteAddress() {
        return remote == null ? SocketAddressArea.inet4(remote4) : remote;
    }

    @Override
    protected final void closeSocket() {
        LibC.close(fd);
    }
}
