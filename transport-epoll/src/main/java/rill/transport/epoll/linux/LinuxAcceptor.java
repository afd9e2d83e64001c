package rill.transport.epoll.linux;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.readiness.ReadinessAcceptor;

/** A listening socket. It owns its descriptor, and closes it once. */
final class LinuxAcceptor<A extends LinuxAccepted> extends ReadinessAcceptor {
    private static final int CLOSED = -1; // stands for a descriptor that was closed

    private final LinuxSelector<A> selector;
    private final int family;
    private final int slot;
    private int fd;
    private int watched; // the events

    private final OwnAddresses own;

    LinuxAcceptor(LinuxSelector<A> selector, Sockets.Listening made, AcceptListener listener) {
        super(listener);
        this.selector = selector;
        this.family = made.family();
        this.fd = made.fd();
        this.own = new OwnAddresses(selector.sockets());
        this.slot = selector.registrations().add(this);
    }

    @Override
    protected LinuxSelector<A> selector() {
        return selector;
    }

    @Override
    protected <T> void option(SocketOption<T> option, T value) throws IOException {
        selector.options().set(fd, option, value);
    }

    @Override
    protected void bind(SocketAddress wanted, int backlog) throws IOException {
        selector.sockets().bind(fd, wanted, family);
    }

    @Override
    protected void listen(int backlog) throws IOException {
        selector.sockets().listen(fd, backlog);
    }

    @Override
    protected SocketAddress boundAddress() throws IOException {
        return selector.sockets().askLocalAddress(fd).get();
    }

    @Override
    protected void interest(boolean accept) throws IOException {
        watched = selector.watch(fd, slot, watched, accept ? Epoll.IN : 0);
    }

    @Override
    protected @Nullable A accept() throws IOException {
        CallMemory memory = selector.calls();
        int accepted = LibC.accept(memory.errno, fd, memory.address.at(), memory.address.room(), Sockets.FLAGS);
        if (accepted >= 0) {
            return accepted(accepted, memory.address);
        }
        if (accepted == -Errno.EAGAIN) {
            return null;
        }
        IOException failure = Errno.exception(-accepted);
        throw Errno.isOneConnections(-accepted) ? new Gone(failure) : failure;
    }

    private A accepted(int accepted, SocketAddressArea address) throws IOException {
        try {
            long remote4 = address.inet4();
            SocketAddress remote = remote4 == SocketAddressArea.NOT_INET4 ? address.get() : null;
            return selector.accepted(accepted, own.of(accepted, localAddress()), remote, remote4);
        } catch (IOException gone) { // the peer has reset it already
            LibC.close(accepted);
            throw new Gone(gone);
        } catch (RuntimeException | Error e) {
            LibC.close(accepted);
            throw e;
        }
    }

    @Override
    protected void closeSocket() {
        selector.forget(fd, slot);
        fd = CLOSED;
    }
}
