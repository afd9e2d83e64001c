package rill;

import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Nothing but wake-ups, which it counts. */
final class CountingSelector implements Selector {
    final AtomicInteger wakeups = new AtomicInteger();

    @Override
    public void wakeup() {
        wakeups.incrementAndGet();
    }

    @Override
    public void select(long timeoutNanos) {}

    @Override
    public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
