package rill.transport.sim;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The ports of a host: who listens, which connections there are, and which ports are refused or swallowed by a fault. A connection that
 * this host has ended first is remembered for a minute (TIME_WAIT), so that its four addresses and ports name no other meanwhile.
 */
final class Ports {
    private static final int FIRST_EPHEMERAL = 32_768;
    private static final int LAST_EPHEMERAL = 60_999;
    private static final long TIME_WAIT = Duration.ofMinutes(1).toNanos();

    /** What names a connection at one of its ends. */
    private record Tuple(InetSocketAddress local, InetSocketAddress remote) {}

    private final Network network;
    private final Host host;
    private final Map<Integer, SimAcceptor> listening = new TreeMap<>();
    private final Map<Tuple, Tcp> connections = new HashMap<>(); // looked up, never walked in an order that matters
    private final Map<Integer, Integer> bound = new HashMap<>(); // by port: how many connections
    private int worthPurging = 64;
    private int next = FIRST_EPHEMERAL;
    private final Map<Integer, Integer> refusing = new TreeMap<>(); // by how many faults
    private final Map<Integer, Integer> swallowing = new TreeMap<>();

    Ports(Network network, Host host) {
        this.network = network;
        this.host = host;
    }

    // ---- addresses

    /** Where to listen: the address must be this host's own, and a port of 0 becomes a free one. */
    InetSocketAddress toListenAt(InetSocketAddress wanted) throws IOException {
        InetAddress address = requireOwn(wanted);
        if (wanted.getPort() != 0) {
            if (listening.containsKey(wanted.getPort())) {
                throw new BindException("Address already in use");
            }
            return wanted;
        }
        for (int n = FIRST_EPHEMERAL; n <= LAST_EPHEMERAL; n++) {
            int port = takeNext();
            if (!listening.containsKey(port) && !bound.containsKey(port)) {
                return new InetSocketAddress(address, port);
            }
        }
        throw new BindException("Address already in use");
    }

    /** Where to connect from: a port that no connection to that address and port has. */
    InetSocketAddress toConnectFrom(InetSocketAddress wanted, InetSocketAddress remote) throws IOException {
        InetAddress address = requireOwn(wanted);
        if (wanted.getPort() != 0) {
            if (listening.containsKey(wanted.getPort()) || find(wanted, remote) != null) {
                throw new BindException("Address already in use");
            }
            return wanted;
        }
        for (int n = FIRST_EPHEMERAL; n <= LAST_EPHEMERAL; n++) {
            var local = new InetSocketAddress(address, takeNext());
            if (!listening.containsKey(local.getPort()) && find(local, remote) == null) {
                return local;
            }
        }
        throw new BindException("Cannot assign requested address");
    }

    private InetAddress requireOwn(InetSocketAddress wanted) throws IOException {
        InetAddress address = wanted.getAddress();
        if (address == null || network.at(address, host) != host) {
            throw new BindException("Cannot assign requested address");
        }
        return address;
    }

    private int takeNext() {
        int port = next;
        next = port == LAST_EPHEMERAL ? FIRST_EPHEMERAL : port + 1;
        return port;
    }

    // ---- connections

    /** The end of a connection that these addresses and ports name: one that lives, or is in TIME_WAIT. */
    @Nullable
    Tcp find(InetSocketAddress local, InetSocketAddress remote) {
        Tcp found = connections.get(new Tuple(local, remote));
        return found == null || isForgotten(found) ? null : found;
    }

    private boolean isForgotten(Tcp tcp) {
        return tcp.gone() && !(tcp.endedFirst() && network.agenda.now() - tcp.goneAt() < TIME_WAIT);
    }

    void add(Tcp tcp) {
        if (connections.size() > worthPurging) {
            connections.values().removeIf(each -> isForgotten(each) && released(each));
            worthPurging = Math.max(64, 2 * connections.size());
        }
        Tcp before = connections.put(new Tuple(tcp.local, tcp.remote), tcp);
        if (before == null) {
            bound.merge(tcp.local.getPort(), 1, Integer::sum);
        }
    }

    /** It is gone, and there is no need to remember it. */
    void remove(Tcp tcp) {
        if (isForgotten(tcp) && connections.remove(new Tuple(tcp.local, tcp.remote), tcp)) {
            released(tcp);
        }
    }

    private boolean released(Tcp tcp) {
        bound.merge(tcp.local.getPort(), -1, (n, less) -> n + less == 0 ? null : n + less);
        return true;
    }

    void bind(int port, SimAcceptor acceptor) {
        listening.put(port, acceptor);
    }

    void unbind(SimAcceptor acceptor) {
        listening.remove(acceptor.local().getPort(), acceptor);
    }

    /** Nobody listens any more. */
    List<SimAcceptor> clear() {
        List<SimAcceptor> left = List.copyOf(listening.values());
        listening.clear();
        return left;
    }

    /** The kernel has forgotten everything, and begins to count anywhere. */
    void forget(int anywhere) {
        listening.clear();
        connections.clear();
        bound.clear();
        next = FIRST_EPHEMERAL + anywhere % (LAST_EPHEMERAL - FIRST_EPHEMERAL);
    }

    // ---- faults

    /** Gives what ends it. */
    Runnable refuse(int port) {
        return count(refusing, port);
    }

    Runnable swallow(int port) {
        return count(swallowing, port);
    }

    boolean refuses(int port) {
        return refusing.getOrDefault(port, 0) > 0;
    }

    boolean swallows(int port) {
        return swallowing.getOrDefault(port, 0) > 0;
    }

    private static Runnable count(Map<Integer, Integer> faults, int port) {
        faults.merge(port, 1, Integer::sum);
        return () -> faults.merge(port, -1, Integer::sum);
    }

    List<Integer> listening() {
        return List.copyOf(listening.keySet());
    }

    // ---- requests

    /** A request for a connection has come in; perhaps for the second time. */
    void requested(Segment request) {
        Tcp client = request.sender;
        if (client == null || client.gone()) {
            return;
        }
        int port = client.remote.getPort();
        if (swallows(port)) {
            network.tally.hit(Fault.Kind.BLACKHOLE);
            return;
        }
        Tcp known = find(/* local= */ client.remote, /* remote= */ client.local);
        if (known != null && known.peer() == client && !known.gone()) {
            known.receive(request);
            return;
        }
        if (known != null && !known.gone()) {
            known.fail(new java.net.SocketException("Connection reset")); // its peer knows nothing of it any more
        }
        SimAcceptor acceptor = listening.get(port);
        if (acceptor == null || refuses(port) || !listensAt(acceptor, client.remote.getAddress())) {
            if (refuses(port)) {
                network.tally.hit(Fault.Kind.REFUSE);
            }
            network.refuse(request);
        } else if (!acceptor.full()) {
            acceptor.requested(network, request, client);
        }
    }

    private static boolean listensAt(SimAcceptor acceptor, InetAddress address) {
        InetAddress local = acceptor.local().getAddress();
        return local.isAnyLocalAddress() || local.equals(address);
    }
}
