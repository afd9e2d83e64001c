package rill.transport.sim;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Segment.Purpose;
import rill.transport.sim.Trace.Kind;

/** The hosts, the ways between them, and the segments on these. */
final class Network {
    private static final Latency WITHIN_A_HOST = Latency.fixed(Duration.ofNanos(10_000));

    final Agenda agenda;
    final Trace trace;
    final long seed;
    private final RandomGenerator random;
    private final Map<String, Host> hosts = new LinkedHashMap<>();
    private final List<Host> numbered = new ArrayList<>();
    private final Map<InetAddress, Host> byAddress = new HashMap<>();
    private final Map<Long, Route> routes = new LinkedHashMap<>();
    private Latency normal = Latency.fixed(Duration.ofNanos(500_000));
    private int connections;
    private long segments;

    Network(Agenda agenda, Trace trace, long seed) {
        this.agenda = agenda;
        this.trace = trace;
        this.seed = seed;
        this.random = Agenda.random(seed, "network");
    }

    // ---- hosts and routes

    void add(Host host) {
        if (hosts.putIfAbsent(host.name(), host) != null) {
            throw new IllegalArgumentException("there is a host " + host.name() + " already");
        }
        numbered.add(host);
        byAddress.put(host.address(), host);
    }

    List<Host> hosts() {
        return numbered;
    }

    Host host(String name) {
        Host host = hosts.get(name);
        if (host == null) {
            throw new IllegalArgumentException("there is no host " + name + "; " + known());
        }
        return host;
    }

    @Nullable
    Host find(String name) {
        return hosts.get(name);
    }

    String known() {
        return hosts.isEmpty() ? "there are none yet" : "the hosts are " + String.join(", ", hosts.keySet());
    }

    /** Whose address it is, seen from {@code from}; null if nobody's. */
    @Nullable
    Host at(InetAddress address, Host from) {
        return address.isLoopbackAddress() || address.isAnyLocalAddress() ? from : byAddress.get(address);
    }

    static InetAddress addressOf(String name, int number) {
        int n = number + 1;
        try {
            return InetAddress.getByAddress(name, new byte[] {10, (byte) (n >> 16), (byte) (n >> 8), (byte) n});
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }

    Route route(Host from, Host to) {
        Route[] known = from.routes;
        if (to.number >= known.length) {
            from.routes = known = java.util.Arrays.copyOf(known, Math.max(numbered.size(), to.number + 1));
        }
        Route route = known[to.number];
        if (route == null) {
            route = new Route(from, to, from == to ? WITHIN_A_HOST : normal);
            known[to.number] = route;
            routes.put(((long) from.number << 32) | to.number, route);
        }
        return route;
    }

    /** The ways that were used so far, from host to host. */
    List<Route> routesInUse() {
        return routes.values().stream().filter(each -> each.from != each.to).toList();
    }

    void normalLatency(Latency latency) {
        normal = latency;
        routes.values().stream().filter(each -> each.from != each.to).forEach(each -> each.latency.normal(latency));
    }

    int nextConnection() {
        return ++connections;
    }

    long segments() {
        return segments;
    }

    // ---- segments

    void send(Segment segment) {
        segment.number = ++segments;
        note(Kind.SENT, segment);
        Route route = route(segment.source, segment.destination);
        if (!segment.source.up()
                || route.cuts > 0
                || (route.loss.value() > 0 && random.nextDouble() < route.loss.value())) {
            note(Kind.LOST, segment);
        } else if (route.holds > 0) {
            route.held.add(segment);
        } else {
            onItsWay(route, segment);
        }
    }

    private void onItsWay(Route route, Segment segment) {
        long leaves = route.departure(agenda.now(), segment.length + Segment.HEADER);
        long arrives = leaves + route.latency.value().sample(random);
        Tcp sender = segment.sender;
        if (sender != null) {
            arrives = sender.lastArrival = Math.max(arrives, sender.lastArrival);
        }
        agenda.at(arrives, segment);
    }

    /** What was held goes on its way. */
    void release(Route route) {
        for (Segment each = route.held.poll(); each != null; each = route.held.poll()) {
            onItsWay(route, each);
        }
    }

    void arrived(Segment segment) {
        if (route(segment.source, segment.destination).cuts > 0 || !segment.destination.up()) {
            note(Kind.LOST, segment);
            return;
        }
        note(Kind.ARRIVED, segment);
        Tcp target = segment.target;
        if (target == null && segment.sender != null) {
            target = segment.sender.peer(); // of a connection request that was sent again
        }
        if (target == null) {
            segment.destination.ports.requested(segment);
        } else if (target.gone()) {
            target.receiveWhenGone(segment);
        } else {
            target.receive(segment);
        }
    }

    /** The answer to a segment of a connection that the host knows nothing of. */
    void refuse(Segment segment) {
        if (segment.purpose != Purpose.RST && segment.sender != null) {
            Segment answer = new Segment(
                    this,
                    /* source= */ segment.destination,
                    /* destination= */ segment.source,
                    /* sender= */ null,
                    /* target= */ segment.sender,
                    Purpose.RST,
                    segment.connection);
            send(answer);
        }
    }

    private void note(Kind kind, Segment s) {
        trace.add(
                kind,
                s.source.number,
                s.destination.number,
                s.connection,
                s.number,
                s.length,
                s.label(),
                trace.recording() ? s.preview() : null);
    }
}
