package rill.testing;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Uncaught;

/** A listening socket of a {@link MemoryTransport}; tests make it refuse to accept. */
public final class MemoryAcceptor implements Acceptor {
    private final MemoryTransport transport;
    private final MemorySelector selector;
    private final AcceptListener listener;
    private final ArrayDeque<MemoryWire> backlog = new ArrayDeque<>(); // guarded by the transport's lock
    private SocketAddress address;
    private boolean paused;
    private boolean closed;
    private IOException failure;
    private Error resumeFailure;

    MemoryAcceptor(MemoryTransport transport, MemorySelector selector, AcceptListener listener) {
        this.transport = transport;
        this.selector = selector;
        this.listener = listener;
    }

    void boundTo(SocketAddress bound) {
        address = bound;
    }

    /** Makes the next accept fail with this cause. */
    public void failNext(IOException cause) {
        synchronized (transport.lock) {
            failure = cause;
        }
    }

    /** Makes the next call to resume throw this Error. */
    public void failNextResume(Error cause) {
        resumeFailure = cause;
    }

    void enqueue(MemoryWire client) {
        backlog.add(client);
        selector.nudge();
    }

    boolean ready() {
        return !paused && !backlog.isEmpty();
    }

    void turn() {
        MemoryWire client;
        IOException refusal;
        synchronized (transport.lock) {
            if (!ready()) {
                return;
            }
            refusal = failure;
            failure = null;
            paused |= refusal != null;
            client = refusal == null ? backlog.remove() : null;
        }
        if (refusal == null) {
            var accepted = new Accepted(client);
            try {
                listener.accepted(accepted);
            } catch (RuntimeException | Error e) { // accepted() should not throw
                accepted.close(); // a no-op if it was taken
                fails(new IOException("accept on " + address, e));
            }
        } else {
            fails(refusal);
        }
    }

    private void fails(IOException cause) {
        paused = true;
        try {
            if (closed) {
                Uncaught.tell(cause);
            } else {
                listener.failed(cause);
            }
        } catch (RuntimeException | Error e) {
            Uncaught.tell(e);
        }
    }

    @Override
    public SocketAddress localAddress() {
        return address;
    }

    @Override
    public void pause() {
        paused = true;
    }

    @Override
    public void resume() {
        Error cause = resumeFailure;
        if (cause != null) {
            resumeFailure = null;
            throw cause;
        }
        paused = false;
    }

    @Override
    public void close() {
        closed = true;
        synchronized (transport.lock) {
            transport.unbind(this);
            selector.remove(this);
            backlog.forEach(
                    client -> client.fail("connect to ", Faults.refused().connectFailure()));
            backlog.clear();
        }
    }

    /** An accepted client that has no wire on this side yet. */
    final class Accepted implements AcceptedSocket {
        private final MemoryWire client;
        private boolean taken;

        Accepted(MemoryWire client) {
            this.client = client;
        }

        MemoryWire take(MemorySelector owner) {
            if (taken) {
                throw new IllegalStateException("an accepted socket is opened once");
            }
            taken = true;
            return new MemoryWire(transport, owner, address, client.from(), transport.faultsForAccepted());
        }

        MemoryWire peer() {
            return client;
        }

        @Override
        public SocketAddress localAddress() {
            return address;
        }

        @Override
        public SocketAddress remoteAddress() {
            return client.from();
        }

        @Override
        public void close() {
            synchronized (transport.lock) {
                if (!taken) {
                    taken = true;
                    client.fail("connect to ", new IOException("Connection reset"));
                }
            }
        }
    }
}
