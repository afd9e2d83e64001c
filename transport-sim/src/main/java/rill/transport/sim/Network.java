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

/** The hosts, the routes between them, and the segments in flight. */
final class Network {
    private static final Latency WITHIN_A_HOST = Latency.fixed(Duration.ofNanos(10_000));

    final Agenda agenda;
    final Trace trace;
    final long seed;
    final Chance chance;
    final Tally tally = new Tally();
    private final RandomGenerator random;
    private final Map<String, Host> hosts = new LinkedHashMap<>();
    private final List<Host> numbered = new ArrayList<>();
    private final Map<InetAddress, Host> byAddress = new HashMap<>();
    final List<Partition> partitions = new ArrayList<>(); // in force
    private final Map<Long, Route> routes = new LinkedHashMap<>();
    private Latency normal = Latency.fixed(Duration.ofNanos(500_000));
    private int connections;
    private long segments;
    private final List<Swarm.Course> watchers = new ArrayList<>(); // that strike at interesting moments

    Network(Agenda agenda, Trace trace, Chance chance, long seed) {
        this.chance = chance;
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
        partitions.forEach(each -> each.joined(host));
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

    /** Returns the host with that address, seen from {@code from}; null if none. */
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
            route = new Route(agenda, from, to, from == to ? WITHIN_A_HOST : normal, this::travels);
            known[to.number] = route;
            routes.put(((long) from.number << 32) | to.number, route);
        }
        return route;
    }

    /** Returns the routes used so far, including those within a host. */
    List<Route> routesInUse() {
        return routes.values().stream().filter(each -> each.used).toList();
    }

    /** Notes that a host looks up another one's name, because it wants to talk to it. */
    void looksUp(Host from, Host to) {
        route(from, to).used = true;
        watchers.forEach(each -> each.moment(from, to, true));
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
        route.used = true;
        segment.cutsBefore = route.cutsSoFar;
        if (segment.source.powered()) {
            setsOut(route, segment);
        } else {
            note(Kind.LOST, segment);
        }
        watchers.forEach(each -> each.sent(segment));
    }

    private void setsOut(Route route, Segment segment) {
        Fault.Kind cut = route.cutBy();
        if (cut != null) {
            lost(segment, cut);
        } else if (route.loss.value() > 0 && random.nextDouble() < route.loss.value()) {
            lost(segment, Fault.Kind.LOSS);
        } else if (route.holds > 0) {
            tally.hit(Fault.Kind.HOLD);
            route.held.add(segment);
        } else {
            onItsWay(route, segment);
        }
    }

    private void lost(Segment segment, Fault.Kind why) {
        tally.hit(why);
        note(Kind.LOST, segment);
    }

    private void onItsWay(Route route, Segment segment) {
        if (!route.leave(segment)) {
            lost(segment, Fault.Kind.BANDWIDTH);
        } else if (route.limited()) {
            tally.hit(Fault.Kind.BANDWIDTH);
        }
    }

    private void travels(Segment segment) {
        Route route = route(segment.source, segment.destination);
        if (route.latency.replaced()) {
            tally.hit(Fault.Kind.LATENCY);
        }
        long arrives = agenda.now() + chance.jittered(route.latency.value().sample(random));
        Tcp sender = segment.sender;
        if (sender != null) {
            // One direction of a connection stays in order, also within an instant.
            arrives = Math.max(arrives, sender.lastArrival + (chance.free(Freedom.ORDER) ? 1 : 0));
            sender.lastArrival = arrives;
        }
        agenda.at(arrives, segment);
    }

    /** Sends the segments that were held. */
    void release(Route route) {
        for (Segment each = route.held.poll(); each != null; each = route.held.poll()) {
            onItsWay(route, each);
        }
    }

    /** Sends a reset to this end from somewhere on the route, as if the other end had sent it, even if that has no power. */
    void reset(Tcp end) {
        var reset = new Segment(
                this,
                /* source= */ end.peerHost,
                /* destination= */ end.host,
                /* sender= */ end.peer(),
                /* target= */ end,
                Purpose.RST,
                end.number);
        reset.number = ++segments;
        note(Kind.SENT, reset);
        Route route = route(end.peerHost, end.host);
        reset.cutsBefore = route.cutsSoFar;
        setsOut(route, reset);
    }

    void arrived(Segment segment) {
        Route route = route(segment.source, segment.destination);
        if (route.cutsSoFar != segment.cutsBefore) {
            Fault.Kind cut = route.cutBy();
            lost(segment, cut == null ? Fault.Kind.CUT : cut);
            return;
        }
        if (!segment.destination.powered()) {
            note(Kind.LOST, segment);
            return;
        }
        note(Kind.ARRIVED, segment);
        Tcp target = segment.target;
        if (chance.spurious()) {
            segment.destination.wakeForNothing();
        }
        if (target == null) {
            segment.destination.ports.requested(segment);
        } else if (target.gone()) {
            target.receiveWhenGone(segment);
        } else {
            target.receive(segment);
        }
    }

    /** Answers a segment of a connection that the host knows nothing of. */
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

    /** Notes bytes that pass within a host, outside the network. */
    void local(Host host, int connection, byte[] bytes) {
        route(host, host).used = true;
        watchers.forEach(each -> each.moment(host, host, false));
        trace.content(0, 0, 0, bytes, bytes.length);
        trace.add(
                Kind.LOCAL,
                host.number,
                host.number,
                connection,
                0,
                bytes.length,
                "local",
                trace.recording() ? Segment.preview(bytes, bytes.length) : null);
    }

    void watch(Swarm.Course watcher) {
        watchers.add(watcher);
    }

    void unwatch(Swarm.Course watcher) {
        watchers.remove(watcher);
    }

    private void note(Kind kind, Segment s) {
        if (kind == Kind.SENT) {
            trace.content(s.sequence, s.acknowledged, s.window, s.bytes, s.length);
        }
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
