package rill.transport.sim;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.readiness.ReadinessAcceptor;

/**
 * A listening socket, with its backlog: connections being established, and established ones that wait for acceptance; together at most one more than
 * requested, as Linux counts.
 */
abstract sealed class SimAcceptor extends ReadinessAcceptor implements SimSelector.Ready
        permits TcpAcceptor, UnixAcceptor {
    static final int DEFAULT_BACKLOG = 128;

    private final SimSelector selector;
    private final ArrayDeque<End> waiting = new ArrayDeque<>(); // for acceptance
    private int backlog;
    private boolean wanted; // whether connections are
    private boolean queued;
    private boolean closed;

    SimAcceptor(SimSelector selector, AcceptListener listener) {
        super(listener);
        this.selector = selector;
    }

    // ---- what differs

    /** Returns how many are not established yet. */
    int underWay() {
        return 0;
    }

    /** Notes that one has left those that wait. */
    void roomy() {}

    abstract void unbind();

    // ----

    final void backlog(int wantedBacklog) {
        backlog = wantedBacklog == 0 ? DEFAULT_BACKLOG : wantedBacklog;
    }

    final boolean full() {
        return underWay() + waiting.size() > backlog;
    }

    final boolean isClosed() {
        return closed;
    }

    final boolean hasWaiting(End end) {
        return waiting.contains(end);
    }

    /** Queues an established connection for acceptance. */
    final void waits(End end) {
        waiting.add(end);
        changed();
    }

    private void changed() {
        if (!queued && wanted && !waiting.isEmpty()) {
            queued = true;
            selector.ready(this);
        }
    }

    @Override
    public final void turn() {
        queued = false;
        ready(true, false);
        changed();
    }

    final Host host() {
        return selector.host();
    }

    @Override
    protected final SimSelector selector() {
        return selector;
    }

    @Override
    protected final void interest(boolean accept) {
        wanted = accept;
        changed();
    }

    @Override
    protected final @Nullable SimAccepted accept() {
        End next = waiting.poll();
        if (next == null) {
            return null;
        }
        next.accepted();
        roomy();
        return new SimAccepted(next);
    }

    /** Closes it, and resets the waiting connections, because nobody will ever accept them. */
    @Override
    protected final void closeSocket() {
        closed = true;
        wanted = false;
        selector.forget(this);
        unbind();
        for (End each = waiting.poll(); each != null; each = waiting.poll()) {
            each.discard();
        }
        roomy();
    }
}
