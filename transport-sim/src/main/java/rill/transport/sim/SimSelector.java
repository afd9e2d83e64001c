package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
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
import rill.spi.readiness.SocketFile;
import rill.spi.readiness.Watched;

/** The Selector of one loop of a host, or of a caller without a loop. A select that would block lets virtual time pass. */
final class SimSelector extends ReadinessSelector<SimAccepted> {
    /** A socket that gets its turn in a select. */
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

    /** Makes every select fail from now on. */
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
            simulation.steps().pass(() -> hasWork() || woken || broken != null, timeoutNanos);
        }
        if (timeoutNanos != 0) {
            awake();
        }
        woken = false;
        for (int n = ready.size(); n > 0 && !isClosed(); n--) {
            ready.remove().turn();
        }
    }

    /** Returns whether a select would deliver something. */
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

    /** Sends what was written, now or soon. */
    void flush(End end) {
        long delay = end instanceof UnixEnd ? 0 : network.chance.flushDelay();
        if (delay == 0) {
            end.push();
        } else {
            network.agenda.at(network.agenda.now() + delay, end::push);
        }
    }

    /** Notes that a backlog that was full has room. */
    void hasRoom() {
        woken = true;
        if (driven != null) {
            driven.hasWork();
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
        return address instanceof InetSocketAddress || UnixSockets.knows(address);
    }

    @Override
    protected SimSocket newWire(SocketAddress remote, @Nullable SocketAddress local, WireListener listener)
            throws IOException {
        if (!(remote instanceof InetSocketAddress target)) {
            return newSocket(new UnixEnd(network, host, remote), listener);
        }
        Host peer = network.at(target.getAddress(), host);
        InetSocketAddress from = localEnd(target, local);
        var tcp = new Tcp(network, host, peer == null ? host : peer, from, target, network.nextConnection());
        if (peer == null) {
            tcp.toNobody();
        }
        return newSocket(tcp, listener);
    }

    @Override
    protected SimSocket newWire(SimAccepted socket, WireListener listener) {
        if (socket.end.host() != host) {
            throw new IllegalArgumentException("a socket of another host: " + socket.end + ", on " + host);
        }
        return newSocket(socket.end, listener);
    }

    private SimSocket newSocket(End end, WireListener listener) {
        var socket = new SimSocket(this, end, listener);
        end.use(socket);
        open.add(socket);
        return socket;
    }

    private InetSocketAddress localEnd(InetSocketAddress target, @Nullable SocketAddress wanted) throws IOException {
        InetSocketAddress own = new InetSocketAddress(
                target.getAddress().isLoopbackAddress() ? target.getAddress() : host.address(), 0);
        if (wanted == null) {
            return host.ports.toConnectFrom(own, target);
        }
        if (!(wanted instanceof InetSocketAddress local)) {
            throw new SocketException("bind to " + wanted + ": it is of another family than " + target);
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
        SimAcceptor acceptor = local instanceof InetSocketAddress inet
                ? new TcpAcceptor(this, inet, listener)
                : new UnixAcceptor(this, local, listener);
        open.add(acceptor);
        return acceptor;
    }

    @Override
    protected SocketFile file(UnixDomainSocketAddress address) {
        return host.unix.file(address);
    }

    @Override
    protected IOException refused(UnixDomainSocketAddress address, IOException cause) {
        boolean inTheWay = cause instanceof BindException && host.unix.hasFile(address.getPath());
        String what = "listen on " + address;
        return SocketFailures.naming(
                what,
                inTheWay
                        ? new BindException(cause.getMessage() + " (the file is there already on host " + host.name()
                                + "; if it was left behind by a process that is gone, delete it, by host.unlink)")
                        : cause);
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
