package rill.transport.sim;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import rill.transport.sim.Fault.Kind;

/**
 * The faults of a simulated network. Each method returns a {@link Fault}, for {@link Simulation#inject} and {@link Simulation#schedule}. Those throw
 * an {@link IllegalArgumentException} for an unknown host or name, and an {@link IllegalStateException} for a fault that contradicts one in force.
 */
public final class Faults {
    private Faults() {}

    // ---- between two hosts

    /** Lets nothing through between the two hosts, in either direction; segments in flight are lost. */
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

    /** Lets nothing through in this direction; segments in flight are lost. */
    public static Fault cutOneWay(String from, String to) {
        return oneWay(Kind.CUT_ONE_WAY, "cut " + from + " → " + to, from, to, route -> route.cut(Kind.CUT_ONE_WAY));
    }

    /** Holds the segments sent in this direction until the fault ends. */
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

    /** Replaces the latency in this direction. */
    public static Fault latency(String from, String to, Latency latency) {
        return oneWay(
                Kind.LATENCY,
                "latency " + from + " → " + to + " " + latency,
                from,
                to,
                route -> route.latency.replace(latency));
    }

    /** Loses this fraction of the segments in this direction. TCP sends them again, so the loss is seen as delay. */
    public static Fault loss(String from, String to, double part) {
        if (!(part >= 0 && part <= 1)) {
            throw new IllegalArgumentException("the part that is lost is between 0 and 1, not " + part);
        }
        return oneWay(Kind.LOSS, "loss " + from + " → " + to + " " + part, from, to, route -> route.loss.replace(part));
    }

    /**
     * Limits the bandwidth in this direction, headers included. Up to 128 KiB wait for their turn; segments that arrive when that is full are lost.
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

    /** Sends a reset on all connections between the two hosts, once. It travels like any segment. Closing the guard has no effect. */
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
     * Lets nothing through between these hosts and all others, in either direction, including hosts that are added meanwhile; segments in flight are
     * lost. Within each side, nothing changes.
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
     * Lets nothing through between the hosts of one side and those of the other, in either direction; segments in flight are lost. Hosts on neither
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

    /** Lets nothing through to the host or from it, including hosts that are added meanwhile; segments in flight are lost. */
    public static Fault isolate(String host) {
        return new Fault(
                Kind.ISOLATE,
                "isolate " + host,
                List.of(host),
                all -> new Partition(all.network, Kind.ISOLATE, hosts(all, List.of(host)), null).begin());
    }

    /** Refuses requests for a connection to this port. */
    public static Fault refuse(String host, int port) {
        return new Fault(Kind.REFUSE, "refuse " + host + ":" + port, List.of(host), all -> {
            Ports ports = all.network.host(host).ports;
            requireNot(ports.swallows(port), "refuse " + host + ":" + port, "blackhole " + host + ":" + port);
            return ports.refuse(port);
        });
    }

    /** Swallows requests for a connection to this port: they get no answer. */
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
     * Cuts the host's power. Nothing on it runs any more: no callback, no Handle, no {@code finally} of a Task. Its connections and its memory are
     * gone, and nobody is notified. When the fault ends, the host starts again with the boot passed to {@link Simulation#host(String, Boot)}; of
     * several such faults, the last one to end starts it. If injected on a loop, the crash happens once the tick is over; a Task that injects it on
     * its own host never gets to close the guard.
     */
    public static Fault crash(String host) {
        return new Fault(Kind.CRASH, "crash " + host, List.of(host), all -> {
            Host crashed = all.network.host(host);
            all.outsideLoops(crashed::crash);
            return () -> all.outsideLoops(crashed::powerIsBack);
        });
    }

    /**
     * Ends the host's process, as if by {@code kill -9}. Nothing on it runs any more, as after a crash. But its kernel ends its connections, by FIN,
     * or by RST where something was unread or the connection was only half open, and refuses new ones. When the fault ends, the host starts again.
     */
    public static Fault kill(String host) {
        return new Fault(Kind.KILL, "kill " + host, List.of(host), all -> {
            Host killed = all.network.host(host);
            all.outsideLoops(killed::kill);
            return () -> all.outsideLoops(killed::mayRunAgain);
        });
    }

    /** Suspends the programs of the host; its kernel continues to acknowledge. */
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

    /** Makes each tick of the host's loops take this long. */
    public static Fault slow(String host, Duration perTick) {
        long nanos = requirePositive("a tick", perTick);
        return ofHost(Kind.SLOW, "slow " + host + " " + perTick, host, slowed -> slowed.slow(nanos));
    }

    /** Makes the host's clocks run at this rate; 1.0 is correct. */
    public static Fault clockRate(String host, double rate) {
        if (!(rate >= 0.01 && rate <= 100)) {
            throw new IllegalArgumentException("a clock's rate is between 0.01 and 100, not " + rate);
        }
        return ofHost(Kind.CLOCK_RATE, "clock of " + host + " × " + rate, host, other -> other.clockRate(rate));
    }

    /**
     * Makes the host's {@link Host#wallClock wall clock} jump forward, or back if {@code by} is negative; it jumps the other way when the fault ends.
     */
    public static Fault wallClockJumps(String host, Duration by) {
        return ofHost(
                Kind.WALL_CLOCK, "wall clock of " + host + " jumps by " + by, host, other -> other.wallClockJumps(by));
    }

    // ---- of names

    /** Makes the name unknown, everywhere. */
    public static Fault nameFails(String name) {
        return new Fault(
                Kind.NAME_FAILS,
                "name " + name + " fails",
                List.of(),
                all -> all.names().fail(all.requireName(name)));
    }

    /** Makes looking up the name take this much longer, everywhere. */
    public static Fault nameIsSlow(String name, Duration longer) {
        long nanos = requirePositive("a delay", longer);
        return new Fault(
                Kind.NAME_IS_SLOW,
                "name " + name + " takes " + longer,
                List.of(),
                all -> all.names().slow(all.requireName(name), nanos));
    }

    /**
     * Returns faults that come and go at random while it is in force. Each seed draws which kinds, how often, for how long and how badly. They strike
     * where hosts talk or look up a name, some at interesting moments: at a connect, after a write, between a request and its answer; and early
     * segments rather than later ones. In some seeds they last for minutes. Only hosts with a {@link Boot} are crashed or killed.
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
