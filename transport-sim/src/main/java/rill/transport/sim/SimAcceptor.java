package rill.transport.sim;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.Acceptor;

/**
 * A listening socket, with its backlog: connections that are being made, and those that are made and wait for acceptance, together
 * at most as many as were asked for. A request beyond that is ignored, and comes again.
 */
final class SimAcceptor implements Acceptor, SimSelector.Ready {
    static final int DEFAULT_BACKLOG = 128;

    private static final int PER_TURN = 64;

    private final SimSelector selector;
    private final Host host;
    private final InetSocketAddress local;
    private final int backlog;
    private final AcceptListener listener;
    private final ArrayDeque<Tcp> established = new ArrayDeque<>();
    private int underWay;
    private boolean paused;
    private boolean queued;
    private boolean closed;

    SimAcceptor(SimSelector selector, InetSocketAddress local, int backlog, AcceptListener listener) {
        this.selector = selector;
        this.host = selector.host();
        this.local = local;
        this.backlog = backlog == 0 ? DEFAULT_BACKLOG : backlog;
        this.listener = listener;
    }

    boolean full() {
        return underWay + established.size() >= backlog;
    }

    void requested(Network network, Segment request, Tcp client) {
        underWay++;
        Tcp.answering(network, request, client, this);
    }

    void established(Tcp tcp) {
        underWay--;
        if (closed) {
            tcp.accepted();
            tcp.close(true);
        } else {
            established.add(tcp);
            changed();
        }
    }

    /** One that was never accepted is gone. If it was established it is accepted all the same, and fails then. */
    void lost(Tcp tcp) {
        if (!established.contains(tcp)) {
            underWay--;
        }
    }

    private void changed() {
        if (!queued && !paused && !closed && !established.isEmpty()) {
            queued = true;
            selector.ready(this);
        }
    }

    @Override
    public void turn() {
        queued = false;
        for (int n = 0; n < PER_TURN && !paused && !closed; n++) {
            @Nullable Tcp next = established.poll();
            if (next == null) {
                return;
            }
            next.accepted();
            listener.accepted(new SimAccepted(next));
        }
        changed();
    }

    @Override
    public void shut() {
        close();
    }

    @Override
    public InetSocketAddress localAddress() {
        return local;
    }

    @Override
    public void pause() {
        paused = true;
    }

    @Override
    public void resume() {
        paused = false;
        changed();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        selector.forget(this);
        host.ports.unbind(this);
        established.forEach(each -> {
            each.accepted();
            each.close(true);
        });
        established.clear();
    }
}
