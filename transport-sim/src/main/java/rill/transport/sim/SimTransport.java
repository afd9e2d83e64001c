package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import rill.spi.Environment;
import rill.spi.SeededRandom;
import rill.spi.Selector;
import rill.spi.Transport;

/** The transport of one host. */
final class SimTransport implements Transport {
    private final Simulation simulation;
    private final Network network;
    private final Host host;
    private final HostMemory memory = new HostMemory();
    private final Environment environment;
    private final List<SimSelector> selectors = new ArrayList<>();

    SimTransport(Simulation simulation, Network network, Host host) {
        this.simulation = simulation;
        this.network = network;
        this.host = host;
        var driver = new SimDriver(simulation, network, host, this::latest);
        this.environment = new Environment(
                host.clock,
                new SeededRandom(host.random),
                new SimResolver(simulation, network, host),
                work -> host.later(network.agenda.now(), work),
                memory,
                driver);
    }

    private SimSelector latest() {
        return selectors.getLast();
    }

    @Override
    public String name() {
        return "sim";
    }

    /** Returns the lowest preference: this transport is used only if asked for. */
    @Override
    public int preference() {
        return Integer.MIN_VALUE;
    }

    @Override
    public Environment environment() {
        return environment;
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        simulation.requireOwner("opening a selector of host " + host.name());
        if (!host.up()) {
            throw new IOException("host " + host.name() + " is down");
        }
        var selector = new SimSelector(simulation, network, host, receiveBuffer);
        selectors.add(selector);
        return selector;
    }

    HostMemory memory() {
        return memory;
    }

    boolean hasSelectors() {
        return !selectors.isEmpty();
    }

    void closed(SimSelector selector) {
        selectors.remove(selector);
    }

    /** Breaks all selectors, because the process has ended. Those with a loop are already closed. */
    void breakAll(IOException cause) {
        selectors.forEach(each -> each.breakWith(cause));
        selectors.clear();
        memory.processEnds();
    }

    @Override
    public String toString() {
        return "sim on " + host;
    }
}
