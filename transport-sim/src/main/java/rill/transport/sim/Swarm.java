package rill.transport.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Faults that come and go at random, some at the same time. */
final class Swarm {
    private static final double MEAN_GAP_SECONDS = 0.5;
    private static final double MEAN_LENGTH_SECONDS = 1.5;
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private final Injections all;
    private final RandomGenerator random;
    private final List<Injection> mine = new ArrayList<>();
    private boolean over;

    Swarm(Injections all) {
        this.all = all;
        this.random = all.random;
    }

    /** Gives what ends it. */
    Runnable start() {
        next();
        return () -> {
            over = true;
            List.copyOf(mine).forEach(Injection::close);
        };
    }

    private void next() {
        all.agenda.at(all.agenda.now() + exponential(MEAN_GAP_SECONDS), () -> {
            if (over) {
                return;
            }
            if (!all.network.routesInUse().isEmpty()) {
                strike();
            }
            next();
        });
    }

    private void strike() {
        Injection injection = all.inject(pick());
        mine.add(injection);
        all.agenda.at(all.agenda.now() + exponential(MEAN_LENGTH_SECONDS), () -> {
            mine.remove(injection);
            injection.close();
        });
    }

    private long exponential(double meanSeconds) {
        double seconds = -StrictMath.log(1 - random.nextDouble()) * meanSeconds;
        return Math.min(LONGEST.toNanos(), (long) (seconds * 1e9));
    }

    private Fault pick() {
        // Where nobody talks to nobody a fault has no effect.
        List<Route> routes = all.network.routesInUse();
        Route route = routes.get(random.nextInt(routes.size()));
        String one = route.from.name();
        String other = route.to.name();
        return switch (random.nextInt(16)) {
            case 0 -> Faults.cut(one, other);
            case 1 -> Faults.cutOneWay(one, other);
            case 2 -> Faults.hold(one, other);
            case 3 -> Faults.latency(one, other, Latency.logNormal(millis(1, 500), 0.8));
            case 4 -> Faults.latency(one, other, Latency.uniform(Duration.ZERO, millis(1, 200)));
            case 5 -> Faults.loss(one, other, random.nextDouble(0.01, 0.6));
            case 6 -> Faults.bandwidth(one, other, random.nextLong(500, 100_000));
            case 7 -> Faults.reset(one, other);
            case 8 -> Faults.isolate(one);
            case 9 -> Faults.crash(one);
            case 10 -> Faults.pause(one);
            case 11 -> Faults.slow(one, millis(1, 50));
            case 12 -> random.nextBoolean() ? Faults.nameFails(one) : Faults.nameIsSlow(one, millis(10, 3000));
            case 13 -> atPort(route.to, true);
            case 14 -> atPort(route.to, false);
            default -> Faults.clockRate(one, random.nextDouble(0.5, 2.0));
        };
    }

    private Fault atPort(Host host, boolean refuse) {
        List<Integer> ports = host.ports.listening();
        if (ports.isEmpty()) {
            return Faults.isolate(host.name());
        }
        int port = ports.get(random.nextInt(ports.size()));
        return refuse ? Faults.refuse(host.name(), port) : Faults.blackhole(host.name(), port);
    }

    private Duration millis(int least, int most) {
        return Duration.ofMillis(random.nextInt(least, most + 1));
    }
}
