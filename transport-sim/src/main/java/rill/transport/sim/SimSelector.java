package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.WireListener;
import rill.spi.readiness.ReadinessSelector;
import rill.spi.readiness.SocketFailures;
import rill.spi.readiness.Watched;

/** The selector of one loop of a host, or of whoever uses it without a loop. A select that would block lets virtual time pass. */
final class SimSelector extends ReadinessSelector<SimAccepted> {
    /** A socket that has its turn in a select. */
    interface Ready {
        void turn();
    }

    private final Simulation simulation;
    private final Network network;
    private final Host host;
    private final ArrayDeque<Ready> ready = new ArrayDeque<>();
    private final Set<Watched> open = new LinkedHashSet<>();
    private @Nullable Driven driven; // its loop
    private boolean woken;
    private @Nullable IOException broken;

    SimSelector(Simulation simulation, Network network, Host host, Supplier<ByteBuf> receiveBuffer) {
        super("sim", SimAccepted.class, receiveBuffer);
        this.simulation = simulation;
        this.network = network;
        this.host = host;
    }

    Host host() {
        return host;
    }

    void driven(Driven loop) {
        driven = loop;
    }

    /** From now on every select fails. */
    void breakWith(IOException cause) {
        broken = cause;
    }

    // ---- selecting

    @Override
    protected void poll(long timeoutNanos) throws IOException {
        if (broken != null) {
            throw broken;
        }
        if (timeoutNanos != 0 && !hasWork() && !woken) {
            simulation.pass(() -> hasWork() || woken || broken != null, timeoutNanos);
        }
        woken = false;
        for (int n = ready.size(); n > 0 && !isClosed(); n--) {
            ready.remove().turn();
        }
    }

    /** Whether a select would deliver something. */
    boolean hasWork() {
        return !ready.isEmpty() || hasUndelivered();
    }

    void ready(Ready socket) {
        ready.add(socket);
        if (driven != null) {
            driven.hasWork();
        }
    }

    Chance chance() {
        return network.chance;
    }

    /** What was written leaves, now or soon. */
    void flush(Tcp tcp) {
        long delay = network.chance.flushDelay();
        if (delay == 0) {
            tcp.push();
        } else {
            network.agenda.at(network.agenda.now() + delay, tcp::push);
        }
    }

    void forget(Watched socket) {
        open.remove(socket);
    }

    @Override
    public void wakeup() {
        simulation.requireOwner("waking up a selector of host " + host.name());
        woken = true;
    }

    // ---- opening

    @Override
    protected boolean knows(SocketAddress address) {
        return address instanceof InetSocketAddress;
    }

    @Override
    protected SimSocket newWire(SocketAddress remote, @Nullable SocketAddress local, WireListener listener)
            throws IOException {
        InetSocketAddress target = (InetSocketAddress) remote;
        Host peer = network.at(target.getAddress(), host);
        InetSocketAddress from = localEnd(target, (InetSocketAddress) local);
        var tcp = new Tcp(network, host, peer == null ? host : peer, from, target, network.nextConnection());
        if (peer == null) {
            tcp.toNobody();
        }
        return newSocket(tcp, listener);
    }

    @Override
    protected SimSocket newWire(SimAccepted socket, WireListener listener) {
        return newSocket(socket.tcp, listener);
    }

    private SimSocket newSocket(Tcp tcp, WireListener listener) {
        var socket = new SimSocket(this, tcp, tcp.remote, listener);
        tcp.use(socket);
        open.add(socket);
        return socket;
    }

    private InetSocketAddress localEnd(InetSocketAddress target, @Nullable InetSocketAddress local) throws IOException {
        InetSocketAddress own = new InetSocketAddress(
                target.getAddress().isLoopbackAddress() ? target.getAddress() : host.address(), 0);
        if (local == null) {
            return host.ports.toConnectFrom(own, target);
        }
        try {
            boolean any = local.getAddress() != null && local.getAddress().isAnyLocalAddress();
            var exact = any ? new InetSocketAddress(own.getAddress(), local.getPort()) : local;
            return host.ports.toConnectFrom(exact, target);
        } catch (IOException e) {
            throw SocketFailures.naming("bind to " + local, e);
        }
    }

    @Override
    protected SimAcceptor newAcceptor(SocketAddress local, AcceptListener listener) {
        var acceptor = new SimAcceptor(this, (InetSocketAddress) local, listener);
        open.add(acceptor);
        return acceptor;
    }

    @Override
    protected List<Watched> watched() {
        return List.copyOf(open);
    }

    @Override
    protected void closeSelector() {
        ready.clear();
        host.closed(this);
    }
}
