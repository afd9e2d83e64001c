package rill.transport.sim;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.readiness.ReadinessAcceptor;

/**
 * A listening socket, with its backlog: connections that are being made, and those that are made and wait for acceptance, together
 * at most one more than was asked for, as Linux counts. A request beyond that is ignored, and comes again.
 */
final class SimAcceptor extends ReadinessAcceptor implements SimSelector.Ready {
    static final int DEFAULT_BACKLOG = 128;

    private static final List<SocketOption<?>> OPTIONS =
            List.of(StandardSocketOptions.SO_REUSEADDR, StandardSocketOptions.SO_RCVBUF);

    private final SimSelector selector;
    private final Host host;
    private final ArrayDeque<Tcp> established = new ArrayDeque<>();
    private InetSocketAddress local; // as wanted, and then as bound
    private int backlog;
    private int underWay;
    private boolean wanted; // connections are
    private boolean queued;
    private boolean closed;

    SimAcceptor(SimSelector selector, InetSocketAddress local, AcceptListener listener) {
        super(listener);
        this.selector = selector;
        this.host = selector.host();
        this.local = local;
    }

    boolean full() {
        return underWay + established.size() > backlog;
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
        if (!queued && wanted && !established.isEmpty()) {
            queued = true;
            selector.ready(this);
        }
    }

    @Override
    public void turn() {
        queued = false;
        ready(true, false);
        changed();
    }

    InetSocketAddress local() {
        return local;
    }

    // ---- calls

    @Override
    protected SimSelector selector() {
        return selector;
    }

    @Override
    protected <T> void option(SocketOption<T> option, T value) {
        if (!OPTIONS.contains(option)) {
            throw Options.unknown(option);
        }
    }

    @Override
    protected void bind(SocketAddress address, int wantedBacklog) throws IOException {
        local = host.ports.toListenAt(local);
        backlog = wantedBacklog == 0 ? DEFAULT_BACKLOG : wantedBacklog;
        host.ports.bind(local.getPort(), this);
    }

    @Override
    protected SocketAddress boundAddress() {
        return local;
    }

    @Override
    protected void interest(boolean accept) {
        wanted = accept;
        changed();
    }

    @Override
    protected @Nullable SimAccepted accept() {
        Tcp next = established.poll();
        if (next == null) {
            return null;
        }
        next.accepted();
        return new SimAccepted(next);
    }

    @Override
    protected void closeSocket() {
        closed = true;
        wanted = false;
        selector.forget(this);
        host.ports.unbind(this);
        established.forEach(each -> {
            each.accepted();
            each.close(true);
        });
        established.clear();
    }
}
