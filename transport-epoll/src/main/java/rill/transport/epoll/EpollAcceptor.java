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
    private final Watch watch;
    private boolean paused;

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
        this.watch = new Watch(selector, fd, this);
    }

    void start() throws IOException {
        watch.events(Watch.IN);
    }

    @Override
    public void ready(int events) {
        NativeMemory memory = selector.memory();
        for (int n = 0; n < PER_TURN && !paused && watch.isOpen(); n++) {
            int accepted = LibC.accept(
                    memory.errno,
                    watch.fd(),
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
            SocketAddress remote = selector.memory().address.get();
            SocketAddress own = localIsEverybodys ? local : selector.localAddress(accepted);
            socket = new EpollAccepted(accepted, own, remote);
        } catch (IOException gone) {
            // The peer has reset it already: nothing was lost that anybody knew of.
            LibC.close(accepted);
        }
        if (socket != null) {
            listener.accepted(socket);
        }
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
        events(Watch.IN);
    }

    private void events(int wanted) {
        try {
            watch.events(wanted);
        } catch (IOException e) {
            paused = true;
            selector.later(() -> listener.failed(SocketFailures.naming("accept on " + local, e)));
        }
    }

    @Override
    public void close() {
        paused = true;
        if (watch.isOpen()) {
            if (file != null) {
                file.remove();
            }
            watch.close();
        }
    }
}
