package rill.transport.epoll;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.readiness.ReadinessAcceptor;

/** A listening socket. Its descriptor's owner: it is closed here, once. */
final class EpollAcceptor extends ReadinessAcceptor {
    private static final int MOST_WAITING = 4096; // what "the system's choice" comes to since Linux 5.4

    private final EpollSelector selector;
    private final int family;
    private final int slot;
    private int fd;
    private int watched; // the events

    // The own address of the last connection, which the next one's is likely to be.
    private long own4 = SocketAddressArea.NOT_INET4;
    private @Nullable SocketAddress own;

    EpollAcceptor(EpollSelector selector, int fd, int family, AcceptListener listener) {
        super(listener);
        this.selector = selector;
        this.family = family;
        this.fd = fd;
        this.slot = selector.registrations().add(this);
    }

    @Override
    protected EpollSelector selector() {
        return selector;
    }

    @Override
    protected <T> void option(SocketOption<T> option, T value) throws IOException {
        selector.options().set(fd, option, value);
    }

    @Override
    protected void bind(SocketAddress wanted, int backlog) throws IOException {
        selector.bind(fd, wanted, family);
    }

    @Override
    protected void listen(int backlog) throws IOException {
        Errno.check(LibC.listen(selector.memory().errno, fd, backlog == 0 ? MOST_WAITING : backlog));
    }

    @Override
    protected SocketAddress boundAddress() throws IOException {
        return selector.askLocalAddress(fd).get();
    }

    @Override
    protected void interest(boolean accept) throws IOException {
        watched = selector.watch(fd, slot, watched, accept ? EpollWait.IN : 0);
    }

    @Override
    protected @Nullable EpollAccepted accept() throws IOException {
        NativeMemory memory = selector.memory();
        int accepted = LibC.accept(
                memory.errno,
                fd,
                memory.address.at(),
                memory.address.room(),
                EpollSelector.NON_BLOCKING | EpollSelector.CLOSE_ON_EXEC);
        if (accepted >= 0) {
            return accepted(accepted, memory.address);
        }
        if (accepted == -Errno.EAGAIN) {
            return null;
        }
        IOException failure = Errno.exception(-accepted);
        throw Errno.isOneConnections(-accepted) ? new Gone(failure) : failure;
    }

    private EpollAccepted accepted(int accepted, SocketAddressArea address) throws IOException {
        try {
            long remote4 = address.inet4();
            SocketAddress remote = remote4 == SocketAddressArea.NOT_INET4 ? address.get() : null;
            return new EpollAccepted(accepted, ownAddress(accepted), remote, remote4);
        } catch (IOException gone) { // the peer has reset it already
            LibC.close(accepted);
            throw new Gone(gone);
        } catch (RuntimeException | Error e) {
            LibC.close(accepted);
            throw e;
        }
    }

    /** Unless it listens at the wildcard, every connection came in at the same address. */
    private SocketAddress ownAddress(int accepted) throws IOException {
        SocketAddress local = localAddress();
        if (!(local instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress())) {
            return local;
        }
        SocketAddressArea address = selector.askLocalAddress(accepted);
        long its4 = address.inet4();
        if (its4 == SocketAddressArea.NOT_INET4) {
            return address.get();
        }
        SocketAddress last = own;
        if (last == null || its4 != own4) {
            last = SocketAddressArea.inet4(its4);
            own = last;
            own4 = its4;
        }
        return last;
    }

    @Override
    protected void closeSocket() {
        selector.forget(fd, slot);
        fd = EpollWait.CLOSED;
    }
}
