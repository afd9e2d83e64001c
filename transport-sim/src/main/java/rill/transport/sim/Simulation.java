package rill.transport.sim;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.ProtocolException;
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
 * that tells who waits for what; one in which something fails that nobody {@link #expect expected} ends with an {@link AssertionError}.
 * <b>Not guaranteed:</b> that code of your own is deterministic: it may read the real time, use randomness of its own, or walk through a
 * {@code HashMap} of objects without a hash code of their own; {@link #check} finds out. Nor that throughput over a long way is Linux's:
 * socket buffers do not grow by themselves here, so it is at most 128 KiB a round trip.
 *
 * <p>This class is the one public face of parts that each have a file of their own, and is long for that reason only.
 */
public final class Simulation implements AutoCloseable {
    private static final long DEFAULT_STEPS = 50_000_000;
    private static final Duration DEFAULT_TIME = Duration.ofDays(7);
    private static final long STEPS_FOR_CLOSING = 1_000_000;
    private static final int STEPS_BETWEEN_LOOKS = 512;
    static final Duration CLOSE_DEADLINE = Loop.DEFAULT_CLOSE_DEADLINE;

    private final long seed;
    private final Thread owner = Thread.currentThread();
    private final Chance chance;
    private final Agenda agenda;
    private final Trace trace;
    private final Verdict verdict;
    private final Properties properties;
    private final Network network;
    private final Names names;
    private final Injections injections;
    private final RandomGenerator random;
    private final Map<String, RandomGenerator> points = new HashMap<>(); // by name: null if the seed leaves it alone
    private final Set<String> named = new HashSet<>(); // looked up, never walked
    private final List<Driven> ticks = new ArrayList<>();
    private final List<Driven> waitingForHost = new ArrayList<>(); // that is paused
    private final IdentityHashMap<Drivable, Driven> loops = new IdentityHashMap<>(); // looked up, never walked
    private final Standstill standstill = new Standstill(this, owner);
    private int loopCount;
    private long steps;
    private long mostSteps = DEFAULT_STEPS;
    private long stepsOfTrial = Long.MAX_VALUE; // whatever the scenario says of it
    private long endOfTime = DEFAULT_TIME.toNanos();
    private boolean over; // the scenario is
    private boolean failed; // and what it leaves behind means nothing
    private boolean closed;

    private Simulation(long seed) {
        this.seed = seed;
        this.chance = new Chance(seed);
        this.agenda = new Agenda(chance);
        this.trace = new Trace(agenda);
        this.verdict = new Verdict(this::context, text -> trace.mark(Kind.FAILED, text));
        this.properties = new Properties(agenda, verdict);
        this.network = new Network(agenda, trace, chance, seed);
        this.names = new Names(network.tally);
        this.injections = new Injections(this, network, agenda);
        this.random = Agenda.random(seed, "scenario");
    }

    /** A new, empty simulation. */
    public static Simulation seed(long seed) {
        return new Simulation(seed);
    }

    /** The seed. */
    public long seed() {
        return seed;
    }

    /** Random numbers for the scenario itself, from the seed. */
    public RandomGenerator random() {
        return random;
    }

    /** Takes these freedoms from the seed: what they decide is as on a network where nothing unusual happens. */
    public Simulation fix(Freedom... freedoms) {
        for (Freedom each : freedoms) {
            chance.fix(each);
        }
        return this;
    }

    /** What the seed has chosen where it is free to, in words. */
    public String chosen() {
        return chance.toString();
    }

    /**
     * Runs a scenario twice, each time in a fresh JVM, because some orders differ only from one JVM to the next; the scenario is a
     * class with a constructor without parameters.
     *
     * @return the trace hash
     * @throws AssertionError if the runs differ, with the first event that does; or if the scenario fails
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

    /**
     * Adds a host that does {@code boot} now, and again whenever it is started after a crash. What is said there to hold {@link #always},
     * {@link #eventually} or {@link #sometimes} holds for that life of the host.
     *
     * @throws java.io.UncheckedIOException if {@code boot} throws an {@link IOException}
     */
    public Host host(String name, Boot boot) {
        return add(name, Objects.requireNonNull(boot, "boot"));
    }

    private Host add(String name, @Nullable Boot boot) {
        if (name.isBlank() || !names.holders(name).isEmpty()) {
            throw new IllegalArgumentException(
                    name.isBlank() ? "a host needs a name" : "the name " + name + " is given to hosts already");
        }
        var host = new Host(this, network, name, boot);
        network.add(host);
        host.boot();
        return host;
    }

    /**
     * Gives several hosts a name, as that of a service: it resolves to their addresses, in this order. Again for the same name, it is theirs from now on
     * instead: that is how a service moves.
     *
     * @throws IllegalArgumentException if a host is named so, or if there is no host to give it to
     */
    public Simulation name(String name, Host... holders) {
        if (name.isBlank() || network.find(name) != null) {
            throw new IllegalArgumentException(
                    name.isBlank() ? "a name can't be blank" : "there is a host of the name " + name);
        }
        if (holders.length == 0) {
            throw new IllegalArgumentException("the name " + name + " is given to nobody");
        }
        names.give(name, List.of(holders));
        return this;
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
        endOfTime = Math.min(Agenda.nanos(time), Agenda.END - 1);
        return this;
    }

    // ---- faults

    /** Causes a fault until the guard is closed. While the simulation is being closed, none is caused. */
    public Injection inject(Fault fault) {
        return injections.inject(fault);
    }

    /** Causes a fault later, for a while; not if the simulation is closed before. */
    public void schedule(Duration after, Duration lasting, Fault fault) {
        if (after.isNegative() || lasting.isNegative()) {
            throw new IllegalArgumentException("a fault can't come after " + after + " and last " + lasting);
        }
        injections.schedule(Agenda.nanos(after), Agenda.nanos(lasting), fault);
    }

    /**
     * Whether code of yours is to misbehave here, at a point with a name: to give up, take long, choose the rare way. It is asked while a
     * {@link Faults#swarm swarm} is in force, and is false otherwise; each seed leaves half of the points alone, and answers yes with
     * this probability at the others.
     */
    public boolean buggify(double probability, String name) {
        requireOwner("buggify");
        requireName(name);
        if (!injections.swarming() || injections.without().points().contains(name)) {
            return false;
        }
        RandomGenerator point = points.computeIfAbsent(name, each -> Agenda.random(seed, "point " + each));
        boolean misbehaves =
                Agenda.random(seed, "use of point " + name).nextBoolean() && point.nextDouble() < probability;
        if (misbehaves) {
            network.tally.point(name);
            trace.add(Kind.NOTE, -1, -1, 0, 0, 0, "buggify", name);
        }
        return misbehaves;
    }

    /**
     * How much the scenario is to do of something that it could do less of: calls, clients, seconds. It is all of it, {@code most}, except in
     * a run that has failed before and is being made smaller, or that is had again with {@code -Drill.without=name=12}.
     *
     * @return at least one
     */
    public int atMost(int most, String name) {
        requireOwner("atMost");
        if (most < 1) {
            throw new IllegalArgumentException("“" + name + "” can't be less than " + most + "; it is at least one");
        }
        requireName(name);
        network.tally.amount(name, most);
        return Math.max(1, injections.without().atMost(most, name));
    }

    private void requireName(String name) {
        if (!named.contains(name)) {
            Without.requireName(name);
            named.add(name);
        }
    }

    /**
     * The {@link Faults#swarm swarms} of this run do exactly this, and nothing at random: those of the strikes that have a number, such as
     * another run's {@link Timeline#faults()}, or some of them.
     */
    public Simulation replay(List<Strike> strikes) {
        injections.plan(strikes);
        return this;
    }

    /** Which faults have struck so far, how often, and how much they hit. */
    public String struck() {
        return network.tally.toString();
    }

    // ---- what has to hold

    /**
     * Failures that belong to the scenario. Any other one that reaches nobody fails the run: what is thrown in a Handle, a callback or a
     * handler, or by a Task that nobody awaits; except that connections fail, and what depends on them, with an {@link IOException}. A {@link
     * ProtocolException} fails the run as well, whoever has caught it, unless {@link ProtocolException#streamEnded() the stream ended too early}:
     * this network changes no byte.
     */
    public Simulation expect(Predicate<? super Throwable> belongs) {
        verdict.expect(Objects.requireNonNull(belongs, "belongs"));
        return this;
    }

    /** From now on this has to hold before every step. It only looks, and must not act. */
    public Simulation always(String name, BooleanSupplier condition) {
        properties.always(name, condition);
        return this;
    }

    /** This has to hold at some time {@code within} from now, seen before a step. */
    public Simulation eventually(Duration within, String name, BooleanSupplier condition) {
        if (within.isNegative()) {
            throw new IllegalArgumentException(
                    "“" + name + "” would have to hold by a time that is past, " + within + " from now");
        }
        properties.eventually(Agenda.nanos(within), name, condition);
        return this;
    }

    /**
     * This has to hold at some time in some run, seen before a step: a {@link Simulated} test whose seeds never bring it about fails. It
     * says that a test gets where it is meant to get. Say it where every run passes, at the beginning: what is said only where it holds can't
     * fail.
     */
    public Simulation sometimes(String name, BooleanSupplier condition) {
        properties.sometimes(name, condition);
        return this;
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
     * @throws AssertionError if something has failed that {@link #expect nobody expected}, or that {@link #always has to hold} does not
     */
    public boolean step() {
        requireOwner("a step");
        return takeStep();
    }

    private boolean takeStep() {
        properties.check();
        throwFailure();
        Driven next = nextTick();
        if (next == null && agenda.next() == Long.MAX_VALUE) {
            return false;
        }
        if (++steps > Math.min(mostSteps, stepsOfTrial)) {
            throw new IllegalStateException(
                    "seed " + seed + ": more than " + Math.min(mostSteps, stepsOfTrial) + " steps" + situation());
        }
        if (next != null) {
            tick(next);
        } else if (agenda.next() > endOfTime) {
            throw new IllegalStateException(
                    "seed " + seed + ": time is up after " + Duration.ofNanos(endOfTime) + situation());
        } else {
            happen(Objects.requireNonNull(agenda.take()));
        }
        throwFailure();
        return true;
    }

    /** A method of its own, so that the JIT compiles what may happen apart from the step. */
    private static void happen(Event event) {
        event.happen();
    }

    private @Nullable Driven nextTick() {
        if (ticks.isEmpty() || (agenda.next() <= agenda.now() && chance.eventFirst())) {
            return null;
        }
        return ticks.remove(chance.pick(ticks.size()));
    }

    private void tick(Driven loop) {
        long when = loop.host.runnableAt();
        if (when <= agenda.now()) {
            trace.add(Kind.TICK, loop.host.number, -1, 0, loop.number, 0, "tick");
            standstill.begins(loop.loop.name());
            try {
                loop.tick();
            } finally {
                standstill.ends();
            }
            loop.host.ticked();
        } else if (when == Long.MAX_VALUE) {
            network.tally.hit(Fault.Kind.PAUSE);
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

    /**
     * Lets so much virtual time pass.
     *
     * @throws IllegalStateException if the thread is interrupted: then no time passes
     */
    public void run(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time doesn't go back: " + time);
        }
        runTo(agenda.after(Agenda.nanos(time)), () -> false);
        requireUninterrupted();
    }

    /**
     * Runs until the condition holds, which is asked before each step; fails if nothing is left that could make it so.
     *
     * @throws IllegalStateException if the thread is interrupted before
     */
    public void runUntil(BooleanSupplier condition) {
        drive("the condition", condition, () -> {});
        if (!condition.getAsBoolean()) {
            requireUninterrupted();
        }
    }

    /**
     * Runs until the condition holds, which is asked before each step.
     *
     * @throws AssertionError if it does not {@code within} that time
     * @throws IllegalStateException if the thread is interrupted before
     */
    public void runUntil(BooleanSupplier condition, Duration within) {
        if (within.isNegative()) {
            throw new IllegalArgumentException("time doesn't go back: " + within);
        }
        runTo(agenda.after(Agenda.nanos(within)), condition);
        if (!condition.getAsBoolean()) {
            requireUninterrupted();
            throw new AssertionError("the condition did not hold within " + within + situation());
        }
    }

    private void requireUninterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            throw new IllegalStateException("seed " + seed + ": " + named(Thread.currentThread())
                    + " is interrupted, and so no step was taken; whoever has interrupted it, clear that first, with"
                    + " Thread.interrupted()");
        }
    }

    /** Until it is done, or the thread is interrupted. {@code alive} throws if what could make it done is gone. */
    void drive(String what, BooleanSupplier done, Runnable alive) {
        requireOwner("a step");
        while (true) {
            alive.run();
            if (done.getAsBoolean()) {
                return;
            }
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            if (!takeStep()) {
                throw new IllegalStateException("seed " + seed + ": nothing is left that could happen, but " + what
                        + " is not done; what other threads, or stages that they complete, would do never comes here:"
                        + " use host.executor(cost) in place of an executor of your own"
                        + situation());
            }
        }
    }

    /** A selector without a loop waits. */
    void pass(BooleanSupplier done, long nanos) {
        if (nanos < 0) {
            drive("a select without a limit", done, () -> {});
        } else {
            runTo(agenda.after(nanos), done);
        }
    }

    private void runTo(long end, BooleanSupplier done) {
        requireOwner("a step");
        while (!done.getAsBoolean() && (!ticks.isEmpty() || agenda.next() <= end)) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            takeStep();
        }
        properties.check();
        throwFailure();
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
        var text = new StringBuilder("\n(at ").append(elapsed()).append("); who waits for what:");
        for (Host host : network.hosts()) {
            text.append("\n  ").append(host).append(host.paused() ? ", paused" : "");
            host.loops().forEach(each -> text.append("\n    ").append(each.situation()));
            host.tcps.forEach(each -> text.append("\n    ").append(each.situation()));
            host.unix.ends.forEach(each -> text.append("\n    ").append(each));
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

    /** What has happened since {@link #record()}; and the faults that have struck, in any case. */
    public Timeline timeline() {
        return new Timeline(
                seed, network.hosts().stream().map(Host::name).toList(), trace.entries(), injections.strikes());
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
        Driven known = loops.get(loop);
        if (known == null) {
            throw new IllegalStateException(loop.name() + " is gone, with the process that it was of");
        }
        return known;
    }

    void wantsTick(Driven loop) {
        long late = chance.lateness();
        if (late == 0) {
            ticks.add(loop);
        } else {
            agenda.at(agenda.now() + late, () -> ticks.add(loop));
        }
    }

    /** Its process is gone. */
    void lost(Driven loop) {
        loops.remove(loop.loop);
        ticks.remove(loop);
        waitingForHost.remove(loop);
    }

    Chance chance() {
        return chance;
    }

    Network network() {
        return network;
    }

    Verdict verdict() {
        return verdict;
    }

    Properties properties() {
        return properties;
    }

    Tally tally() {
        return network.tally;
    }

    boolean isClosed() {
        return closed;
    }

    /** In a run that is run again: what is left out of it. */
    void without(Without without) {
        injections.without(without);
        without.freedoms().forEach(chance::fix);
    }

    /** In a run that is made smaller: one that takes more steps does not fail in the same manner. */
    void mostSteps(long most) {
        stepsOfTrial = most;
    }

    /** What has struck, to be had again. */
    List<Strike> planned() {
        return injections.planned();
    }

    long steps() {
        return steps;
    }

    /** Does something of a host's outside of its loops: what it throws fails the run. */
    void attempt(Host host, String what, Runnable action) {
        try {
            action.run();
        } catch (Throwable thrown) {
            verdict.failed(host, what + " threw " + thrown, thrown);
        }
    }

    /** Only the thread that made the simulation, and the Tasks of its loops, may touch it. */
    void requireOwner(String what) {
        Loop current = Loop.current();
        if (current == null ? Thread.currentThread() != owner : !loops.containsKey(current)) {
            throw violated(what + " on " + named(Thread.currentThread()) + ", but this simulation belongs to "
                    + named(owner)
                    + "; what other threads do has no place in virtual time. Work that would block or take"
                    + " long belongs on host.executor(cost), in place of an executor of your own");
        }
    }

    /** Virtual threads rarely have a name. */
    private static String named(Thread thread) {
        String kind = thread.isVirtual() ? "virtual thread " : "thread ";
        return kind + (thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName());
    }

    /** Something happened that makes the run worthless. */
    IllegalStateException violated(String message) {
        return verdict.violated("seed " + seed + ": " + message);
    }

    private void throwFailure() {
        if (!over) {
            verdict.throwIfAny();
        }
    }

    /** What belongs to every failure: the moment, and how to have it again. */
    String context() {
        List<Strike> inForce = injections.inForce();
        return "\nat " + inSeconds(agenda.now()) + " of virtual time, seed " + seed + ", hash " + traceHash()
                + "\nfaults in force: "
                + (inForce.isEmpty()
                        ? "none"
                        : inForce.stream().map(Strike::toString).collect(Collectors.joining("; ")))
                + "\nfaults so far: " + struck() + "\nthe seed has chosen: " + chosen();
    }

    static String inSeconds(long nanos) {
        return BigDecimal.valueOf(nanos, 9).stripTrailingZeros().toPlainString() + " s";
    }

    // ---- ending

    /**
     * Ends all faults, closes the loops in good order, and lets go of everything.
     *
     * <p>It looks for what the run has left behind: a Task of the scenario that waits for what never comes, one that goes on although it was
     * cancelled, buffers and sockets that are still there once all loops of a host are closed. A Task that a {@link Boot} has started, or a
     * callback, may wait for ever, as servers do, and so may one that awaits a message or the end of a connection.
     *
     * @throws AssertionError if something has failed that {@link #expect nobody expected}, now or earlier, and no step has said so; or is left
     *     behind, with a {@link LeftBehindException} as its cause
     */
    @Override
    public void close() {
        if (over) {
            return;
        }
        properties.end();
        over = true;
        var leftovers = new Leftovers(network, verdict);
        boolean passed = !failed && verdict.failure() == null;
        stepsOfTrial = Long.MAX_VALUE;
        endOfTime = Long.MAX_VALUE - 1;
        injections.noMore();
        if (passed) {
            attemptToLook(() -> leftovers.tasks(this::goOn));
        }
        closed = true;
        standstill.end();
        mostSteps = steps + STEPS_FOR_CLOSING;
        injections.endAll();
        boolean inOrder = true;
        for (Host host : network.hosts()) {
            for (Driven each : List.copyOf(host.loops())) {
                inOrder &= end(each);
                if (passed && inOrder) {
                    leftovers.closed(each);
                }
            }
        }
        if (passed && inOrder) {
            leftovers.ofHosts();
        }
        verdict.throwUntold();
    }

    /** What fails meanwhile is told at the end of {@link #close}. */
    private void attemptToLook(Runnable look) {
        try {
            look.run();
        } catch (Throwable told) { // of whatever happens meanwhile; the loops are closed all the same
            verdict.fail("the end", "the end of the run failed: " + told.getMessage(), told);
        }
    }

    /** The scenario has failed: what is left at its end says nothing. */
    void failed() {
        failed = true;
    }

    /** Ends all faults, and lets happen what still does, until the condition holds. Gives whether nothing is left that could happen. */
    private boolean goOn(BooleanSupplier condition) {
        injections.endAll();
        long end = steps + Leftovers.MOST_STEPS;
        mostSteps = Long.MAX_VALUE;
        while (steps < end && !Thread.currentThread().isInterrupted() && verdict.failure() == null) {
            if (steps % STEPS_BETWEEN_LOOKS == 0 && condition.getAsBoolean()) {
                return false;
            }
            if (!takeStep()) {
                return true;
            }
        }
        return false;
    }

    /** Gives whether that was possible. */
    private boolean end(Driven driven) {
        try {
            driven.closes(Agenda.nanos(CLOSE_DEADLINE));
            driven.loop.close(CLOSE_DEADLINE);
            return true;
        } catch (RuntimeException e) {
            driven.breakWith(new IOException("the simulation has ended"));
            return false;
        }
    }

    @Override
    public String toString() {
        return "simulation with seed " + seed + " after " + elapsed();
    }
}
