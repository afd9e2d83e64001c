package rill.transport.uring;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.spi.readiness.SocketFailures;
import rill.spi.readiness.SocketFile;
import rill.transport.epoll.linux.Errno;
import rill.transport.epoll.linux.LibC;
import rill.transport.epoll.linux.OwnAddresses;
import rill.transport.epoll.linux.SocketAddressArea;
import rill.transport.epoll.linux.Sockets;

/**
 * A listening socket. One request accepts until it is cancelled or fails; what it has accepted beyond a turn, or while it is paused, waits
 * here.
 */
final class UringAcceptor extends RingSocket implements Acceptor {
    /** Connections given out in one turn, so that a storm of them does not hold up the others. */
    static final int PER_TURN = 64;

    private static final int SHUT_RD = 0;

    private final AcceptListener listener;
    private final int family;
    private final OwnAddresses own;
    private @Nullable SocketAddress local; // null until it is bound
    private @Nullable SocketFile file;
    private @Nullable ArrayDeque<Integer> waiting; // descriptors, while there are any
    private boolean paused;
    private boolean closed;
    private boolean accepting; // a request is under way…
    private boolean cancelled; // …and given up
    private int turn;
    private int given; // in this turn

    UringAcceptor(UringSelector selector, Sockets.Listening made, AcceptListener listener) {
        super(selector, made.fd());
        this.listener = listener;
        family = made.family();
        own = new OwnAddresses(selector.sockets());
    }

    /** Binds and listens; closes it if that fails. */
    void start(SocketAddress wanted, int backlog, SocketOptions options) throws IOException {
        try {
            options.<IOException>applyTo(this::setOption);
            selector.sockets().bind(fd(), wanted, family);
            file = wanted instanceof UnixDomainSocketAddress path ? SocketFile.bound(path) : null;
            selector.sockets().listen(fd(), backlog);
            local = selector.sockets().askLocalAddress(fd()).get();
            changed();
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    @Override
    public SocketAddress localAddress() {
        return Objects.requireNonNull(local);
    }

    // ---- requests

    @Override
    void advance() {
        boolean wanted = !paused && !closed && waiting == null;
        if (wanted && !accepting) {
            selector.request(Request.ACCEPT_MANY, fd(), 0, 0, 0, Sockets.FLAGS, 0, data(Request.ACCEPT));
            accepting = true;
            cancelled = false;
        } else if (!wanted && accepting && !cancelled) {
            selector.cancel(data(Request.ACCEPT), data(Request.CANCEL));
            cancelled = true;
        }
    }

    @Override
    void answered(int kind, int result, int flags) {
        if (kind == Request.CANCEL) {
            cancelled = false; // it was not to be found just then
            changed();
            return;
        }
        if ((flags & Ring.MORE) == 0) {
            accepting = false;
            selector.requestOver();
            changed();
            if (closed) {
                closeDescriptor(false);
            }
        }
        if (result >= 0) {
            accepted(result);
        } else if (!closed && !isOver(-result) && !Errno.isOneConnections(-result)) {
            fail(Errno.exception(-result));
        }
    }

    private static boolean isOver(int error) {
        return error == Errno.ECANCELED || error == Errno.EAGAIN || error == Errno.EINTR;
    }

    private void accepted(int descriptor) {
        if (closed) {
            selector.reset(descriptor);
        } else if (paused || waiting != null || turnIsOver()) {
            keep(descriptor);
        } else {
            give(descriptor);
        }
    }

    private boolean turnIsOver() {
        if (turn != selector.turn()) {
            turn = selector.turn();
            given = 0;
        }
        return given == PER_TURN;
    }

    private void keep(int descriptor) {
        try {
            if (waiting == null) {
                waiting = new ArrayDeque<>();
            }
            waiting.add(descriptor);
        } catch (OutOfMemoryError e) {
            LibC.close(descriptor);
            return;
        }
        changed();
        if (!paused) {
            announce();
        }
    }

    private void give(int descriptor) {
        given++;
        UringAccepted accepted;
        try {
            accepted = named(descriptor);
        } catch (IOException gone) { // the peer has reset it already, or has an address that can't be expressed
            LibC.close(descriptor);
            return;
        } catch (RuntimeException | Error e) {
            LibC.close(descriptor);
            stumble(e);
            return;
        }
        try {
            listener.accepted(accepted);
        } catch (RuntimeException | Error e) {
            accepted.close(); // unless it was taken
            stumble(e);
        }
    }

    private UringAccepted named(int descriptor) throws IOException {
        SocketAddressArea address = selector.sockets().askPeersAddress(descriptor);
        long remote4 = address.inet4();
        SocketAddress remote = remote4 == SocketAddressArea.NOT_INET4 ? address.get() : null;
        return new UringAccepted(descriptor, own.of(descriptor, localAddress()), remote, remote4);
    }

    private void fail(IOException cause) {
        if (paused) {
            return; // it is tried again with resume
        }
        pause();
        try {
            listener.failed(SocketFailures.naming("accept on " + local, cause));
        } catch (RuntimeException | Error e) {
            resume(); // not even that: with the next select, then
        }
    }

    private void stumble(Throwable cause) {
        if (closed) {
            Thread driver = Thread.currentThread(); // nobody else can be told
            driver.getUncaughtExceptionHandler().uncaughtException(driver, cause);
            return;
        }
        paused = false;
        try {
            fail(new IOException(cause));
        } catch (RuntimeException | Error again) {
            resume();
        }
    }

    @Override
    void tell() {
        ArrayDeque<Integer> kept = waiting;
        while (kept != null && !paused && !closed) {
            Integer next = kept.peek();
            if (next == null) {
                waiting = null;
                changed();
                return;
            }
            if (turnIsOver()) {
                announce();
                return;
            }
            kept.remove();
            give(next);
        }
    }

    // ---- pausing and closing

    @Override
    public void pause() {
        paused = true;
        if (!closed) {
            changed();
        }
    }

    @Override
    public void resume() {
        paused = false;
        if (!closed) {
            changed();
            if (waiting != null) {
                announce();
            }
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        abandon();
        if (!accepting || selector.awaitOver(data(Request.ACCEPT), () -> !accepting)) {
            closeDescriptor(false);
        } else {
            LibC.shutdown(selector.memory().errno, fd(), SHUT_RD); // which ends the request, and that the rest
        }
    }

    @Override
    void abandon() {
        if (closed) {
            return;
        }
        closed = true;
        if (file != null) {
            file.remove();
        }
        if (waiting != null) {
            waiting.forEach(selector::reset);
            waiting = null;
        }
    }

    @Override
    void release() {
        closeDescriptor(false);
    }

    @Override
    public String toString() {
        return "acceptor at " + local;
    }
}
