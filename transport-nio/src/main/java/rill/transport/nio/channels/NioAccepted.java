package rill.transport.nio.channels;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import rill.spi.readiness.ReadinessAccepted;

/** An accepted connection that is not registered with any Selector. */
final class NioAccepted extends ReadinessAccepted {
    final SocketChannel channel;
    private final SocketAddress local;
    private final SocketAddress remote;

    NioAccepted(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        local = channel.getLocalAddress();
        remote = channel.getRemoteAddress();
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
        NioSocket.discard(channel);
    }
}
