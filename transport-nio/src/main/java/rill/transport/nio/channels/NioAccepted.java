package rill.transport.nio.channels;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import rill.spi.AcceptedSocket;

/** A connection that was accepted and is not registered with any selector. */
final class NioAccepted implements AcceptedSocket {
    private final SocketChannel channel;
    private final SocketAddress local;
    private final SocketAddress remote;
    private final AtomicBoolean taken = new AtomicBoolean();

    NioAccepted(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        local = channel.getLocalAddress();
        remote = channel.getRemoteAddress();
    }

    SocketChannel take() {
        if (!taken.compareAndSet(false, true)) {
            throw new IllegalStateException("the socket from " + remote + " was opened or closed before");
        }
        return channel;
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
    public void close() {
        if (taken.compareAndSet(false, true)) {
            NioSocket.discard(channel);
        }
    }
}
