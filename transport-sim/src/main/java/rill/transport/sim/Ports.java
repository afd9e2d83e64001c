package rill.transport.sim;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The ports of a host: who listens, and which are refused or swallowed by a fault. */
final class Ports {
    private static final int FIRST_EPHEMERAL = 32_768;
    private static final int LAST_EPHEMERAL = 60_999;

    private final Network network;
    private final Host host;
    private final Map<Integer, SimAcceptor> listening = new TreeMap<>();
    private int next = FIRST_EPHEMERAL;
    private final Map<Integer, Integer> refusing = new TreeMap<>(); // by how many faults
    private final Map<Integer, Integer> swallowing = new TreeMap<>();

    Ports(Network network, Host host) {
        this.network = network;
        this.host = host;
    }

    int ephemeral() {
        while (true) {
            int port = next;
            next = port == LAST_EPHEMERAL ? FIRST_EPHEMERAL : port + 1;
            if (!listening.containsKey(port)) {
                return port;
            }
        }
    }

    /** Where to bind: the address must be this host's own, and a port of 0 becomes a free one. */
    InetSocketAddress local(InetSocketAddress wanted) throws IOException {
        InetAddress address = wanted.getAddress();
        if (address == null || network.at(address, host) != host) {
            throw new BindException("Cannot assign requested address");
        }
        if (listening.containsKey(wanted.getPort())) {
            throw new BindException("Address already in use");
        }
        return wanted.getPort() == 0 ? new InetSocketAddress(address, ephemeral()) : wanted;
    }

    void bind(int port, SimAcceptor acceptor) {
        listening.put(port, acceptor);
    }

    void unbind(SimAcceptor acceptor) {
        listening.remove(acceptor.local().getPort(), acceptor);
    }

    void clear() {
        listening.clear();
    }

    /** Gives what ends it. */
    Runnable refuse(int port) {
        return count(refusing, port);
    }

    Runnable swallow(int port) {
        return count(swallowing, port);
    }

    private static Runnable count(Map<Integer, Integer> faults, int port) {
        faults.merge(port, 1, Integer::sum);
        return () -> faults.merge(port, -1, Integer::sum);
    }

    List<Integer> listening() {
        return List.copyOf(listening.keySet());
    }

    /** A request for a connection has come in. */
    void requested(Segment request) {
        Tcp client = request.sender;
        if (client == null || client.gone()) {
            return;
        }
        int port = client.remote.getPort();
        if (swallowing.getOrDefault(port, 0) > 0) {
            return;
        }
        SimAcceptor acceptor = listening.get(port);
        if (acceptor == null
                || refusing.getOrDefault(port, 0) > 0
                || !listensAt(acceptor, client.remote.getAddress())) {
            network.refuse(request);
        } else if (!acceptor.full()) {
            acceptor.requested(network, request, client);
        }
    }

    private static boolean listensAt(SimAcceptor acceptor, InetAddress address) {
        InetAddress bound = acceptor.local().getAddress();
        return bound.isAnyLocalAddress() || bound.equals(address);
    }
}
