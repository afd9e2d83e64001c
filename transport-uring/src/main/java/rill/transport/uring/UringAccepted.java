package rill.transport.uring;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.transport.epoll.linux.LinuxAccepted;

/** A descriptor that was accepted and that no ring knows of. */
final class UringAccepted extends LinuxAccepted {
    UringAccepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4) {
        super(fd, local, remote, remote4);
    }

    /** Whoever calls this owns the descriptor. */
    void takeOver() {
        take();
    }

    /** With the descriptor and what is known of it. */
    UringWire wire(UringSelector selector, WireListener listener) {
        return new UringWire(selector, fd, local, remote, remote4, listener);
    }

    /** By who has taken it over. */
    void closeDescriptor() {
        closeSocket();
    }
}
