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

/** The faults in force, past and planned, and what they act upon. */
final class Injections {
    final Network network;
    final Agenda agenda;
    final RandomGenerator random;
    private final Simulation simulation;
    private final Set<Injection> active = new LinkedHashSet<>();
    private final List<Injection> all = new ArrayList<>();
    private int numbered;
    private @Nullable List<Strike> plan; // for the swarms
    private boolean over; // the scenario is, and no more faults strike
    private final Set<Integer> played = new HashSet<>();
    private Without without = Without.NOTHING;
    private int swarms; // in force
    private int swarmsSoFar;
    private final ArrayDeque<Runnable> forOutside = new ArrayDeque<>(); // in the order in which they were requested

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

    /** Begins a fault of a swarm; in a replayed run, with the number that it had. */
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
        fault.hosts().forEach(network::host); // they have to exist: later there would be nobody to notify
        network.tally.planned(fault.kind());
        agenda.fault(agenda.after(after), () -> {
            if (over) {
                return;
            }
            Injection injection = inject(fault);
            agenda.fault(agenda.after(lasting), injection::close);
        });
    }

    /** Notes that the scenario is over: scheduled faults no longer strike. */
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

    /** Returns the faults that were or are in force. */
    List<Strike> strikes() {
        return all.stream()
                .filter(each -> each.fault().kind() != Fault.Kind.SWARM)
                .map(this::strike)
                .toList();
    }

    /** Returns the same for an exact replay: faults of swarms with the length that was planned, even if they were ended early. */
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

    /** Returns the faults that are in force or ended at this very moment: an exception may have ended some on its way out. */
    List<Strike> inForce() {
        return all.stream()
                .filter(each -> each.fault().kind() != Fault.Kind.SWARM && each.until(agenda.now()) == agenda.now())
                .map(this::strike)
                .toList();
    }

    /** Returns the number of the swarm, from 1. */
    int swarmBegins() {
        swarms++;
        return ++swarmsSoFar;
    }

    void swarmEnds() {
        swarms--;
    }

    /** Returns whether user code should misbehave as well. */
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

    /** Returns what swarms do instead of anything at random; null for no plan. */
    @Nullable
    List<Strike> plan() {
        return plan;
    }

    /** Returns whether this swarm plays a strike of the plan; that is true once for each strike. */
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

    /** Requires a name that is known: of a host, or given by now. */
    String requireName(String name) {
        if (network.find(name) == null && names().holders(name).isEmpty() && !name.equals("localhost")) {
            throw new IllegalArgumentException("nothing has the name " + name + "; " + network.known());
        }
        return name;
    }

    void resumed() {
        simulation.steps().resumed();
    }

    /** Runs an action outside all loops, because one that ends loops can't run within one; after actions requested earlier. */
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
