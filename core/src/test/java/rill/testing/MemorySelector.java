package rill.testing;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Clock;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Tally;
import rill.spi.Wire;
import rill.spi.WireListener;

/** The selector of one loop on a {@link MemoryTransport}; tests count its selects, inject events, and break it. */
public final class MemorySelector implements Selector {
    private final MemoryTransport transport;
    private final Clock clock;
    private final Runnable nudge = this::nudge;
    private final AtomicLong selects = new AtomicLong();
    private final Queue<Runnable> injected = new ConcurrentLinkedQueue<>();
    private final List<MemoryWire> wires = new ArrayList<>(); // guarded by the transport's lock
    private final List<MemoryAcceptor> acceptors = new ArrayList<>(); // guarded by the transport's lock
    private Tally tally = Tally.NONE;
    private volatile boolean woken;
    private volatile Thread blocked;
    private volatile boolean closed;
    private volatile Throwable broken;

    MemorySelector(MemoryTransport transport, Clock clock) {
        this.transport = transport;
        this.clock = clock;
        if (clock instanceof ManualClock manual) {
            manual.onMove(nudge);
        }
    }

    // ---- for tests

    /** Returns how often {@link #select} was called. */
    public long selects() {
        return selects.get();
    }

    /** Whether its driver is sleeping in {@link #select} now. */
    public boolean blocked() {
        return blocked != null;
    }

    /** Whether {@link #close} was called. */
    public boolean isClosed() {
        return closed;
    }

    /** Runs {@code event} within the next select, as if it were an event of a wire. Any thread. */
    public void inject(Runnable event) {
        injected.add(event);
        nudge();
    }

    /** Makes this and every later select fail. Any thread. */
    public void breakWith(IOException cause) {
        broken = cause;
        nudge();
    }

    /** Makes every select fail as no select should. */
    public void breakWith(RuntimeException cause) {
        broken = cause;
        nudge();
    }

    /** Makes every select fail as if memory or the stack were exhausted. */
    public void breakWith(Error cause) {
        broken = cause;
        nudge();
    }

    /** Returns the wires that are not closed, in the order in which they were made. */
    public List<MemoryWire> wires() {
        synchronized (transport.lock) {
            return List.copyOf(wires);
        }
    }

    Tally tally() {
        return tally;
    }

    // ---- Selector

    @Override
    public void tellInto(Tally newTally) {
        tally = newTally;
    }

    @Override
    public void select(long timeoutNanos) throws IOException {
        requireOpen();
        selects.incrementAndGet();
        if (timeoutNanos != 0) {
            block(timeoutNanos);
            tally.awake();
        }
        woken = false;
        wires().forEach(MemoryWire::selectBegins);
        if (broken instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        if (broken instanceof Error error) {
            throw error;
        }
        if (broken instanceof IOException failed) {
            throw failed;
        }
        for (int n = injected.size(); n > 0; n--) {
            injected.remove().run();
        }
        for (MemoryAcceptor acceptor : acceptors()) {
            if (!closed) {
                acceptor.turn();
            }
        }
        for (MemoryWire wire : wires()) {
            if (!closed) {
                wire.turn();
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the selector is closed");
        }
    }

    /** Returns the listening sockets that are not closed. */
    public List<MemoryAcceptor> acceptors() {
        synchronized (transport.lock) {
            return List.copyOf(acceptors);
        }
    }

    private void block(long timeoutNanos) {
        long start = clock.nanoTime();
        blocked = Thread.currentThread();
        try {
            while (!woken && broken == null && injected.isEmpty() && !ready()) {
                long left = timeoutNanos < 0 ? Long.MAX_VALUE : timeoutNanos - (clock.nanoTime() - start);
                if (left <= 0 || Thread.currentThread().isInterrupted()) {
                    return;
                }
                if (timeoutNanos < 0 || clock instanceof ManualClock) {
                    LockSupport.park(this);
                } else {
                    LockSupport.parkNanos(this, left);
                }
            }
        } finally {
            blocked = null;
        }
    }

    private boolean ready() {
        synchronized (transport.lock) {
            return wires.stream().anyMatch(MemoryWire::ready)
                    || acceptors.stream().anyMatch(MemoryAcceptor::ready);
        }
    }

    @Override
    public void wakeup() {
        woken = true;
        nudge();
    }

    /** Makes a blocked select look again. */
    public void nudge() {
        Thread sleeping = blocked;
        if (sleeping != null) {
            LockSupport.unpark(sleeping);
        }
    }

    @Override
    public Wire connect(SocketAddress remote, SocketAddress local, SocketOptions options, WireListener listener) {
        requireOpen();
        requireInet(remote);
        if (local != null) {
            requireInet(local);
        }
        options.applyTo(MemoryWire.CHECK);
        synchronized (transport.lock) {
            Faults faults = transport.faultsForConnecting();
            MemoryAcceptor acceptor = transport.acceptor(remote);
            SocketAddress from = transport.free(local);
            var wire = new MemoryWire(transport, this, from == null ? local : from, remote, faults);
            wire.start(options, listener);
            if (from == null) {
                wire.fail("connect to ", new BindException("bind to " + local + ": Address already in use"));
            } else if (faults.connectFailure() != null) {
                wire.fail("connect to ", faults.connectFailure());
            } else if (!faults.neverConnects()) {
                if (acceptor == null) {
                    wire.fail("connect to ", Faults.refused().connectFailure());
                } else {
                    acceptor.enqueue(wire);
                }
            }
            return wire;
        }
    }

    private static void requireInet(SocketAddress address) {
        if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
            throw new IllegalArgumentException("transport memory resolves no names: " + inet);
        }
        if (!(address instanceof InetSocketAddress)) {
            throw new IllegalArgumentException(
                    "transport memory has no addresses of " + address.getClass() + ": " + address);
        }
    }

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
        if (!(socket instanceof MemoryAcceptor.Accepted accepted)) {
            throw new IllegalArgumentException("a socket of another transport: " + socket);
        }
        if (closed) {
            socket.close();
        }
        requireOpen();
        synchronized (transport.lock) {
            MemoryWire wire = accepted.take(this);
            try {
                wire.start(options, listener);
            } catch (IllegalArgumentException e) {
                accepted.peer().fail("connect to ", new IOException("Connection reset"));
                throw e;
            }
            wire.connectedTo(accepted.peer());
            return wire;
        }
    }

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException {
        requireOpen();
        requireInet(local);
        options.applyTo(MemoryWire.CHECK);
        synchronized (transport.lock) {
            var acceptor = new MemoryAcceptor(transport, this, listener);
            SocketAddress bound = transport.bind(local, acceptor);
            if (bound == null) {
                throw new BindException("listen on " + local + ": Address already in use");
            }
            acceptor.boundTo(bound);
            acceptors.add(acceptor);
            return acceptor;
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (clock instanceof ManualClock manual) {
            manual.forget(nudge);
        }
        synchronized (transport.lock) {
            List.copyOf(acceptors).forEach(MemoryAcceptor::close);
            List.copyOf(wires).forEach(MemoryWire::close);
            wires.clear();
        }
    }

    // ---- for its wires and acceptors; called with the lock held

    void add(MemoryWire wire) {
        wires.add(wire);
    }

    void remove(MemoryWire wire) {
        wires.remove(wire);
    }

    void remove(MemoryAcceptor acceptor) {
        acceptors.remove(acceptor);
    }
}
