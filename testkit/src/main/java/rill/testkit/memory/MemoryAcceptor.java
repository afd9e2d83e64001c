package rill.testkit.memory;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import rill.spi.AcceptListener;
import rill.spi.Acceptor;
import rill.spi.Uncaught;

/** A listening socket of a {@link MemoryTransport}. */
final class MemoryAcceptor implements Acceptor {
    private static final int PER_TURN = 64;

    private final MemorySelector selector;
    private final MemoryTransport network;
    private final AcceptListener listener;
    private final SocketAddress address;
    private final List<Arriving> backlog = new ArrayList<>();
    private final int most;
    private boolean paused;
    private boolean closed;

    private record Arriving(MemorySocket socket, long at) {}

    MemoryAcceptor(MemorySelector selector, SocketAddress wanted, int most, AcceptListener listener)
            throws IOException {
        this.selector = selector;
        this.network = selector.network;
        this.most = most == 0 ? Integer.MAX_VALUE : most;
        this.listener = listener;
        this.address = network.bind(wanted, this);
    }

    /** Queues the accepting end of a new connection. */
    void arrives(SocketAddress from, Pipe in, Pipe out) {
        backlog.add(new Arriving(new MemorySocket(network, address, from, in, out), network.arrival()));
    }

    boolean full() {
        return backlog.size() >= most;
    }

    boolean ready() {
        return !paused && !backlog.isEmpty() && backlog.getFirst().at <= network.now;
    }

    long nextEvent() {
        return backlog.isEmpty() || backlog.getFirst().at <= network.now ? Long.MAX_VALUE : backlog.getFirst().at;
    }

    void turn() {
        for (int n = 0; n < PER_TURN && ready() && network.tellsNow(); n++) {
            MemorySocket accepted = backlog.removeFirst().socket;
            try {
                listener.accepted(accepted);
            } catch (RuntimeException | Error e) { // which it should not do
                accepted.close(); // a no-op if it was taken
                serviceFails(e);
            }
        }
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
        paused = closed;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        paused = true;
        network.unbind(this);
        selector.acceptors.remove(this);
        while (!backlog.isEmpty()) {
            backlog.removeFirst().socket.drop(true);
        }
    }
}
