package rill.transport.epoll;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.Acceptor;
import rill.spi.SocketFailures;
import rill.spi.SocketFile;

/** A listening socket. */
final class EpollAcceptor implements Acceptor, Registrations.Watched {
    /** Connections accepted in one turn, so that a storm of them does not hold up the others. */
    private static final int PER_TURN = 64;

    private final EpollSelector selector;
    private final AcceptListener listener;
    private final SocketAddress local;
    private final boolean localIsEverybodys;
    private final @Nullable SocketFile file;
    private final int slot;
    private int fd;
    private int watched; // the events
    private boolean paused;

    // The own address of the last connection, which the next one's is likely to be.
    private long own4 = SocketAddressArea.NOT_INET4;
    private SocketAddress own;

    /** Takes over the descriptor, which is bound and listens. */
    EpollAcceptor(
            EpollSelector selector, int fd, SocketAddress local, @Nullable SocketFile file, AcceptListener listener) {
        this.selector = selector;
        this.listener = listener;
        this.local = local;
        this.file = file;
        // Unless it is the wildcard, each connection's own address is the one that it came in at.
        this.localIsEverybodys =
                !(local instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress());
        this.own = local;
        this.fd = fd;
        this.slot = selector.registrations().add(this);
    }

    void start() throws IOException {
        watch(EpollWait.IN);
    }

    @Override
    public void ready(int events) {
        try {
            acceptAll();
        } catch (RuntimeException
                | Error e) { // no memory, most likely: an accident of this listener, which tries again later
            stumble(e);
        }
    }

    private void stumble(Throwable cause) {
        try {
            pause();
            listener.failed(SocketFailures.naming("accept on " + local, new IOException(cause)));
        } catch (RuntimeException | Error again) { // not even that: with the next select, then
            resume();
        }
    }

    private void acceptAll() {
        NativeMemory memory = selector.memory();
        for (int n = 0; n < PER_TURN && !paused && fd != EpollWait.CLOSED; n++) {
            int accepted = LibC.accept(
                    memory.errno,
                    fd,
                    memory.address.at(),
                    memory.address.room(),
                    EpollSelector.NON_BLOCKING | EpollSelector.CLOSE_ON_EXEC);
            if (accepted >= 0) {
                deliver(accepted);
            } else if (accepted == -Errno.EAGAIN) {
                return;
            } else if (!Errno.isOneConnections(-accepted)) {
                pause();
                listener.failed(SocketFailures.naming("accept on " + local, Errno.exception(-accepted)));
                return;
            }
        }
    }

    private void deliver(int accepted) {
        @Nullable EpollAccepted socket = null;
        try {
            SocketAddressArea address = selector.memory().address;
            long remote4 = address.inet4();
            SocketAddress remote = remote4 == SocketAddressArea.NOT_INET4 ? address.get() : null;
            socket = new EpollAccepted(accepted, ownAddress(accepted), remote, remote4);
        } catch (IOException gone) {
            // The peer has reset it already: nothing was lost that anybody knew of.
            LibC.close(accepted);
        } catch (RuntimeException | Error e) {
            LibC.close(accepted);
            throw e;
        }
        if (socket != null) {
            listener.accepted(socket);
        }
    }

    private SocketAddress ownAddress(int accepted) throws IOException {
        if (localIsEverybodys) {
            return local;
        }
        SocketAddressArea address = selector.askLocalAddress(accepted);
        long its4 = address.inet4();
        if (its4 == SocketAddressArea.NOT_INET4) {
            return address.get();
        }
        if (its4 != own4) {
            own4 = its4;
            own = SocketAddressArea.inet4(its4);
        }
        return own;
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public void pause() {
        paused = true;
        events(0);
    }

    @Override
    public void resume() {
        paused = false;
        events(EpollWait.IN);
    }

    private void events(int wanted) {
        try {
            watch(wanted);
        } catch (IOException e) {
            paused = true;
            selector.later(() -> listener.failed(SocketFailures.naming("accept on " + local, e)));
        }
    }

    private void watch(int wanted) throws IOException {
        if (fd != EpollWait.CLOSED) {
            watched = selector.watch(fd, slot, watched, wanted);
        }
    }

    @Override
    public void close() {
        paused = true;
        if (fd != EpollWait.CLOSED) {
            if (file != null) {
                file.remove();
            }
            selector.forget(fd, slot);
            fd = EpollWait.CLOSED;
        }
    }
}
