package rill.examples.inprocess;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** One loop's part of the transport: what has something to tell gets a turn in each select. */
final class InProcessSelector implements Selector {
    /** A wire or an acceptor. */
    interface Member {
        /** Whether a turn would do something; with the monitor held. */
        boolean due();

        /** Delivers events; without the monitor. */
        void turn();

        void close();
    }

    private final InProcessTransport transport;
    private final List<Member> members = new ArrayList<>(); // with the monitor, as is what follows
    private boolean woken;

    InProcessSelector(InProcessTransport transport) {
        this.transport = transport;
    }

    void add(Member member) {
        members.add(member);
    }

    boolean remove(Member member) {
        return members.remove(member);
    }

    @Override
    public void select(long timeoutNanos) {
        List<Member> present;
        synchronized (transport) {
            waitUntilDue(timeoutNanos);
            woken = false;
            present = List.copyOf(members);
        }
        present.forEach(Member::turn);
    }

    private void waitUntilDue(long timeoutNanos) {
        long start = transport.environment().clock().nanoTime();
        long left = timeoutNanos < 0 ? Long.MAX_VALUE : timeoutNanos;
        while (left > 0 && !woken && members.stream().noneMatch(Member::due)) {
            try {
                TimeUnit.NANOSECONDS.timedWait(transport, left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            if (timeoutNanos >= 0) {
                left = timeoutNanos - (transport.environment().clock().nanoTime() - start);
            }
        }
    }

    @Override
    public void wakeup() {
        synchronized (transport) {
            woken = true;
            transport.notifyAll();
        }
    }

    @Override
    public Wire connect(
            SocketAddress remote, @Nullable SocketAddress local, SocketOptions options, WireListener listener) {
        InProcessTransport.require(remote);
        InProcessTransport.require(options);
        synchronized (transport) {
            var wire = new InProcessWire(transport, this, transport.withPort(local), remote, listener);
            InProcessAcceptor acceptor = transport.listenerAt(remote);
            if (local != null && transport.listenerAt(local) != null) {
                wire.fail(new BindException("bind to " + local + ": somebody listens there"));
            } else if (acceptor == null || !acceptor.enqueue(wire)) {
                wire.fail(new ConnectException("connect to " + remote + ": nobody listens, or the backlog is full"));
            }
            return wire;
        }
    }

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
        if (!(socket instanceof InProcessAcceptor.Accepted accepted)) {
            throw new IllegalArgumentException("a socket of another transport: " + socket);
        }
        synchronized (transport) {
            InProcessWire client = accepted.take();
            try {
                InProcessTransport.require(options);
            } catch (IllegalArgumentException e) {
                client.reset();
                throw e;
            }
            var wire = new InProcessWire(transport, this, accepted.localAddress(), accepted.remoteAddress(), listener);
            wire.join(client);
            return wire;
        }
    }

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException {
        InProcessTransport.require(local);
        InProcessTransport.require(options);
        synchronized (transport) {
            SocketAddress address = transport.withPort(local);
            var acceptor = new InProcessAcceptor(transport, this, address, backlog, listener);
            if (!transport.bind(address, acceptor)) {
                throw new BindException("listen on " + address + ": somebody listens there");
            }
            add(acceptor);
            return acceptor;
        }
    }

    @Override
    public void close() {
        synchronized (transport) {
            List.copyOf(members).forEach(Member::close);
            members.clear(); // so that nobody is told
        }
    }
}
