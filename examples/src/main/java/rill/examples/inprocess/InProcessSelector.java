package rill.examples.inprocess;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** One loop's queue of messages: a select runs those that have arrived. */
final class InProcessSelector implements Selector {
    private static final SocketAddress NOWHERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    final Set<Wire> wires = new HashSet<>();
    final Set<Acceptor> acceptors = new HashSet<>();
    final InProcessTransport transport;
    private final LinkedBlockingQueue<Runnable> messages = new LinkedBlockingQueue<>();
    volatile boolean closed;

    InProcessSelector(InProcessTransport transport) {
        this.transport = transport;
    }

    /** Queues a message, which a later select runs; returns false if there will be none. Any thread. */
    synchronized boolean post(Runnable message) {
        return !closed && messages.add(message);
    }

    @Override
    public void select(long timeoutNanos) {
        requireOpen();
        Runnable message = messages.poll();
        if (message == null && timeoutNanos != 0) {
            try {
                message = messages.poll(timeoutNanos < 0 ? Long.MAX_VALUE : timeoutNanos, TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        for (int more = messages.size(); message != null && !closed; more--) {
            message.run();
            message = more > 0 ? messages.poll() : null;
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the selector is closed");
        }
    }

    @Override
    public void wakeup() {
        post(() -> {});
    }

    @Override
    public Wire connect(
            SocketAddress remote, @Nullable SocketAddress local, SocketOptions options, WireListener listener) {
        requireOpen();
        InProcessTransport.requireInet(remote);
        options.<RuntimeException>applyTo(InProcessTransport::set);
        SocketAddress own = transport.withPort(local);
        var wire = new InProcessWire(this, own == null ? NOWHERE : own, remote, listener);
        InProcessAcceptor acceptor = transport.listening.get(remote);
        if (own == null || transport.listening.containsKey(own)) {
            post(() -> wire.fail(new BindException("connect to " + remote + ": no port is free, or not this one")));
        } else if (acceptor == null || !acceptor.selector.post(() -> acceptor.enqueue(wire))) {
            post(wire::refused);
        }
        return wire;
    }

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
        if (!(socket instanceof InProcessAcceptor.Accepted accepted)) {
            throw new IllegalArgumentException("a socket of another transport: " + socket);
        }
        try {
            requireOpen();
            options.<RuntimeException>applyTo(InProcessTransport::set);
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
        InProcessWire client = accepted.take();
        var wire = new InProcessWire(this, socket.localAddress(), socket.remoteAddress(), listener);
        wire.post(() -> wire.connected(client));
        if (!client.post(() -> client.connected(wire))) {
            wire.post(wire::reset); // its Selector has been closed meanwhile
        }
        return wire;
    }

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException {
        requireOpen();
        options.<RuntimeException>applyTo(InProcessTransport::set);
        SocketAddress address = transport.withPort(local);
        if (address == null) {
            throw new BindException("listen on " + local + ": no port is free");
        }
        var acceptor = new InProcessAcceptor(this, address, backlog, listener);
        if (transport.listening.putIfAbsent(address, acceptor) != null) {
            throw new BindException("listen on " + address + ": somebody listens there");
        }
        acceptors.add(acceptor);
        return acceptor;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        List.copyOf(acceptors).forEach(Acceptor::close);
        List.copyOf(wires).forEach(Wire::close);
        messages.forEach(Runnable::run); // they find everything closed, and notify their senders
        messages.clear();
    }
}
