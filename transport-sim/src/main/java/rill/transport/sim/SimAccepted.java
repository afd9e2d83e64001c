package rill.transport.sim;

import java.net.SocketAddress;
import rill.spi.AcceptedSocket;

/** A connection that was accepted and belongs to no selector. */
final class SimAccepted implements AcceptedSocket {
    private final Tcp tcp;
    private boolean taken;

    SimAccepted(Tcp tcp) {
        this.tcp = tcp;
    }

    Tcp take() {
        if (taken) {
            throw new IllegalStateException("the socket from " + tcp.remote + " was opened or closed before");
        }
        taken = true;
        return tcp;
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
    public void close() {
        if (!taken) {
            taken = true;
            tcp.close(false);
        }
    }
}
