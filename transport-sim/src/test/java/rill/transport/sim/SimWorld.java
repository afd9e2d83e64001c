package rill.transport.sim;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import rill.Loop;
import rill.spi.Transport;
import rill.testkit.storm.World;

/** A storm's world in a simulation: each loop is on a host of its own; with faults that must not harm any stream, or without faults. */
final class SimWorld implements World {
    private static final Duration LONGEST_SLICE = Duration.ofSeconds(1);

    private final Simulation simulation;
    private final List<Host> hosts = new ArrayList<>();
    private final Random random;
    private boolean loses;

    SimWorld(long seed, boolean faults) {
        simulation = Simulation.seed(seed)
                .expect(failure -> true); // programs throw on purpose, and storms judge what is reported
        random = new Random(seed);
        for (int i = 0; i < 3; i++) {
            hosts.add(simulation.host("h" + i));
        }
        if (faults) {
            for (int i = 0; i < 4; i++) {
                simulation.schedule(
                        Duration.ofMillis(1 + random.nextInt(3000)),
                        Duration.ofMillis(1 + random.nextInt(5000)),
                        fault());
            }
        }
    }

    private Fault fault() {
        int from = random.nextInt(3);
        String one = "h" + from;
        String other = "h" + (from + 1 + random.nextInt(2)) % 3;
        return switch (random.nextInt(7)) {
            case 0 ->
                Faults.latency(one, other, Latency.uniform(Duration.ZERO, Duration.ofMillis(1 + random.nextInt(200))));
            case 1 -> {
                loses = true;
                yield Faults.loss(one, other, random.nextDouble(0.01, 0.4));
            }
            case 2 -> Faults.bandwidth(one, other, random.nextLong(20_000, 200_000));
            case 3 -> Faults.slow(one, Duration.ofMillis(1 + random.nextInt(5)));
            case 4 -> Faults.pause(one);
            case 5 -> Faults.clockRate(one, random.nextDouble(0.5, 2.0));
            default -> Faults.hold(one, other);
        };
    }

    @Override
    public boolean losesResets() {
        return loses;
    }

    @Override
    public String name() {
        return "sim";
    }

    @Override
    public boolean virtual() {
        return true;
    }

    @Override
    public Transport transport(int loop) {
        return hosts.get(loop).transport();
    }

    @Override
    public SocketAddress address(int loop) {
        return hosts.get(loop).address(0);
    }

    @Override
    public SocketAddress named(SocketAddress address) {
        return InetSocketAddress.createUnresolved(hostOf(address).name(), ((InetSocketAddress) address).getPort());
    }

    @Override
    public void opened(Loop loop, int number) {
        // The simulation already knows the loop.
    }

    @Override
    public void turns(int count) {
        for (int i = 0; i < count; i++) {
            simulation.run(Duration.ofNanos(random.nextInt(300_000)));
        }
    }

    @Override
    public void pass(Duration time) {
        simulation.run(time);
    }

    @Override
    public void until(Duration limit, BooleanSupplier done) {
        Duration end = simulation.elapsed().plus(limit);
        Duration slice = Duration.ofMillis(1);
        while (!done.getAsBoolean() && simulation.elapsed().compareTo(end) < 0) {
            simulation.run(slice);
            slice = slice.compareTo(LONGEST_SLICE) < 0 ? slice.multipliedBy(2) : slice;
        }
    }

    @Override
    public void hold(Duration time) {
        // No time passes within a tick here.
    }

    @Override
    public void disturb(SocketAddress end, SocketAddress peer, boolean reset, Duration time) {
        Host one = hostOf(end);
        Host other = hostOf(peer);
        if (!reset && one != other) {
            simulation.schedule(Duration.ofNanos(1), time, Faults.hold(one.name(), other.name()));
        }
    }

    private Host hostOf(SocketAddress address) {
        for (Host each : hosts) {
            if (((InetSocketAddress) address).getAddress().equals(each.address())) {
                return each;
            }
        }
        throw new AssertionError(address);
    }

    @Override
    public List<String> left() {
        var left = new ArrayList<String>();
        for (Host each : hosts) {
            if (!each.loops().isEmpty()) {
                left.add(each + ": " + each.loops());
            }
        }
        return left;
    }

    @Override
    public void close() {
        simulation.close();
    }
}
