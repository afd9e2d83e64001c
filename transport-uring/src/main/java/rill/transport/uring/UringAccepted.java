package rill.transport.uring;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.spi.WireListener;
import rill.transport.epoll.linux.LinuxAccepted;

/** An accepted descriptor that no ring knows yet. */
final class UringAccepted extends LinuxAccepted {
    UringAccepted(int fd, SocketAddress local, @Nullable SocketAddress remote, long remote4) {
        super(fd, local, remote, remote4);
    }

    /** Makes the caller the owner of the descriptor. */
    void takeOver() {
        take();
    }

    /** Returns a Wire on the descriptor, with what is known of it. */
    UringWire wire(UringSelector selector, WireListener listener) {
        return new UringWire(selector, fd, local, remote, remote4, listener);
    }

    /** Closes the descriptor; for the caller that took it over. */
    void closeDescriptor() {
        closeSocket();
    }
}
