package rill.transport.sim;

import java.util.Arrays;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import rill.Future;
import rill.Handle;
import rill.Loop;
import rill.spi.Driver;
import rill.transport.sim.Trace.Kind;

/** What the loops of one host tell the simulation. */
final class SimDriver implements Driver {
    private final Simulation simulation;
    private final Network network;
    private final Host host;
    private final Supplier<SimSelector> latestSelector;

    SimDriver(Simulation simulation, Network network, Host host, Supplier<SimSelector> latestSelector) {
        this.simulation = simulation;
        this.network = network;
        this.host = host;
        this.latestSelector = latestSelector;
    }

    @Override
    public void drive(Loop loop, BooleanSupplier done) {
        simulation.drive("what is awaited on " + loop.name(), done);
    }

    @Override
    public void opened(Loop loop) {
        host.add(simulation.opened(host, loop, latestSelector.get()));
    }

    @Override
    public void handingOver(Loop loop) {
        simulation.requireOwner("handing work to " + loop.name());
        simulation.driven(loop).hasWork();
    }

    @Override
    public void due(Loop loop, Handle timer) {
        network.trace.add(Kind.TIMER, host.number, -1, 0, simulation.driven(loop).number, 0, timer.name());
    }

    @Override
    public void settled(Loop loop, Future<?> future) {
        network.trace.add(
                Kind.SETTLED,
                host.number,
                -1,
                0,
                simulation.driven(loop).number,
                0,
                future.isCancelled() ? "cancelled" : "settled",
                network.trace.recording() ? future.toString() : null);
    }

    @Override
    public void blocked(Loop loop, Thread body) {
        String stack = Arrays.stream(body.getStackTrace())
                .map(frame -> "\n\tat " + frame)
                .collect(Collectors.joining());
        throw simulation.violated("Task " + body.getName()
                + " blocks, and virtual time can't pass meanwhile; use await, a timer or delay instead:" + stack);
    }

    @Override
    public String toString() {
        return "its simulation";
    }
}
