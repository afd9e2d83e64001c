package rill.examples.poll;

import java.net.SocketAddress;
import rill.spi.readiness.ReadinessAccepted;

/** An accepted connection that no Selector watches yet. */
final class PollAccepted extends ReadinessAccepted {
    private final Descriptor descriptor;
    private final SocketAddress local;
    private final SocketAddress remote;

    PollAccepted(Descriptor descriptor, SocketAddress local, SocketAddress remote) {
        this.descriptor = descriptor;
        this.local = local;
        this.remote = remote;
    }

    Descriptor descriptor() {
        return descriptor;
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    protected void closeSocket() {
        descriptor.close();
    }
}
