package rill.examples.inprocess;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Uncaught;

/** A listening socket. Clients wait here, still connecting, until they are accepted and opened. */
final class InProcessAcceptor implements Acceptor {
    final InProcessSelector selector;
    private static final int PER_TURN = 64;

    private final SocketAddress address;
    private final int backlog;
    private final AcceptListener listener;
    private final List<InProcessWire> waiting = new ArrayList<>();
    private boolean paused;
    private boolean closed;
    private boolean accepting; // a message to do so is in flight

    InProcessAcceptor(InProcessSelector selector, SocketAddress address, int backlog, AcceptListener listener) {
        this.selector = selector;
        this.address = address;
        this.backlog = backlog == 0 ? Integer.MAX_VALUE : backlog;
        this.listener = listener;
    }

    void enqueue(InProcessWire client) {
        if (waiting.size() >= backlog || selector.transport.listening.get(address) != this) {
            client.post(client::refused);
        } else {
            waiting.add(client);
            acceptSoon();
        }
    }

    private void acceptSoon() {
        if (!accepting && !paused && !waiting.isEmpty()) {
            accepting = true;
            selector.post(this::accept);
        }
    }

    private void accept() {
        accepting = false;
        for (int n = 0; n < PER_TURN && !paused && !waiting.isEmpty(); n++) {
            var socket = new Accepted(address, waiting.removeFirst(), new AtomicBoolean());
            try {
                listener.accepted(socket);
            } catch (RuntimeException | Error e) { // which it should not do
                socket.close(); // unless it was opened before that
                serviceFails(e);
            }
        }
        acceptSoon();
    }

    private void serviceFails(Throwable thrown) {
        paused = true;
        try {
            if (closed) {
                Uncaught.tell(thrown); // nothing is delivered any more
            } else {
                listener.failed(new IOException("accept on " + address, thrown));
            }
        } catch (RuntimeException | Error again) {
            Uncaught.tell(again);
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
        acceptSoon();
    }

    @Override
    public void close() {
        closed = true;
        paused = true;
        selector.acceptors.remove(this);
        selector.transport.listening.remove(address, this);
        selector.transport.inUse.remove(address);
        waiting.forEach(client -> client.post(client::reset));
        waiting.clear();
    }

    /** An accepted client, which stays in the state of connecting until this end is opened. */
    record Accepted(SocketAddress localAddress, InProcessWire client, AtomicBoolean taken) implements AcceptedSocket {
        InProcessWire take() {
            if (taken.getAndSet(true)) {
                throw new IllegalStateException("the socket from " + remoteAddress() + " was opened or closed before");
            }
            return client;
        }

        @Override
        public SocketAddress remoteAddress() {
            return client.local;
        }

        @Override
        public void close() {
            if (!taken.getAndSet(true)) {
                client.post(client::reset);
            }
        }
    }
}
