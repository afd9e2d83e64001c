package rill.transport.sim;

import java.net.SocketAddress;
import rill.spi.readiness.ReadinessAccepted;

/** A connection that was accepted and belongs to no selector. */
final class SimAccepted extends ReadinessAccepted {
    final Tcp tcp;

    SimAccepted(Tcp tcp) {
        this.tcp = tcp;
    }

    @Override
    public SocketAddress localAddress() {
        return tcp.local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return tcp.remote;
    }

    @Override
    protected void closeSocket() {
        tcp.close(false);
    }
}
