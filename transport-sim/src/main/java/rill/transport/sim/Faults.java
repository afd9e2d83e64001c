package rill.transport.sim;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import rill.transport.sim.Fault.Kind;

/**
 * What can go wrong in a simulated network. Each gives a {@link Fault}, for {@link Simulation#inject} and {@link Simulation#schedule};
 * an unknown host or name is an {@link IllegalArgumentException} there, and a fault that contradicts one in force an {@link
 * IllegalStateException}.
 */
public final class Faults {
    private Faults() {}

    // ---- between two hosts

    /** Nothing gets through between the two, in either direction; what is on its way is lost. */
    public static Fault cut(String one, String other) {
        requireTwo("cut", one, other);
        return new Fault(Kind.CUT, "cut " + one + " – " + other, List.of(one, other), all -> {
            Runnable there = route(all, one, other).cut(Kind.CUT);
            Runnable back = route(all, other, one).cut(Kind.CUT);
            return () -> {
                there.run();
                back.run();
            };
        });
    }

    /** Nothing gets through in this direction; what is on its way is lost. */
    public static Fault cutOneWay(String from, String to) {
        return oneWay(Kind.CUT_ONE_WAY, "cut " + from + " → " + to, from, to, route -> route.cut(Kind.CUT_ONE_WAY));
    }

    /** What is sent in this direction waits, and goes on its way when the fault ends. */
    public static Fault hold(String from, String to) {
        requireTwo("hold", from, to);
        return new Fault(Kind.HOLD, "hold " + from + " → " + to, List.of(from, to), all -> {
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
                Kind.LATENCY,
                "latency " + from + " → " + to + " " + latency,
                from,
                to,
                route -> route.latency.replace(latency));
    }

    /** Of the segments in this direction, so large a part is lost: TCP sends them again, so it is seen as delay. */
    public static Fault loss(String from, String to, double part) {
        if (!(part >= 0 && part <= 1)) {
            throw new IllegalArgumentException("the part that is lost is between 0 and 1, not " + part);
        }
        return oneWay(Kind.LOSS, "loss " + from + " → " + to + " " + part, from, to, route -> route.loss.replace(part));
    }

    /**
     * No more than so many bytes a second in this direction, headers included. 128 KiB wait for their turn; what comes when that is full
     * is lost.
     */
    public static Fault bandwidth(String from, String to, long bytesPerSecond) {
        if (bytesPerSecond <= 0) {
            throw new IllegalArgumentException("a bandwidth has to be positive, not " + bytesPerSecond);
        }
        return oneWay(
                Kind.BANDWIDTH,
                "bandwidth " + from + " → " + to + " " + bytesPerSecond + " B/s",
                from,
                to,
                route -> route.limit(bytesPerSecond));
    }

    /** All connections between the two are sent a reset, once, which travels as everything does; there is nothing to end. */
    public static Fault reset(String one, String other) {
        return new Fault(Kind.RESET, "reset " + one + " – " + other, List.of(one, other), all -> {
            Host first = all.network.host(one);
            Host second = all.network.host(other);
            first.resetConnectionsWith(second);
            if (first != second) {
                second.resetConnectionsWith(first);
            }
            return () -> {};
        });
    }

    /**
     * Nothing gets through between these hosts and all others, in either direction, hosts included that are added meanwhile; what is on its way
     * is lost. Within each side all is well.
     */
    public static Fault partition(String... side) {
        List<String> names = requireSome(List.of(side));
        return new Fault(
                Kind.PARTITION,
                "partition " + String.join(", ", names) + " | all others",
                names,
                all -> new Partition(all.network, Kind.PARTITION, hosts(all, names), null).begin());
    }

    /**
     * Nothing gets through between the hosts of one side and those of the other, in either direction; what is on its way is lost. Hosts on neither
     * side reach both.
     */
    public static Fault partition(List<String> side, List<String> other) {
        List<String> names = requireSome(List.copyOf(side));
        List<String> others = requireSome(List.copyOf(other));
        if (names.stream().anyMatch(others::contains)) {
            throw new IllegalArgumentException("a host is on one side, and not on both: " + names + ", " + others);
        }
        return new Fault(
                Kind.PARTITION,
                "partition " + String.join(", ", names) + " | " + String.join(", ", others),
                Stream.concat(names.stream(), others.stream()).toList(),
                all -> new Partition(all.network, Kind.PARTITION, hosts(all, names), hosts(all, others)).begin());
    }

    private static List<String> requireSome(List<String> side) {
        if (side.isEmpty()) {
            throw new IllegalArgumentException("a side of a partition has at least one host");
        }
        return side;
    }

    private static Set<Host> hosts(Injections all, List<String> names) {
        var hosts = new LinkedHashSet<Host>();
        names.forEach(each -> hosts.add(all.network.host(each)));
        return hosts;
    }

    // ---- of a host

    /** Nothing gets to the host or away from it; what is on its way is lost. So it is with hosts that are added meanwhile. */
    public static Fault isolate(String host) {
        return new Fault(
                Kind.ISOLATE,
                "isolate " + host,
                List.of(host),
                all -> new Partition(all.network, Kind.ISOLATE, hosts(all, List.of(host)), null).begin());
    }

    /** Requests for a connection to this port are refused. */
    public static Fault refuse(String host, int port) {
        return new Fault(Kind.REFUSE, "refuse " + host + ":" + port, List.of(host), all -> {
            Ports ports = all.network.host(host).ports;
            requireNot(ports.swallows(port), "refuse " + host + ":" + port, "blackhole " + host + ":" + port);
            return ports.refuse(port);
        });
    }

    /** Requests for a connection to this port are swallowed. */
    public static Fault blackhole(String host, int port) {
        return new Fault(Kind.BLACKHOLE, "blackhole " + host + ":" + port, List.of(host), all -> {
            Ports ports = all.network.host(host).ports;
            requireNot(ports.refuses(port), "blackhole " + host + ":" + port, "refuse " + host + ":" + port);
            return ports.swallow(port);
        });
    }

    private static void requireNot(boolean contradicted, String wanted, String present) {
        if (contradicted) {
            throw new IllegalStateException(
                    wanted + " contradicts " + present + ", which is in force; end that first, by closing its guard");
        }
    }

    /**
     * The host loses its power: nothing of it runs any more, no callback, no Handle, no {@code finally} of a Task; its connections and
     * its memory are gone; and nobody is told. When the fault ends it starts again, with what {@link Simulation#host(String, Boot)}
     * was given. Of several such faults the last one to end starts it. Injected on a loop, it happens once the tick is over; a Task that does so
     * on the host itself never comes to close the guard.
     */
    public static Fault crash(String host) {
        return new Fault(Kind.CRASH, "crash " + host, List.of(host), all -> {
            Host crashed = all.network.host(host);
            all.outsideLoops(crashed::crash);
            return () -> all.outsideLoops(crashed::powerIsBack);
        });
    }

    /**
     * The host's process ends, as if by {@code kill -9}. Nothing of it runs any more, as after a crash; but its kernel ends its
     * connections, by FIN, or by RST where something was unread or the connection only half made, and refuses new ones. When the fault
     * ends it starts again.
     */
    public static Fault kill(String host) {
        return new Fault(Kind.KILL, "kill " + host, List.of(host), all -> {
            Host killed = all.network.host(host);
            all.outsideLoops(killed::kill);
            return () -> all.outsideLoops(killed::mayRunAgain);
        });
    }

    /** The programs of the host stand still; its kernel goes on acknowledging. */
    public static Fault pause(String host) {
        return new Fault(Kind.PAUSE, "pause " + host, List.of(host), all -> {
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
        return ofHost(Kind.SLOW, "slow " + host + " " + perTick, host, slowed -> slowed.slow(nanos));
    }

    /** The host's clocks go so many times as fast as they should; 1.0 is right. */
    public static Fault clockRate(String host, double rate) {
        if (!(rate >= 0.01 && rate <= 100)) {
            throw new IllegalArgumentException("a clock's rate is between 0.01 and 100, not " + rate);
        }
        return ofHost(Kind.CLOCK_RATE, "clock of " + host + " × " + rate, host, other -> other.clockRate(rate));
    }

    /** The host's {@link Host#wallClock wall clock} jumps forward, or back if {@code by} is negative; and the other way at the end. */
    public static Fault wallClockJumps(String host, Duration by) {
        return ofHost(
                Kind.WALL_CLOCK, "wall clock of " + host + " jumps by " + by, host, other -> other.wallClockJumps(by));
    }

    // ---- of names

    /** The name is unknown, everywhere. */
    public static Fault nameFails(String name) {
        return new Fault(
                Kind.NAME_FAILS,
                "name " + name + " fails",
                List.of(),
                all -> all.names().fail(all.requireName(name)));
    }

    /** Looking the name up takes so much longer, everywhere. */
    public static Fault nameIsSlow(String name, Duration longer) {
        long nanos = requirePositive("a delay", longer);
        return new Fault(
                Kind.NAME_IS_SLOW,
                "name " + name + " takes " + longer,
                List.of(),
                all -> all.names().slow(all.requireName(name), nanos));
    }

    /**
     * Faults that come and go at random, for as long as it is in force. Each seed draws which kinds, how often, for how long and how badly;
     * they strike where somebody talks or looks up a name, some at moments that are interesting: at a connect, after a write, between a request
     * and its answer; the first segments rather than the later ones. In some seeds they last for minutes. Only hosts that boot are crashed or killed.
     */
    public static Swarm swarm() {
        return new Swarm();
    }

    // ----

    private static void requireTwo(String what, String one, String other) {
        if (one.equals(other)) {
            throw new IllegalArgumentException(
                    what + ": " + one + " reaches itself whatever the network does; name two hosts");
        }
    }

    private static long requirePositive(String what, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(what + " has to take longer than " + duration);
        }
        return Agenda.nanos(duration);
    }

    private static Route route(Injections all, String from, String to) {
        return all.network.route(all.network.host(from), all.network.host(to));
    }

    private static Fault oneWay(
            Kind kind, String description, String from, String to, Function<Route, Runnable> effect) {
        requireTwo(description, from, to);
        return new Fault(kind, description, List.of(from, to), all -> effect.apply(route(all, from, to)));
    }

    private static Fault ofHost(Kind kind, String description, String host, Function<Host, Runnable> effect) {
        return new Fault(kind, description, List.of(host), all -> effect.apply(all.network.host(host)));
    }
}
