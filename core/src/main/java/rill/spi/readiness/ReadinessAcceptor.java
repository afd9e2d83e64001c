package rill.spi.readiness;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;
import rill.spi.Uncaught;

/**
 * The Acceptor of a transport whose system reports readiness: accepting within a budget, pausing when the system refuses, the file of a Unix domain
 * socket. A transport extends it and adds only its system calls, those of one non-blocking listening socket.
 *
 * <p><b>Threading:</b> the Selector's driver. <b>Errors:</b> the subclass repeats a system call that is interrupted (EINTR).
 */
public abstract non-sealed class ReadinessAcceptor extends Watched implements Acceptor {
    /** The number of connections accepted in one turn, so that a burst does not hold up others. */
    static final int PER_TURN = 64;

    private final AcceptListener listener;
    private @Nullable SocketAddress local; // null until it is bound
    private @Nullable SocketFile file;
    private @Nullable IOException failure; // still to be reported
    private boolean paused;
    private boolean closed;

    /** Creates the Acceptor of a listening socket that is made but not bound. */
    protected ReadinessAcceptor(AcceptListener listener) {
        this.listener = listener;
    }

    // ---- what a transport adds

    /** Binds the socket; a system that does both in one call listens as well. */
    protected abstract void bind(SocketAddress wanted, int backlog) throws IOException;

    /**
     * Listens, unless {@link #bind} did.
     *
     * @param backlog 0 for the system's choice
     */
    protected void listen(int backlog) throws IOException {}

    /** The address that the socket is bound to, with the port that the system chose. */
    protected abstract SocketAddress boundAddress() throws IOException;

    /** Sets whether waiting connections are to be reported from now on. */
    protected abstract void interest(boolean accept) throws IOException;

    /**
     * Accepts one connection, as a non-blocking socket.
     *
     * @return null if none is waiting
     * @throws Gone if this connection is lost; the next may succeed
     * @throws IOException if the system can't accept now (no descriptors, no memory)
     */
    protected abstract @Nullable ReadinessAccepted accept() throws IOException;

    /** Closes the descriptor, which frees the address at once. Called once. Never throws. */
    protected abstract void closeSocket();

    /** A connection failed while it was waiting, or its peer has an address that can't be expressed. Nothing is lost that anyone knew of. */
    protected static final class Gone extends IOException {
        private static final long serialVersionUID = 1;

        /** Creates the exception with the system's failure as its cause. */
        public Gone(Throwable cause) {
            super(cause);
        }
    }

    // ---- beginning and end

    /** Binds and listens; closes the socket if that fails. */
    final void start(SocketAddress wanted, int backlog, SocketOptions options) throws IOException {
        try {
            options.<IOException>applyTo(this::setOption);
            bind(wanted, backlog);
            file = wanted instanceof UnixDomainSocketAddress path ? selector().file(path) : null;
            listen(backlog);
            local = boundAddress();
            interest(true);
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    @Override
    public final SocketAddress localAddress() {
        return Objects.requireNonNull(local);
    }

    @Override
    public final void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (file != null) {
            file.remove();
        }
        closeSocket();
    }

    // ---- accepting

    @Override
    public final void ready(boolean readable, boolean writable) {
        try {
            acceptAll();
        } catch (RuntimeException
                | Error e) { // no memory, most likely: an accident of this listener, which tries again later
            stumble(e);
        }
    }

    private void acceptAll() {
        for (int n = 0; n < PER_TURN && !paused && !closed; n++) {
            AcceptedSocket accepted;
            try {
                accepted = accept();
            } catch (Gone oneConnection) {
                continue;
            } catch (IOException e) {
                pause();
                listener.failed(named(e));
                return;
            }
            if (accepted == null) {
                return;
            }
            try {
                listener.accepted(accepted);
            } catch (RuntimeException | Error e) {
                accepted.close(); // a no-op if it was taken
                throw e;
            }
        }
    }

    private void stumble(Throwable cause) {
        if (closed) {
            Uncaught.tell(cause); // nobody else can be notified
            return;
        }
        try {
            pause();
            listener.failed(named(new IOException(cause)));
        } catch (RuntimeException | Error again) {
            Uncaught.tell(again);
            resume(); // nobody else would
        }
    }

    private IOException named(IOException cause) {
        return SocketFailures.naming("accept on " + local, cause);
    }

    // ---- pausing

    @Override
    public final void pause() {
        paused = true;
        want(false);
    }

    @Override
    public final void resume() {
        paused = false;
        want(true);
    }

    private void want(boolean accept) {
        if (closed) {
            return;
        }
        try {
            interest(accept);
            failure = null;
        } catch (IOException e) {
            paused = true;
            failure = e;
            announce();
        }
    }

    @Override
    final void tell() {
        IOException cause = failure;
        if (cause != null && !closed) {
            failure = null;
            listener.failed(named(cause));
        }
    }

    @Override
    public String toString() {
        return "acceptor at " + local;
    }
}
