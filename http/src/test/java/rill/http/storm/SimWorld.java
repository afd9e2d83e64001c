package rill.http.storm;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import rill.Loop;
import rill.spi.Transport;
import rill.testkit.storm.World;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Latency;
import rill.transport.sim.Simulation;

/**
 * A simulation as the world of a storm: a server's host, a host of clients, and between them a network that is slow, loses and delays, as TCP can
 * repair.
 */
final class SimWorld implements World {
    private final Simulation simulation;
    private final List<Host> hosts;

    SimWorld(long seed) {
        simulation = Simulation.seed(seed).expect(failure -> true); // the storm judges the reports
        hosts = List.of(simulation.host("server"), simulation.host("clients"));
        var random = new Random(seed);
        for (int i = random.nextInt(4); i > 0; i--) {
            var fault = switch (random.nextInt(5)) {
                case 0 ->
                    Faults.latency(
                            "server",
                            "clients",
                            Latency.uniform(Duration.ZERO, Duration.ofMillis(1 + random.nextInt(100))));
                case 1 -> Faults.loss("server", "clients", random.nextDouble(0.01, 0.2));
                case 2 -> Faults.bandwidth("clients", "server", random.nextLong(20_000, 200_000));
                case 3 -> Faults.pause(random.nextBoolean() ? "server" : "clients");
                default -> Faults.hold("clients", "server");
            };
            simulation.schedule(
                    Duration.ofMillis(1 + random.nextInt(500)), Duration.ofMillis(1 + random.nextInt(2000)), fault);
        }
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
    public void opened(Loop loop, int number) {
        // The simulation already knows the loop.
    }

    @Override
    public void turns(int count) {
        pass(Duration.ofMillis(count));
    }

    @Override
    public void pass(Duration time) {
        simulation.run(time);
    }

    @Override
    public void until(Duration limit, BooleanSupplier done) {
        Duration end = simulation.elapsed().plus(limit);
        while (!done.getAsBoolean() && simulation.elapsed().compareTo(end) < 0) {
            simulation.run(Duration.ofMillis(20));
        }
    }

    @Override
    public void hold(Duration time) {
        // No time passes within a tick of a simulation.
    }

    @Override
    public void close() {
        simulation.close();
    }
}
