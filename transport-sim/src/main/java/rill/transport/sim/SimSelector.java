package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.ReadinessWire;
import rill.spi.ReadinessWires;
import rill.spi.Selector;
import rill.spi.SocketFailures;
import rill.spi.SocketOptions;
import rill.spi.Wire;
import rill.spi.WireListener;

/** The selector of one loop of a host, or of whoever uses it without a loop. A select that would block lets virtual time pass. */
final class SimSelector implements Selector {
    private static final List<SocketOption<?>> FOR_LISTENING =
            List.of(StandardSocketOptions.SO_REUSEADDR, StandardSocketOptions.SO_RCVBUF);

    /** A socket that has its turn in a select. */
    interface Ready {
        void turn();

        /** Gives back what it holds. */
        void shut();
    }

    private final Simulation simulation;
    private final Network network;
    private final Host host;
    private final ReadinessWires wires;
    private final ArrayDeque<Ready> ready = new ArrayDeque<>();
    private final Set<Ready> open = new LinkedHashSet<>();
    private @Nullable Driven driven; // its loop
    private boolean woken;
    private boolean closed;
    private @Nullable IOException broken;

    SimSelector(Simulation simulation, Network network, Host host, Supplier<ByteBuf> receiveBuffer) {
        this.simulation = simulation;
        this.network = network;
        this.host = host;
        this.wires = new ReadinessWires(receiveBuffer);
    }

    Host host() {
        return host;
    }

    ReadinessWires wires() {
        return wires;
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
    public void select(long timeoutNanos) throws IOException {
        if (closed) {
            throw new IllegalStateException("select after close");
        }
        if (broken != null) {
            throw broken;
        }
        if (timeoutNanos != 0) {
            if (!hasWork() && !woken) {
                simulation.pass(() -> hasWork() || woken || broken != null, timeoutNanos);
            }
        }
        woken = false;
        int waiting = wires.undelivered();
        for (int n = ready.size(); n > 0 && !closed; n--) {
            ready.remove().turn();
        }
        wires.deliver(waiting);
    }

    /** Whether a select would deliver something. */
    boolean hasWork() {
        return !ready.isEmpty() || wires.undelivered() > 0;
    }

    void ready(Ready socket) {
        ready.add(socket);
        if (driven != null) {
            driven.hasWork();
        }
    }

    void forget(Ready socket) {
        open.remove(socket);
    }

    @Override
    public void wakeup() {
        simulation.requireOwner("waking up a selector of host " + host.name());
        woken = true;
    }

    // ---- opening

    @Override
    public Wire connect(
            SocketAddress remote, @Nullable SocketAddress local, SocketOptions options, WireListener listener) {
        InetSocketAddress target = requireInet(remote);
        if (target.isUnresolved()) {
            throw new IllegalArgumentException("connect to " + target + ": the name has to be resolved first");
        }
        Host peer = network.at(target.getAddress(), host);
        InetSocketAddress from;
        try {
            if (peer == null) {
                throw new NoRouteToHostException("No route to host");
            }
            from = localEnd(target, local);
        } catch (IOException e) {
            return ReadinessWire.refused(remote, listener, wires, e);
        }
        var tcp = new Tcp(network, host, peer, from, target, network.nextConnection());
        SimSocket socket = newSocket(tcp, target, options, listener);
        socket.startConnecting();
        tcp.handshakeStep();
        return socket;
    }

    private InetSocketAddress localEnd(InetSocketAddress target, @Nullable SocketAddress wanted) throws IOException {
        InetSocketAddress own = new InetSocketAddress(
                target.getAddress().isLoopbackAddress() ? target.getAddress() : host.address(), 0);
        if (wanted == null) {
            return host.ports.local(own);
        }
        InetSocketAddress local = requireInet(wanted);
        try {
            boolean any = local.getAddress() != null && local.getAddress().isAnyLocalAddress();
            return host.ports.local(any ? new InetSocketAddress(own.getAddress(), local.getPort()) : local);
        } catch (IOException e) {
            throw SocketFailures.naming("bind to " + local, e);
        }
    }

    private SimSocket newSocket(Tcp tcp, SocketAddress remote, SocketOptions options, WireListener listener) {
        var socket = new SimSocket(this, tcp, remote, listener);
        try {
            options.<RuntimeException>applyTo(socket::option);
        } catch (RuntimeException e) {
            tcp.close(true);
            throw e;
        }
        tcp.use(socket);
        open.add(socket);
        return socket;
    }

    @Override
    public Wire open(AcceptedSocket accepted, SocketOptions options, WireListener listener) {
        if (!(accepted instanceof SimAccepted taken)) {
            throw new IllegalArgumentException("a socket of another transport: " + accepted);
        }
        SimSocket socket = newSocket(taken.take(), accepted.remoteAddress(), options, listener);
        socket.startConnected();
        return socket;
    }

    @Override
    public Acceptor listen(SocketAddress local, int backlog, SocketOptions options, AcceptListener listener)
            throws IOException {
        InetSocketAddress wanted = requireInet(local);
        options.applyTo(new SocketOptions.Setter<RuntimeException>() {
            @Override
            public <T> void set(SocketOption<T> option, T value) {
                if (!FOR_LISTENING.contains(option)) {
                    throw Options.unknown(option);
                }
            }
        });
        try {
            InetSocketAddress bound = host.ports.local(wanted);
            var acceptor = new SimAcceptor(this, bound, backlog, listener);
            host.ports.bind(bound.getPort(), acceptor);
            open.add(acceptor);
            return acceptor;
        } catch (IOException e) {
            throw SocketFailures.naming("listen on " + local, e);
        }
    }

    private static InetSocketAddress requireInet(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            return inet;
        }
        throw new IllegalArgumentException(
                "transport sim has no addresses of type " + address.getClass().getName() + ": " + address);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (Ready each : List.copyOf(open)) {
            each.shut();
        }
        ready.clear();
        host.closed(this);
    }
}
