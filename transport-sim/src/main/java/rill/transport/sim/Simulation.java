package rill.transport.sim;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.spi.Drivable;
import rill.transport.sim.Trace.Kind;

/**
 * A network of hosts in virtual time, in which everything that is left to chance comes from a seed: the same seed gives the same run.
 *
 * <p>Loops are opened on {@link Host}s and are the production ones. The simulation gives each that has something to do a tick, in one
 * order, and when none has, moves time to whatever comes next: a segment that arrives, a timer, a fault. An await from outside a loop
 * drives all of it.
 *
 * <p><b>Threading:</b> the thread that made it does everything. Another thread that touches a loop of it, and a Task that blocks, is an
 * error there and in the next step. <b>Errors:</b> a run that exceeds its {@link #limits} ends with an {@link IllegalStateException}
 * that tells who waits for what. <b>Not guaranteed:</b> that code of your own is deterministic: it may read the real time, use
 * randomness of its own, or walk through a {@code HashMap} of objects without a hash code of their own; {@link #check} finds out.
 */
public final class Simulation implements AutoCloseable {
    private static final long DEFAULT_STEPS = 50_000_000;
    private static final Duration DEFAULT_TIME = Duration.ofDays(7);
    private static final long STEPS_FOR_CLOSING = 1_000_000;

    private final long seed;
    private final Thread owner = Thread.currentThread();
    private final Agenda agenda = new Agenda();
    private final Trace trace = new Trace(agenda);
    private final Network network;
    private final Names names = new Names();
    private final Injections injections;
    private final ArrayDeque<Driven> ticks = new ArrayDeque<>();
    private final List<Driven> waitingForHost = new ArrayList<>(); // that is paused
    private final IdentityHashMap<Drivable, Driven> loops = new IdentityHashMap<>(); // looked up, never walked
    private int loopCount;
    private long steps;
    private long mostSteps = DEFAULT_STEPS;
    private long endOfTime = DEFAULT_TIME.toNanos();
    private volatile @Nullable IllegalStateException violation;
    private boolean closed;

    private Simulation(long seed) {
        this.seed = seed;
        this.network = new Network(agenda, trace, seed);
        this.injections = new Injections(this, network, agenda);
    }

    /** A new, empty simulation. */
    public static Simulation seed(long seed) {
        return new Simulation(seed);
    }

    /** The seed. */
    public long seed() {
        return seed;
    }

    /**
     * Runs a scenario twice, each time in a fresh JVM, because some orders differ only from one JVM to the next; the scenario is a
     * class with a constructor without parameters.
     *
     * @return the trace hash
     * @throws AssertionError if the runs differ, with the first event that does
     */
    public static String check(long seed, Class<? extends Scenario> scenario) throws IOException {
        return new Check(seed, scenario).run();
    }

    /** Keeps what happens from now on, for the {@link #timeline()}. */
    public Simulation record() {
        trace.record();
        return this;
    }

    // ---- what is in it

    /**
     * Adds a host.
     *
     * @throws IllegalArgumentException if there is one of that name
     */
    public Host host(String name) {
        return add(name, null);
    }

    /** Adds a host that does {@code boot} now, and again whenever it is started after a crash. */
    public Host host(String name, Consumer<? super Host> boot) {
        return add(name, Objects.requireNonNull(boot, "boot"));
    }

    private Host add(String name, @Nullable Consumer<? super Host> boot) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("a host needs a name");
        }
        var host = new Host(this, network, name, boot);
        network.add(host);
        host.boot();
        return host;
    }

    /** The hosts, in the order in which they were added. */
    public List<Host> hosts() {
        return List.copyOf(network.hosts());
    }

    /** How long a segment is on its way between two hosts, unless a fault says otherwise; half a millisecond at first. */
    public Simulation latency(Latency latency) {
        network.normalLatency(latency);
        return this;
    }

    /** How many steps the simulation may take, and how far its time may go; 50 million and seven days at first. */
    public Simulation limits(long newSteps, Duration time) {
        if (newSteps <= 0 || time.isNegative()) {
            throw new IllegalArgumentException("limits have to be positive, not " + newSteps + " steps and " + time);
        }
        mostSteps = newSteps;
        endOfTime = time.toNanos();
        return this;
    }

    // ---- faults

    /** Causes a fault until the guard is closed. */
    public Injection inject(Fault fault) {
        return injections.inject(fault);
    }

    /** Causes a fault later, for a while. */
    public void schedule(Duration after, Duration lasting, Fault fault) {
        if (after.isNegative() || lasting.isNegative()) {
            throw new IllegalArgumentException("a fault can't come after " + after + " and last " + lasting);
        }
        injections.schedule(after.toNanos(), lasting.toNanos(), fault);
    }

    // ---- time

    /** How much virtual time has passed. */
    public Duration elapsed() {
        return Duration.ofNanos(agenda.now());
    }

    /**
     * One step: a tick of a loop that has work, or else the next event, with time moved there.
     *
     * @return false if nothing is left that could happen
     */
    public boolean step() {
        requireOwner("a step");
        throwViolation();
        Driven next = ticks.poll();
        if (next == null && agenda.next() == Long.MAX_VALUE) {
            return false;
        }
        if (++steps > mostSteps) {
            throw new IllegalStateException("seed " + seed + ": more than " + mostSteps + " steps" + situation());
        }
        if (next != null) {
            tick(next);
        } else if (agenda.next() > endOfTime) {
            throw new IllegalStateException(
                    "seed " + seed + ": time is up after " + Duration.ofNanos(endOfTime) + situation());
        } else {
            Objects.requireNonNull(agenda.take()).happen();
        }
        throwViolation();
        return true;
    }

    private void tick(Driven loop) {
        long when = loop.host.runnableAt();
        if (when <= agenda.now()) {
            trace.add(Kind.TICK, loop.host.number, -1, 0, loop.number, 0, "tick");
            loop.tick();
            loop.host.ticked();
        } else if (when == Long.MAX_VALUE) {
            waitingForHost.add(loop);
        } else {
            agenda.at(when, () -> ticks.add(loop));
        }
    }

    /** A host runs again. */
    void resumed() {
        ticks.addAll(waitingForHost);
        waitingForHost.clear();
    }

    /** Lets so much virtual time pass. */
    public void run(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time doesn't go back: " + time);
        }
        runTo(agenda.now() + time.toNanos(), () -> false);
    }

    /** Runs until the condition holds, which is asked before each step; fails if nothing is left that could make it so. */
    public void runUntil(BooleanSupplier condition) {
        drive("the condition", condition);
    }

    void drive(String what, BooleanSupplier done) {
        while (!done.getAsBoolean()) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            if (!step()) {
                throw new IllegalStateException("seed " + seed + ": nothing is left that could happen, but " + what
                        + " is not done" + situation());
            }
        }
    }

    /** A selector without a loop waits. */
    void pass(BooleanSupplier done, long nanos) {
        if (nanos < 0) {
            drive("a select without a limit", done);
        } else {
            runTo(agenda.now() + nanos, done);
        }
    }

    private void runTo(long end, BooleanSupplier done) {
        while (!done.getAsBoolean() && (!ticks.isEmpty() || agenda.next() <= end)) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            step();
        }
        throwViolation();
        if (!done.getAsBoolean()) {
            agenda.advance(end);
        }
    }

    // ---- what it tells

    /** A number for everything that has happened so far, as 16 digits: equal for equal runs, in whatever JVM. */
    public String traceHash() {
        return trace.hash();
    }

    /** How many segments were sent so far. */
    public long segments() {
        return network.segments();
    }

    /** Who waits for what, in lines of text. */
    private String situation() {
        var text = new StringBuilder(" (at ").append(elapsed()).append("); who waits for what:");
        for (Host host : network.hosts()) {
            text.append("\n  ").append(host).append(host.paused() ? ", paused" : "");
            host.loops().forEach(each -> text.append("\n    ").append(each.situation()));
            host.tcps.forEach(each -> text.append("\n    ").append(each.situation()));
        }
        injections.active().forEach(each -> text.append("\n  fault: ").append(each));
        return text.append("\n  ")
                .append(agenda.size())
                .append(" events are planned")
                .toString();
    }

    /** Marks the present moment in the timeline, for people who look at it. */
    public void note(String text) {
        trace.add(Kind.NOTE, -1, -1, 0, 0, 0, "note", text);
    }

    /** What has happened since {@link #record()}. */
    public Timeline timeline() {
        return new Timeline(seed, network.hosts().stream().map(Host::name).toList(), trace.entries());
    }

    // ---- for its parts

    Trace trace() {
        return trace;
    }

    Names names() {
        return names;
    }

    Driven opened(Host host, Drivable loop, SimSelector selector) {
        var driven = new Driven(this, agenda, host, loop, selector, ++loopCount);
        loops.put(loop, driven);
        return driven;
    }

    Driven driven(Drivable loop) {
        return Objects.requireNonNull(loops.get(loop));
    }

    void wantsTick(Driven loop) {
        ticks.add(loop);
    }

    /** Only the thread that made the simulation, and the Tasks of its loops, may touch it. */
    void requireOwner(String what) {
        Loop current = Loop.current();
        if (current == null ? Thread.currentThread() != owner : !loops.containsKey(current)) {
            throw violated(what + " on " + named(Thread.currentThread()) + ", but this simulation belongs to "
                    + named(owner) + "; what other threads do has no place in virtual time");
        }
    }

    /** Virtual threads rarely have a name. */
    private static String named(Thread thread) {
        String kind = thread.isVirtual() ? "virtual thread " : "thread ";
        return kind + (thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName());
    }

    /** Something happened that makes the run worthless. */
    IllegalStateException violated(String message) {
        var found = new IllegalStateException("seed " + seed + ": " + message);
        if (violation == null) {
            violation = found;
        }
        return found;
    }

    private void throwViolation() {
        IllegalStateException found = violation;
        if (found != null) {
            violation = null;
            throw new IllegalStateException(found.getMessage(), found);
        }
    }

    // ---- ending

    /** Ends all faults, closes the loops in good order, and lets go of everything. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        violation = null;
        mostSteps = steps + STEPS_FOR_CLOSING;
        endOfTime = Long.MAX_VALUE - 1;
        injections.endAll();
        for (Host host : network.hosts()) {
            for (Driven each : List.copyOf(host.loops())) {
                end(each);
            }
        }
    }

    private void end(Driven driven) {
        try {
            driven.loop.close(Loop.DEFAULT_CLOSE_DEADLINE);
        } catch (RuntimeException e) {
            driven.breakWith(new IOException("the simulation has ended"));
        }
    }

    @Override
    public String toString() {
        return "simulation with seed " + seed + " after " + elapsed();
    }
}
