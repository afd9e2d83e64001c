package rill.transport.sim;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * What can go wrong in a simulated network. Each gives a {@link Fault}, for {@link Simulation#inject} and {@link Simulation#schedule};
 * an unknown host is an {@link IllegalArgumentException} there.
 */
public final class Faults {
    private Faults() {}

    // ---- between two hosts

    /** Nothing gets through between the two, in either direction; what is on its way is lost. */
    public static Fault cut(String one, String other) {
        return both("cut " + one + " – " + other, one, other, route -> route.cuts++, route -> route.cuts--);
    }

    /** Nothing gets through in this direction. */
    public static Fault cutOneWay(String from, String to) {
        return oneWay("cut " + from + " → " + to, from, to, route -> {
            route.cuts++;
            return () -> route.cuts--;
        });
    }

    /** What is sent in this direction waits, and goes on its way when the fault ends. */
    public static Fault hold(String from, String to) {
        return new Fault("hold " + from + " → " + to, all -> {
            Route route = route(all, from, to);
            route.holds++;
            return () -> {
                if (--route.holds == 0) {
                    all.network.release(route);
                }
            };
        });
    }

    /** Another latency in this direction. */
    public static Fault latency(String from, String to, Latency latency) {
        return oneWay(
                "latency " + from + " → " + to + " " + latency, from, to, route -> route.latency.replace(latency));
    }

    /** Of the segments in this direction, so large a part is lost: TCP sends them again, so it is seen as delay. */
    public static Fault loss(String from, String to, double part) {
        if (!(part >= 0 && part <= 1)) {
            throw new IllegalArgumentException("the part that is lost is between 0 and 1, not " + part);
        }
        return oneWay("loss " + from + " → " + to + " " + part, from, to, route -> route.loss.replace(part));
    }

    /** No more than so many bytes a second in this direction, headers included. */
    public static Fault bandwidth(String from, String to, long bytesPerSecond) {
        if (bytesPerSecond <= 0) {
            throw new IllegalArgumentException("a bandwidth has to be positive, not " + bytesPerSecond);
        }
        return oneWay(
                "bandwidth " + from + " → " + to + " " + bytesPerSecond + " B/s",
                from,
                to,
                route -> route.bandwidth.replace(bytesPerSecond));
    }

    /** All connections between the two are reset, once; there is nothing to end. */
    public static Fault reset(String one, String other) {
        return new Fault("reset " + one + " – " + other, all -> {
            Host first = all.network.host(one);
            Host second = all.network.host(other);
            first.resetConnectionsWith(second);
            second.resetConnectionsWith(first);
            return () -> {};
        });
    }

    // ---- of a host

    /** Nothing gets to the host or away from it. */
    public static Fault isolate(String host) {
        return new Fault("isolate " + host, all -> {
            Host isolated = all.network.host(host);
            List<Host> others = all.network.hosts().stream()
                    .filter(each -> each != isolated)
                    .toList();
            Runnable[] undo = others.stream()
                    .map(other -> cut(host, other.name()).apply(all))
                    .toArray(Runnable[]::new);
            return () -> {
                for (Runnable each : undo) {
                    each.run();
                }
            };
        });
    }

    /** Requests for a connection to this port are refused. */
    public static Fault refuse(String host, int port) {
        return new Fault(
                "refuse " + host + ":" + port,
                all -> all.network.host(host).ports.refuse(port));
    }

    /** Requests for a connection to this port are swallowed. */
    public static Fault blackhole(String host, int port) {
        return new Fault(
                "blackhole " + host + ":" + port,
                all -> all.network.host(host).ports.swallow(port));
    }

    /**
     * The host stops at once: its loops, connections and memory are gone, and nobody is told. When the fault ends it starts again, with
     * what {@link Simulation#host(String, Consumer)} was given.
     */
    public static Fault crash(String host) {
        return new Fault("crash " + host, all -> {
            Host crashed = all.network.host(host);
            all.outsideLoops(crashed::crash);
            return () -> all.outsideLoops(crashed::start);
        });
    }

    /** The programs of the host stand still; its kernel goes on acknowledging. */
    public static Fault pause(String host) {
        return new Fault("pause " + host, all -> {
            Host paused = all.network.host(host);
            paused.pause();
            return () -> {
                paused.resume();
                all.resumed();
            };
        });
    }

    /** Each tick of the host's loops takes so long. */
    public static Fault slow(String host, Duration perTick) {
        long nanos = requirePositive("a tick", perTick);
        return new Fault(
                "slow " + host + " " + perTick, all -> all.network.host(host).slow(nanos));
    }

    /** The host's clock goes so many times as fast as it should; 1.0 is right. */
    public static Fault clockRate(String host, double rate) {
        if (!(rate >= 0.01 && rate <= 100)) {
            throw new IllegalArgumentException("a clock's rate is between 0.01 and 100, not " + rate);
        }
        return new Fault(
                "clock of " + host + " × " + rate, all -> all.network.host(host).clockRate(rate));
    }

    // ---- of names

    /** The name is unknown, everywhere. */
    public static Fault nameFails(String name) {
        return new Fault("name " + name + " fails", all -> all.names().fail(name));
    }

    /** Looking the name up takes so much longer, everywhere. */
    public static Fault nameIsSlow(String name, Duration longer) {
        long nanos = requirePositive("a delay", longer);
        return new Fault("name " + name + " takes " + longer, all -> all.names().slow(name, nanos));
    }

    /** A random, seeded sequence of all of these, for as long as it is in force: what a soak run needs. */
    public static Fault swarm() {
        return new Fault("swarm", all -> new Swarm(all).start());
    }

    // ----

    private static long requirePositive(String what, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(what + " has to take longer than " + duration);
        }
        return duration.toNanos();
    }

    private static Route route(Injections all, String from, String to) {
        return all.network.route(all.network.host(from), all.network.host(to));
    }

    private static Fault oneWay(
            String description, String from, String to, java.util.function.Function<Route, Runnable> effect) {
        return new Fault(description, all -> effect.apply(route(all, from, to)));
    }

    private static Fault both(
            String description, String one, String other, Consumer<Route> begin, Consumer<Route> end) {
        return new Fault(description, all -> {
            Route there = route(all, one, other);
            Route back = route(all, other, one);
            begin.accept(there);
            begin.accept(back);
            return () -> {
                end.accept(there);
                end.accept(back);
            };
        });
    }
}
