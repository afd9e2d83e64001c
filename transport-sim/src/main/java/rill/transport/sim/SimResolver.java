package rill.transport.sim;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import rill.Future;
import rill.Loop;
import rill.Promise;
import rill.Resolver;
import rill.transport.sim.Trace.Kind;

/** Resolves names as one host sees them: those of the simulation's hosts and those given to them, {@code localhost}, and literal addresses. */
final class SimResolver implements Resolver {
    private static final long USUAL_NANOS = Duration.ofMillis(1).toNanos();

    private final Simulation simulation;
    private final Network network;
    private final Host host;

    SimResolver(Simulation simulation, Network network, Host host) {
        this.simulation = simulation;
        this.network = network;
        this.host = host;
    }

    @Override
    public Future<List<InetAddress>> resolve(Loop loop, String name) {
        Promise<List<InetAddress>> promise = loop.promise();
        try {
            promise.complete(List.of(InetAddress.ofLiteral(name)));
        } catch (IllegalArgumentException notInNumbers) {
            holders(name).forEach(each -> network.looksUp(host, each));
            long delay = USUAL_NANOS + simulation.names().delay(name);
            host.later(network.agenda.after(delay), () -> answer(name, promise));
        }
        return promise;
    }

    private List<Host> holders(String name) {
        Host one = network.find(name);
        return one == null ? simulation.names().holders(name) : List.of(one);
    }

    private void answer(String name, Promise<List<InetAddress>> promise) {
        if (promise.isDone()) {
            return;
        }
        List<Host> known = holders(name);
        boolean failing = simulation.names().failing(name);
        int first = known.isEmpty() ? -1 : known.getFirst().number;
        network.trace.add(Kind.RESOLVED, host.number, first, 0, 0, failing ? 1 : 0, name);
        if (failing) {
            promise.fail(new UnknownHostException("unknown host: " + name + " (a fault makes the name fail)"));
        } else if (!known.isEmpty()) {
            promise.complete(known.stream().map(Host::address).toList());
        } else if (name.equals("localhost")) {
            promise.complete(List.of(InetAddress.getLoopbackAddress()));
        } else {
            promise.fail(new UnknownHostException("unknown host: " + name + "; " + network.known()));
        }
    }
}
