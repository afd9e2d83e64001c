package rill.testkit.memory;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.Selector;
import rill.spi.SocketOptions;
import rill.spi.Tally;
import rill.spi.Wire;
import rill.spi.WireListener;

/** The selector of a {@link MemoryTransport}. It never blocks: waiting means letting virtual time pass. */
final class MemorySelector implements Selector {
    final MemoryTransport network;
    private final Supplier<ByteBuf> receiveBuffer;
    final List<MemoryWire> wires = new ArrayList<>();
    final List<MemoryAcceptor> acceptors = new ArrayList<>();
    private Tally tally = Tally.NONE;
    private boolean woken;
    private boolean closed;

    MemorySelector(MemoryTransport network, Supplier<ByteBuf> receiveBuffer) {
        this.network = network;
        this.receiveBuffer = receiveBuffer;
    }

    ByteBuf receiveBuffer() {
        return receiveBuffer.get();
    }

    /** Whether a select has something to do now. */
    boolean ready() {
        if (woken) {
            return true;
        }
        for (MemoryWire each : wires) {
            if (each.ready()) {
                return true;
            }
        }
        for (MemoryAcceptor each : acceptors) {
            if (each.ready()) {
                return true;
            }
        }
        return false;
    }

    long nextEvent() {
        long next = Long.MAX_VALUE;
        for (MemoryWire each : wires) {
            next = Math.min(next, each.nextEvent());
        }
        for (MemoryAcceptor each : acceptors) {
            next = Math.min(next, each.nextEvent());
        }
        return next;
    }

    @Override
    public void select(long timeoutNanos) throws IOException {
        requireOpen();
        if (timeoutNanos != 0) {
            pass(timeoutNanos);
            tally.awake();
        }
        woken = false;
        wires.forEach(MemoryWire::selectBegins);
        if (!acceptors.isEmpty()) {
            for (MemoryAcceptor each : List.copyOf(acceptors)) {
                if (!closed) {
                    each.turn();
                }
            }
        }
        int n = wires.size();
        if (n > 0) {
            MemoryWire[] turns = wires.toArray(new MemoryWire[0]);
            int first = network.random.nextInt(n);
            for (int i = 0; i < n && !closed; i++) {
                turns[(first + i) % n].turn();
            }
        }
    }

    @Override
    public void tellInto(Tally newTally) {
        tally = newTally;
    }

    Tally tally() {
        return tally;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the selector is closed");
        }
    }

    /** Lets time pass until something is ready, or for this long. Happens only where no loop drives the selector by ticks. */
    private void pass(long nanos) {
        long end = nanos < 0 ? Long.MAX_VALUE : network.now + nanos;
        while (!ready() && network.now < end) {
            long next = network.nextEvent();
            if (end == Long.MAX_VALUE && next == Long.MAX_VALUE) {
                return; // nothing will ever happen
            }
            network.now = Math.min(end, next);
        }
    }

    @Override
    public void wakeup() {
        woken = true;
    }

    @Override
    public Wire connect(
            SocketAddress remote, @Nullable SocketAddress local, SocketOptions options, WireListener listener) {
        requireOpen();
        requireKnown(remote);
        if (local != null) {
            requireKnown(local);
        }
        options.applyTo(MemoryWire::checkOption);
        var wire = new MemoryWire(this, remote, listener);
        options.applyTo(wire::option);
        wires.add(wire);
        wire.startConnecting(local);
        return wire;
    }

    @Override
    public Wire open(AcceptedSocket socket, SocketOptions options, WireListener listener) {
        if (!(socket instanceof MemorySocket accepted)) {
            throw new IllegalArgumentException("a socket of another transport: " + socket);
        }
        if (closed) {
            accepted.close();
        }
        requireOpen();
        if (accepted.used) {
            throw new IllegalStateException("the socket was opened or closed before: " + socket);
        }
        try {
            options.applyTo(MemoryWire::checkOption);
        } catch (IllegalArgumentException e) {
            accepted.close();
            throw e;
        }
        accepted.used = true;
        var wire = new MemoryWire(this, accepted, listener);
        options.applyTo(wire::option);
        wires.add(wire);
        return wire;
    }

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException {
        requireOpen();
        requireKnown(local);
        options.applyTo(MemoryWire::checkOption);
        var acceptor = new MemoryAcceptor(this, local, backlog, listener);
        acceptors.add(acceptor);
        return acceptor;
    }

    /** Stalls or resets the connection with these two ends. */
    void disturb(SocketAddress end, SocketAddress peer, boolean reset, long until) {
        for (MemoryWire each : wires) {
            each.disturb(end, peer, reset, until);
        }
    }

    private static void requireKnown(SocketAddress address) {
        if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
            throw new IllegalArgumentException("transport memory resolves no names: " + inet);
        }
        if (!(address instanceof InetSocketAddress)) {
            throw new IllegalArgumentException("transport memory has no addresses like " + address + ", a "
                    + address.getClass().getName());
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (MemoryWire each : List.copyOf(wires)) {
            each.forget();
        }
        for (MemoryAcceptor each : List.copyOf(acceptors)) {
            each.close();
        }
        wires.clear();
        network.selectors().remove(this);
    }
}
