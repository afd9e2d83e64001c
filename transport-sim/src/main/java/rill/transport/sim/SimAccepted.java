package rill.transport.sim;

import java.net.SocketAddress;
import rill.spi.readiness.ReadinessAccepted;

/** A connection that was accepted and belongs to no Selector yet. */
final class SimAccepted extends ReadinessAccepted {
    final End end;

    SimAccepted(End end) {
        this.end = end;
    }

    @Override
    public SocketAddress localAddress() {
        return end.local();
    }

    @Override
    public SocketAddress remoteAddress() {
        return end.remote();
    }

    @Override
    protected void closeSocket() {
        end.close(false);
    }
}
