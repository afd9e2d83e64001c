package rill.transport.sim;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The ports of a host: its listeners, its connections, and which ports are refused or swallowed by a fault. A connection that this host ended first
 * is remembered for a minute (TIME_WAIT), so that no other has the same addresses and ports meanwhile.
 */
final class Ports {
    private static final int FIRST_EPHEMERAL = 32_768;
    private static final int LAST_EPHEMERAL = 60_999;
    private static final long TIME_WAIT = Duration.ofMinutes(1).toNanos();

    /** The addresses that identify a connection at one of its ends. */
    private record Tuple(InetSocketAddress local, InetSocketAddress remote) {}

    private final Network network;
    private final Host host;
    private final Map<Integer, List<TcpAcceptor>> listening =
            new TreeMap<>(); // several: at other addresses, or sharing
    private final Map<Tuple, Tcp> connections = new HashMap<>(); // looked up, and never walked in an order that matters
    private final Map<Integer, Integer> bound = new HashMap<>(); // the number of connections, by port
    private int worthPurging = 64;
    private int next = FIRST_EPHEMERAL;
    private final Map<Integer, Integer> refusing = new TreeMap<>(); // the number of faults, by port
    private final Map<Integer, Integer> swallowing = new TreeMap<>();

    Ports(Network network, Host host) {
        this.network = network;
        this.host = host;
    }

    // ---- addresses

    /**
     * Returns where to listen: the address must be this host's own, and a port of 0 becomes a free one.
     *
     * @param sharing SO_REUSEPORT: several may listen there, if all of them set it
     */
    InetSocketAddress toListenAt(InetSocketAddress wanted, boolean sharing) throws IOException {
        InetAddress address = requireOwn(wanted);
        if (wanted.getPort() != 0) {
            for (TcpAcceptor other : listenersAt(wanted.getPort())) {
                if (overlap(address, other.local().getAddress()) && !(sharing && other.sharing())) {
                    throw new BindException("Address already in use");
                }
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

    /** Returns where to connect from: a port that no connection to that remote address has. */
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

    private static boolean overlap(InetAddress one, InetAddress other) {
        return one.equals(other) || one.isAnyLocalAddress() || other.isAnyLocalAddress();
    }

    private List<TcpAcceptor> listenersAt(int port) {
        return listening.getOrDefault(port, List.of());
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

    /** Returns the end of the connection with these addresses: one that is alive, or in TIME_WAIT. */
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

    /** Removes an end that is gone, unless it must be remembered. */
    void remove(Tcp tcp) {
        if (isForgotten(tcp) && connections.remove(new Tuple(tcp.local, tcp.remote), tcp)) {
            released(tcp);
        }
    }

    private boolean released(Tcp tcp) {
        bound.merge(tcp.local.getPort(), -1, (n, less) -> n + less == 0 ? null : n + less);
        return true;
    }

    void bind(TcpAcceptor acceptor) {
        listening
                .computeIfAbsent(acceptor.local().getPort(), port -> new ArrayList<>(1))
                .add(acceptor);
    }

    /** Removes a listener. As in Linux, the last of those that share the port takes its place. */
    void unbind(TcpAcceptor acceptor) {
        int port = acceptor.local().getPort();
        List<TcpAcceptor> all = listenersAt(port);
        int place = all.indexOf(acceptor);
        if (place >= 0) {
            all.set(place, all.getLast());
            all.removeLast();
            if (all.isEmpty()) {
                listening.remove(port);
            }
        }
    }

    /** Removes all listeners, and returns them. */
    List<TcpAcceptor> clear() {
        List<TcpAcceptor> left =
                listening.values().stream().flatMap(List::stream).toList();
        listening.clear();
        return left;
    }

    /** Forgets everything, as a kernel after a crash, and starts counting ports anywhere. */
    void forget(int anywhere) {
        listening.clear();
        connections.clear();
        bound.clear();
        next = FIRST_EPHEMERAL + anywhere % (LAST_EPHEMERAL - FIRST_EPHEMERAL);
    }

    // ---- faults

    /** Begins to refuse connections, and returns what ends that. */
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

    /** Handles a request for a connection, perhaps a duplicate. */
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
        TcpAcceptor acceptor = refuses(port) ? null : listenerFor(client);
        if (acceptor == null) {
            if (refuses(port)) {
                network.tally.hit(Fault.Kind.REFUSE);
            }
            network.refuse(request);
        } else if (!acceptor.full()) {
            acceptor.requested(network, request, client);
        }
    }

    /** Returns a listener at exactly this address, or else at any address. If there are several, the addresses of the connection choose one. */
    private @Nullable TcpAcceptor listenerFor(Tcp client) {
        List<TcpAcceptor> exact = new ArrayList<>(1);
        List<TcpAcceptor> any = new ArrayList<>(1);
        for (TcpAcceptor each : listenersAt(client.remote.getPort())) {
            InetAddress local = each.local().getAddress();
            if (local.equals(client.remote.getAddress())) {
                exact.add(each);
            } else if (local.isAnyLocalAddress()) {
                any.add(each);
            }
        }
        List<TcpAcceptor> found = exact.isEmpty() ? any : exact;
        return switch (found.size()) {
            case 0 -> null;
            case 1 -> found.getFirst();
            default -> found.get((int) Long.remainderUnsigned(spread(client), found.size()));
        };
    }

    /** Returns a number that looks random, and is the same for every segment of a connection. */
    private long spread(Tcp client) {
        long mixed =
                Agenda.scrambled(network.seed + client.local.getAddress().hashCode() * 31L + client.local.getPort());
        return Agenda.scrambled(mixed + client.remote.hashCode());
    }
}
