package rill.transport.sim;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.transport.sim.Trace.Kind;

/** The faults in force, those that were, those that are to be, and what they act upon. */
final class Injections {
    final Network network;
    final Agenda agenda;
    final RandomGenerator random;
    private final Simulation simulation;
    private final Set<Injection> active = new LinkedHashSet<>();
    private final List<Injection> all = new ArrayList<>();
    private int numbered;
    private @Nullable List<Strike> plan; // what the swarms are to do
    private final Set<Integer> played = new HashSet<>();
    private Without without = Without.NOTHING;
    private int swarms; // in force
    private final ArrayDeque<Runnable> forOutside = new ArrayDeque<>(); // in order, whoever asked for them

    Injections(Simulation simulation, Network network, Agenda agenda) {
        this.simulation = simulation;
        this.network = network;
        this.agenda = agenda;
        this.random = Agenda.random(network.seed, "faults");
    }

    Injection inject(Fault fault) {
        simulation.requireOwner("injecting a fault");
        return begin(fault, 0, 0);
    }

    /** One of a swarm's; in a run that is played again with the number that it had. */
    Injection strike(Fault fault, int number, long lasting) {
        numbered = Math.max(numbered, number);
        return begin(fault, number, lasting);
    }

    int nextNumber() {
        return numbered + 1;
    }

    private Injection begin(Fault fault, int number, long planned) {
        network.trace.add(Kind.FAULT, -1, -1, 0, 0, 0, fault.toString());
        Runnable undo = fault.apply(this);
        network.tally.struck(fault.kind());
        var injection = new Injection(fault, this, undo, agenda.now(), number, planned);
        active.add(injection);
        all.add(injection);
        return injection;
    }

    void schedule(long after, long lasting, Fault fault) {
        agenda.fault(agenda.after(after), () -> {
            Injection injection = inject(fault);
            agenda.fault(agenda.after(lasting), injection::close);
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

    // ---- what has struck, and is to strike again

    /** What was or is in force. */
    List<Strike> strikes() {
        return all.stream()
                .filter(each -> each.fault().kind() != Fault.Kind.SWARM)
                .map(this::strike)
                .toList();
    }

    private Strike strike(Injection each) {
        return new Strike(
                each.number(),
                Duration.ofNanos(each.since()),
                Duration.ofNanos(each.lasting(agenda.now())),
                each.fault());
    }

    /** What is in force, or was until a moment ago: whoever throws may have ended it on the way out. */
    List<Strike> inForce() {
        return all.stream()
                .filter(each -> each.fault().kind() != Fault.Kind.SWARM && each.until(agenda.now()) == agenda.now())
                .map(this::strike)
                .toList();
    }

    void swarming(int more) {
        swarms += more;
    }

    /** Whether code of the user's is to misbehave as well. */
    boolean swarming() {
        return swarms > 0;
    }

    void plan(List<Strike> strikes) {
        plan = List.copyOf(strikes);
    }

    void without(Without newWithout) {
        without = newWithout;
    }

    Without without() {
        return without;
    }

    /** What swarms are to do instead of anything at random; null if there is nothing of the kind. */
    @Nullable
    List<Strike> plan() {
        return plan;
    }

    /** Whether a strike of the plan is to be played, which it is once. */
    boolean plays(Strike strike) {
        return strike.number() > 0 && !without.strikes().contains(strike.number()) && played.add(strike.number());
    }

    // ---- what faults act upon

    Names names() {
        return simulation.names();
    }

    void resumed() {
        simulation.resumed();
    }

    /** Ends loops, which can't be done from within one; after what was asked for earlier. */
    void outsideLoops(Runnable action) {
        forOutside.add(action);
        if (Loop.current() == null) {
            actOutside();
        } else {
            agenda.at(agenda.now(), this::actOutside);
        }
    }

    private void actOutside() {
        for (Runnable next = forOutside.poll(); next != null; next = forOutside.poll()) {
            next.run();
        }
    }
}
