package rill.transport.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Segment.Purpose;

/** Faults that come and go at random: see {@link Faults#swarm}. Immutable; each method returns a changed copy. */
public final class Swarm extends Fault {
    private final Set<String> only;
    private final Set<Kind> left;
    private final @Nullable Duration calm;

    Swarm() {
        this(Set.of(), Set.of(), null);
    }

    private Swarm(Set<String> only, Set<Kind> left, @Nullable Duration calm) {
        super(Kind.SWARM, "swarm", List.of(), all -> new Course(all, only, left, calm).start());
        this.only = only;
        this.left = left;
        this.calm = calm;
    }

    /** Strikes only these hosts and the routes between them. */
    public Swarm only(String... hosts) {
        return new Swarm(new TreeSet<>(List.of(hosts)), left, calm);
    }

    /** Leaves out these kinds. */
    public Swarm without(Kind... kinds) {
        var more = EnumSet.noneOf(Kind.class);
        more.addAll(left);
        more.addAll(List.of(kinds));
        return new Swarm(only, more, calm);
    }

    /** Strikes for this long after it was injected; then all of its faults in force end, and no more follow. */
    public Swarm calm(Duration after) {
        if (after.isNegative()) {
            throw new IllegalArgumentException("calm can't come after " + after);
        }
        return new Swarm(only, left, after);
    }

    /** One swarm in force. */
    static final class Course {
        private static final Duration LONGEST = Duration.ofSeconds(30);
        private static final double PATIENT = 0.1; // of the seeds: faults last minutes, some until the swarm ends
        private static final Duration FOR_GOOD = Duration.ofHours(1);
        private static final List<Kind> NEVER = List.of(Kind.SWARM);
        private static final Set<Kind> BETWEEN_TWO =
                EnumSet.of(Kind.CUT, Kind.CUT_ONE_WAY, Kind.HOLD, Kind.LATENCY, Kind.LOSS, Kind.BANDWIDTH);
        private static final int CONNECTS_COUNT = 10; // as this many other segments
        private static final double MOMENT = 0.03; // seconds

        private final Injections all;
        private final RandomGenerator random;
        private final Set<String> only;
        private final @Nullable Duration calm;
        private final List<Kind> kinds = new ArrayList<>();
        private final double meanGap;
        private final double meanLength;
        private final double severity;
        private final double aim; // the probability that a segment draws a fault
        private final boolean patient;
        private final int most; // in force at once: where everything is down all the time, nothing is found
        private double gapInSegments; // a mean; it doubles, so that the first ones are struck most; none is if infinite
        private double segmentsLeft;
        private final List<Injection> mine = new ArrayList<>();
        private int number; // among the swarms of the run
        private boolean over;

        Course(Injections all, Set<String> only, Set<Kind> left, @Nullable Duration calm) {
            this.all = all;
            this.random = all.random;
            this.only = only;
            this.calm = calm;
            only.forEach(all.network::host); // the hosts have to exist
            for (Kind each : Kind.values()) {
                boolean drawn = random.nextBoolean();
                if (drawn && !left.contains(each) && !NEVER.contains(each)) {
                    kinds.add(each);
                }
            }
            meanGap = oneOf(0.1, 0.5, 2);
            meanLength = oneOf(0.1, 0.5, 1.5, 5);
            severity = oneOf(0.1, 0.4, 1);
            aim = oneOf(0, 0.002, 0.02);
            patient = random.nextDouble() < PATIENT;
            most = (int) oneOf(1, 3, 10);
            gapInSegments = oneOf(3, 10, 30, Double.POSITIVE_INFINITY);
            drawSegments();
        }

        private void drawSegments() {
            segmentsLeft = 1 - StrictMath.log(1 - random.nextDouble()) * gapInSegments;
            gapInSegments *= 2;
        }

        private double oneOf(double... values) {
            return values[random.nextInt(values.length)];
        }

        /** Starts it, and returns what ends it. */
        Runnable start() {
            number = all.swarmBegins();
            List<Strike> plan = all.plan();
            if (plan != null) {
                plan.forEach(this::replay);
            } else if (!kinds.isEmpty()) {
                next();
                all.network.watch(this);
            }
            if (calm != null) {
                all.agenda.fault(all.agenda.after(Agenda.nanos(calm)), this::end);
            }
            return this::end;
        }

        private void end() {
            if (!over) {
                over = true;
                all.swarmEnds();
                all.network.unwatch(this);
                List.copyOf(mine).forEach(Injection::close);
            }
        }

        private void replay(Strike strike) {
            if (Agenda.nanos(strike.at()) < all.agenda.now()) {
                return; // in the recorded run, the swarm began earlier than it did here
            }
            all.agenda.fault(Agenda.nanos(strike.at()), () -> {
                if (!over && all.plays(strike, number)) {
                    long lasting = Agenda.nanos(strike.lasting());
                    inForce(all.strike(strike.fault(), strike.number(), number, lasting), lasting);
                }
            });
        }

        private void next() {
            all.agenda.fault(all.agenda.now() + exponential(meanGap), () -> {
                if (over) {
                    return;
                }
                // Where no hosts talk, a fault has no effect.
                List<Route> routes = waysInUse();
                if (!routes.isEmpty()) {
                    strike(routes.get(random.nextInt(routes.size())), meanLength);
                }
                next();
            });
        }

        private List<Route> waysInUse() {
            return all.network.routesInUse().stream().filter(this::mayStrike).toList();
        }

        private boolean mayStrike(Route route) {
            return mayStrike(route.from) && mayStrike(route.to);
        }

        private boolean mayStrike(Host host) {
            return only.isEmpty() || only.contains(host.name());
        }

        private void strike(Route route, double mean) {
            if (mine.size() >= most) {
                return;
            }
            Fault fault = pick(kinds.get(random.nextInt(kinds.size())), route);
            if (fault != null) {
                long lasting = lasting(mean);
                inForce(all.strike(fault, all.nextNumber(), number, lasting), lasting);
            }
        }

        private void inForce(Injection injection, long lasting) {
            mine.add(injection);
            all.agenda.fault(all.agenda.after(lasting), () -> {
                mine.remove(injection);
                injection.close();
            });
        }

        /** Notes that a segment is in flight: a moment to strike, before it arrives or before it is answered. */
        void sent(Segment segment) {
            boolean connects = segment.purpose == Purpose.SYN;
            if (connects || segment.length > 0) {
                moment(segment.source, segment.destination, connects);
            }
        }

        /** Notes that one host is about to talk to another. */
        void moment(Host one, Host other, boolean connects) {
            if (over) {
                return;
            }
            boolean counted = --segmentsLeft < 0;
            if (counted) {
                drawSegments();
            }
            if (counted || (aim > 0 && random.nextDouble() < (connects ? aim * CONNECTS_COUNT : aim))) {
                Route route = random.nextBoolean() ? all.network.route(one, other) : all.network.route(other, one);
                if (mayStrike(route)) {
                    // A fault that strikes at such a moment is often over soon, before anyone has noticed.
                    double mean = random.nextBoolean() ? MOMENT : meanLength;
                    all.agenda.fault(all.agenda.now() + 1 + random.nextLong(counted ? 500_000 : 2_000_000), () -> {
                        if (!over) {
                            strike(route, mean);
                        }
                    });
                }
            }
        }

        private long lasting(double meanSeconds) {
            if (!patient || meanSeconds == MOMENT) {
                return Math.min(LONGEST.toNanos(), exponential(meanSeconds));
            }
            return random.nextInt(5) == 0
                    ? FOR_GOOD.toNanos()
                    : Math.min(FOR_GOOD.toNanos(), exponential(60 * meanSeconds));
        }

        private long exponential(double meanSeconds) {
            double seconds = -StrictMath.log(1 - random.nextDouble()) * meanSeconds;
            return 1 + (long) (seconds * 1e9);
        }

        private String nameOf(Host host) {
            List<String> names = all.names().of(host).stream()
                    .filter(each -> all.names().holders(each).stream().allMatch(this::mayStrike))
                    .toList();
            return names.size() == 1 ? names.getFirst() : names.get(random.nextInt(names.size()));
        }

        /** Returns a fault of that kind, or null if none can strike there. */
        private @Nullable Fault pick(Kind kind, Route route) {
            String one = route.from.name();
            String other = route.to.name();
            if (route.from == route.to && BETWEEN_TWO.contains(kind)) {
                return null;
            }
            return switch (kind) {
                case CUT -> Faults.cut(one, other);
                case CUT_ONE_WAY -> Faults.cutOneWay(one, other);
                case HOLD -> Faults.hold(one, other);
                case LATENCY -> Faults.latency(one, other, latency());
                case LOSS -> Faults.loss(one, other, random.nextDouble(0.01, 0.02 + 0.58 * severity));
                case BANDWIDTH -> Faults.bandwidth(one, other, random.nextLong((long) (500 / severity), 100_000));
                case RESET -> Faults.reset(one, other);
                case ISOLATE -> Faults.isolate(one);
                case PARTITION -> partition();
                case CRASH, KILL -> downOf(kind, route);
                case PAUSE -> Faults.pause(one);
                case SLOW -> Faults.slow(one, millis(1, (int) (50 * severity)));
                case NAME_FAILS -> Faults.nameFails(nameOf(route.to));
                case NAME_IS_SLOW -> Faults.nameIsSlow(nameOf(route.to), millis(10, (int) (3_000 * severity)));
                case REFUSE, BLACKHOLE -> atPort(kind, route.to);
                case CLOCK_RATE -> Faults.clockRate(one, StrictMath.exp(random.nextDouble(-0.7, 0.7) * severity));
                case WALL_CLOCK -> Faults.wallClockJumps(one, Duration.ofMillis(random.nextInt(-3_600_000, 3_600_001)));
                case SWARM -> throw new AssertionError("a swarm of swarms");
            };
        }

        /**
         * Returns a partition with some of the talking hosts on one side and the rest on the other; sometimes one host sees both. With fewer than
         * three hosts there is none: of two it would be a cut.
         */
        private @Nullable Fault partition() {
            var hosts = new LinkedHashSet<String>();
            for (Route each : waysInUse()) {
                hosts.add(each.from.name());
                hosts.add(each.to.name());
            }
            if (hosts.size() < 3) {
                return null;
            }
            List<String> left = new ArrayList<>(hosts);
            if (random.nextInt(4) == 0) {
                left.remove(random.nextInt(left.size()));
            }
            List<String> side = new ArrayList<>();
            side.add(left.remove(random.nextInt(left.size())));
            List<String> other = new ArrayList<>();
            other.add(left.remove(random.nextInt(left.size())));
            left.forEach(each -> (random.nextBoolean() ? side : other).add(each));
            return Faults.partition(side, other);
        }

        private Latency latency() {
            return random.nextBoolean()
                    ? Latency.logNormal(millis(1, (int) (500 * severity)), 0.8)
                    : Latency.uniform(Duration.ZERO, millis(1, (int) (200 * severity)));
        }

        /** Takes down a host that boots: only such a host comes back. */
        private @Nullable Fault downOf(Kind kind, Route route) {
            Host host = route.from.boots() ? route.from : route.to;
            if (!host.boots()) {
                return null;
            }
            return kind == Kind.CRASH ? Faults.crash(host.name()) : Faults.kill(host.name());
        }

        private @Nullable Fault atPort(Kind kind, Host host) {
            List<Integer> ports = host.ports.listening();
            if (ports.isEmpty()) {
                return null;
            }
            int port = ports.get(random.nextInt(ports.size()));
            if (kind == Kind.REFUSE) {
                return host.ports.swallows(port) ? null : Faults.refuse(host.name(), port);
            }
            return host.ports.refuses(port) ? null : Faults.blackhole(host.name(), port);
        }

        private Duration millis(int least, int most) {
            return Duration.ofMillis(random.nextInt(least, Math.max(least, most) + 1));
        }
    }
}
