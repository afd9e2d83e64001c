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
    private boolean over; // nothing is to strike any more
    private final Set<Integer> played = new HashSet<>();
    private Without without = Without.NOTHING;
    private int swarms; // in force
    private int swarmsSoFar;
    private final ArrayDeque<Runnable> forOutside = new ArrayDeque<>(); // in order, whoever asked for them

    Injections(Simulation simulation, Network network, Agenda agenda) {
        this.simulation = simulation;
        this.network = network;
        this.agenda = agenda;
        this.random = Agenda.random(network.seed, "faults");
    }

    Injection inject(Fault fault) {
        simulation.requireOwner("injecting a fault");
        return begin(fault, 0, 0, 0);
    }

    /** One of a swarm's; in a run that is played again with the number that it had. */
    Injection strike(Fault fault, int number, int swarm, long lasting) {
        numbered = Math.max(numbered, number);
        return begin(fault, number, swarm, lasting);
    }

    int nextNumber() {
        return numbered + 1;
    }

    private Injection begin(Fault fault, int number, int swarm, long planned) {
        if (over) {
            return Injection.ofNothing(fault, this);
        }
        network.trace.add(Kind.FAULT, -1, -1, 0, 0, 0, fault.toString());
        Runnable undo = fault.apply(this);
        network.tally.struck(fault.kind(), number > 0);
        var injection = new Injection(fault, this, undo, agenda.now(), number, swarm, planned);
        active.add(injection);
        all.add(injection);
        return injection;
    }

    void schedule(long after, long lasting, Fault fault) {
        fault.hosts().forEach(network::host); // which have to exist: nobody could be told later
        agenda.fault(agenda.after(after), () -> {
            if (over) {
                return;
            }
            Injection injection = inject(fault);
            agenda.fault(agenda.after(lasting), injection::close);
        });
    }

    /** The scenario is over: what was to strike later does not. */
    void noMore() {
        over = true;
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

    /** The same, of which those of swarms last as long as they were to, whoever ended them before: so they can be had again to the event. */
    List<Strike> planned() {
        return all.stream()
                .filter(each -> each.fault().kind() != Fault.Kind.SWARM)
                .map(each -> strike(each, each.number() > 0 ? each.planned() : each.lasting(agenda.now())))
                .toList();
    }

    private Strike strike(Injection each) {
        return strike(each, each.lasting(agenda.now()));
    }

    private static Strike strike(Injection each, long lasting) {
        return new Strike(
                each.number(), each.swarm(), Duration.ofNanos(each.since()), Duration.ofNanos(lasting), each.fault());
    }

    /** What is in force, or was until a moment ago: whoever throws may have ended it on the way out. */
    List<Strike> inForce() {
        return all.stream()
                .filter(each -> each.fault().kind() != Fault.Kind.SWARM && each.until(agenda.now()) == agenda.now())
                .map(this::strike)
                .toList();
    }

    /** Gives its number, from 1. */
    int swarmBegins() {
        swarms++;
        return ++swarmsSoFar;
    }

    void swarmEnds() {
        swarms--;
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

    /** Whether a strike of the plan is to be played by this swarm, which it is once. */
    boolean plays(Strike strike, int swarm) {
        return strike.number() > 0
                && strike.swarm() == swarm
                && !without.strikes().contains(strike.number())
                && played.add(strike.number());
    }

    // ---- what faults act upon

    Names names() {
        return simulation.names();
    }

    /** Which has to be known: a host's, or given by now. */
    String requireName(String name) {
        if (network.find(name) == null && names().holders(name).isEmpty() && !name.equals("localhost")) {
            throw new IllegalArgumentException("nothing has the name " + name + "; " + network.known());
        }
        return name;
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
