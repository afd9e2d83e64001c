package rill.testkit.memory;

import java.net.SocketAddress;
import rill.spi.AcceptedSocket;

/** An accepted end of a connection of a {@link MemoryTransport} that does not belong to a selector yet. */
final class MemorySocket implements AcceptedSocket {
    final MemoryTransport network;
    final SocketAddress local;
    final SocketAddress remote;
    final Pipe in;
    final Pipe out;
    boolean used;

    MemorySocket(MemoryTransport network, SocketAddress local, SocketAddress remote, Pipe in, Pipe out) {
        this.network = network;
        this.local = local;
        this.remote = remote;
        this.in = in;
        this.out = out;
        network.begins(remote);
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
        if (!used) {
            drop(in.hasUnread());
        }
    }

    /** Discards the socket; it will never become a wire. */
    void drop(boolean reset) {
        used = true;
        MemoryWire.closeEnds(network, in, out, reset);
        network.over(remote);
    }

    @Override
    public String toString() {
        return "socket of " + remote;
    }
}
