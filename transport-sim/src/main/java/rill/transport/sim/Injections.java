package rill.transport.sim;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import rill.Loop;
import rill.transport.sim.Trace.Kind;

/** The faults in force, and what they act upon. */
final class Injections {
    final Network network;
    final Agenda agenda;
    final RandomGenerator random;
    private final Simulation simulation;
    private final Set<Injection> active = new LinkedHashSet<>();

    Injections(Simulation simulation, Network network, Agenda agenda) {
        this.simulation = simulation;
        this.network = network;
        this.agenda = agenda;
        this.random = Agenda.random(network.seed, "faults");
    }

    Injection inject(Fault fault) {
        simulation.requireOwner("injecting a fault");
        network.trace.add(Kind.FAULT, -1, -1, 0, 0, 0, fault.toString());
        var injection = new Injection(fault, this, fault.apply(this));
        active.add(injection);
        return injection;
    }

    void schedule(long after, long lasting, Fault fault) {
        agenda.at(agenda.now() + after, () -> {
            Injection injection = inject(fault);
            agenda.at(agenda.now() + lasting, injection::close);
        });
    }

    void ended(Injection injection) {
        active.remove(injection);
        network.trace.add(Kind.HEALED, -1, -1, 0, 0, 0, injection.toString());
    }

    List<Injection> active() {
        return List.copyOf(active);
    }

    void endAll() {
        active().forEach(Injection::close);
    }

    Names names() {
        return simulation.names();
    }

    void resumed() {
        simulation.resumed();
    }

    /** Ends loops, which can't be done from within one. */
    void outsideLoops(Runnable action) {
        if (Loop.current() == null) {
            action.run();
        } else {
            agenda.at(agenda.now(), action);
        }
    }
}
