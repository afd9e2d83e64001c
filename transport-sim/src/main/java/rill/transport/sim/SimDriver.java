package rill.transport.sim;

import java.io.IOException;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import rill.spi.Drivable;
import rill.spi.Driver;
import rill.spi.simulation.PowerLoss;
import rill.transport.sim.Trace.Kind;

/** What the loops of one host report to the simulation. */
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
    public void drive(Drivable loop, BooleanSupplier done) {
        Driven driven = simulation.driven(loop);
        simulation.steps().drive("what is awaited on " + loop.name(), done, () -> requireAlive(driven));
    }

    /** Throws if the awaited loop's process is gone: then an await from outside would wait in vain. */
    private void requireAlive(Driven driven) {
        PowerLoss lostBy = driven.lostBy();
        if (lostBy != null) {
            throw new IllegalStateException(lostBy.getMessage() + ", and what is awaited on " + driven.loop.name()
                    + " is gone with it; await it on a host that lives, or let no fault strike this one");
        }
    }

    @Override
    public void opened(Drivable loop) {
        host.add(simulation.opened(host, loop, latestSelector.get()));
    }

    @Override
    public void handingOver(Drivable loop) {
        simulation.requireOwner("handing work to " + loop.name());
        simulation.driven(loop).hasWork();
    }

    /** Returns false during a boot: what it starts is a service, which waits forever; what the scenario starts has to end. */
    @Override
    public boolean expectsEnd() {
        return !simulation.properties().booting();
    }

    @Override
    public void due(Drivable loop, String timer) {
        network.trace.add(Kind.TIMER, host.number, -1, 0, simulation.driven(loop).number, 0, timer);
    }

    @Override
    public void settled(Drivable loop, Object future, boolean cancelled) {
        network.trace.add(
                Kind.SETTLED,
                host.number,
                -1,
                0,
                simulation.driven(loop).number,
                0,
                cancelled ? "cancelled" : "settled",
                network.trace.recording() ? future.toString() : null);
    }

    @Override
    public void failed(Drivable loop, String what, Throwable cause) {
        simulation.verdict().reported(host, what, cause);
    }

    @Override
    public void violated(Drivable loop, String connection, IOException violation) {
        simulation
                .verdict()
                .reported(
                        host,
                        loop.name() + ": the peer of " + connection + " broke the protocol: " + violation.getMessage(),
                        violation);
    }

    @Override
    public void blocked(Drivable loop, Thread body) {
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
