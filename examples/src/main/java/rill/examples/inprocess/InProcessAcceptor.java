package rill.examples.inprocess;

import java.net.SocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;

/** Somebody who listens. Clients wait here, connecting, until they are accepted and opened. */
final class InProcessAcceptor implements Acceptor, InProcessSelector.Member {
    private static final int DEFAULT_BACKLOG = 128;

    private final InProcessTransport transport;
    private final InProcessSelector selector;
    private final SocketAddress address;
    private final int backlog;
    private final AcceptListener listener;
    private final ArrayDeque<InProcessWire> waiting = new ArrayDeque<>(); // with the monitor
    private boolean paused;

    InProcessAcceptor(
            InProcessTransport transport,
            InProcessSelector selector,
            SocketAddress address,
            int backlog,
            AcceptListener listener) {
        this.transport = transport;
        this.selector = selector;
        this.address = address;
        this.backlog = backlog == 0 ? DEFAULT_BACKLOG : backlog;
        this.listener = listener;
    }

    /** False if the backlog is full. */
    boolean enqueue(InProcessWire client) {
        waiting.removeIf(InProcessWire::isClosed); // who has given up
        if (waiting.size() >= backlog) {
            return false;
        }
        transport.notifyAll();
        return waiting.add(client);
    }

    @Override
    public boolean due() {
        return !paused && !waiting.isEmpty();
    }

    @Override
    public void turn() {
        for (Accepted next = next(); next != null; next = next()) {
            listener.accepted(next);
        }
    }

    private @Nullable Accepted next() {
        synchronized (transport) {
            waiting.removeIf(InProcessWire::isClosed);
            return due() ? new Accepted(waiting.remove()) : null;
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
        paused = false;
    }

    @Override
    public void close() {
        synchronized (transport) {
            if (selector.remove(this)) {
                transport.unbind(address);
                waiting.forEach(InProcessWire::reset);
                waiting.clear();
            }
        }
    }

    /** A client that was accepted; it goes on connecting until somebody opens this end. */
    final class Accepted implements AcceptedSocket {
        private final InProcessWire client;
        private boolean taken;

        private Accepted(InProcessWire client) {
            this.client = client;
        }

        InProcessWire take() {
            if (taken) {
                throw new IllegalStateException("the socket from " + remoteAddress() + " was opened or closed before");
            }
            taken = true;
            return client;
        }

        @Override
        public SocketAddress localAddress() {
            return address;
        }

        @Override
        public SocketAddress remoteAddress() {
            return client.address();
        }

        @Override
        public void close() {
            synchronized (transport) {
                if (!taken) {
                    take().reset();
                }
            }
        }
    }
}
