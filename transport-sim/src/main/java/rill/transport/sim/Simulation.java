package rill.transport.sim;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
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
 * A network of hosts in virtual time, in which everything left to chance comes from a seed: the same seed gives the same run.
 *
 * <p>Loops are opened on {@link Host}s and are the production ones. The simulation gives each loop that has something to do a tick, in an order that
 * the seed determines. When none has, it moves time to the next event: the arrival of a segment, a timer, a fault. An await from outside a loop
 * drives the whole simulation.
 *
 * <p><b>Threading:</b> everything runs on the thread that created it. If another thread touches one of its loops, or a Task blocks, that is an error
 * there and in the next step. <b>Errors:</b> a run that exceeds its {@link #limits} ends with an {@link IllegalStateException} that says who is
 * waiting for what; a run with a failure that nobody {@link #expect expected} ends with an {@link AssertionError}. <b>Not guaranteed:</b> that your
 * own code is deterministic: it may read the real time, use its own randomness, or iterate over a {@code HashMap} of objects that don't define
 * {@code hashCode}; {@link #check} finds out. Nor is it guaranteed that throughput over a long distance is that of Linux: socket buffers do not grow
 * by themselves here, so it is at most 128 KiB a round trip.
 *
 * <p>This class is the one public face of parts that each have their own file; it is long for that reason only.
 */
public final class Simulation implements AutoCloseable {
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
    private final Map<String, RandomGenerator> points = new HashMap<>(); // by name: the random numbers of each point
    private final Set<String> named = new HashSet<>(); // looked up, never iterated over
    private final IdentityHashMap<Drivable, Driven> loops = new IdentityHashMap<>(); // looked up, never iterated over
    private final Steps steps;
    private int loopCount;
    private boolean over; // whether the scenario is
    private boolean failed; // whether the scenario has; what it leaves behind then means nothing
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
        this.steps = new Steps(this, owner, agenda, chance, trace, properties, verdict, network);
        this.random = Agenda.random(seed, "scenario");
    }

    /** Returns a new, empty simulation. */
    public static Simulation seed(long seed) {
        return new Simulation(seed);
    }

    /** Returns the seed. */
    public long seed() {
        return seed;
    }

    /** Returns a source of random numbers for the scenario itself, derived from the seed. */
    public RandomGenerator random() {
        return random;
    }

    /** Takes these freedoms away from the seed: what they would decide is then as on a network where nothing unusual happens. */
    public Simulation fix(Freedom... freedoms) {
        for (Freedom each : freedoms) {
            chance.fix(each);
        }
        return this;
    }

    /** Describes in words what the seed has chosen where it was free to choose. */
    public String chosen() {
        return chance.toString();
    }

    /**
     * Runs a scenario twice, each time in a fresh JVM, because some orders differ only from one JVM to the next. The scenario is a class with a
     * constructor without parameters.
     *
     * @return the trace hash
     * @throws AssertionError if the runs differ, naming the first event that does; or if the scenario fails
     */
    public static String check(long seed, Class<? extends Scenario> scenario) throws IOException {
        return new Check(seed, scenario).run();
    }

    /** Records everything from now on, for the {@link #timeline()}. */
    public Simulation record() {
        trace.record();
        return this;
    }

    // ---- contents

    /**
     * Adds a host.
     *
     * @throws IllegalArgumentException if the name is blank or already in use
     */
    public Host host(String name) {
        return add(name, null);
    }

    /**
     * Adds a host that runs {@code boot} now, and again whenever it restarts after a crash or kill. Conditions that {@code boot} declares with
     * {@link #always}, {@link #eventually} or {@link #sometimes} apply to that life of the host.
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
     * Gives one or more hosts a shared name, such as that of a service: it resolves to their addresses, in this order. Calling this again with the
     * same name replaces the hosts: that is how a service moves.
     *
     * @throws IllegalArgumentException if the name is blank or that of a host, or if no host is passed
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

    /** Returns the hosts, in the order in which they were added. */
    public List<Host> hosts() {
        return List.copyOf(network.hosts());
    }

    /** Sets how long a segment takes between two hosts, unless a fault says otherwise; half a millisecond by default. */
    public Simulation latency(Latency latency) {
        network.normalLatency(latency);
        return this;
    }

    /** Limits how many steps the simulation may take, and how far its time may advance; 50 million steps and seven days by default. */
    public Simulation limits(long newSteps, Duration time) {
        if (newSteps <= 0 || time.isNegative()) {
            throw new IllegalArgumentException("limits have to be positive, not " + newSteps + " steps and " + time);
        }
        steps.limit(newSteps, Agenda.nanos(time));
        return this;
    }

    // ---- faults

    /** Injects a fault, which stays in force until the returned guard is closed. While the simulation is being closed, this is a no-op. */
    public Injection inject(Fault fault) {
        return injections.inject(fault);
    }

    /** Schedules a fault that begins {@code after} that time and lasts for {@code lasting}. It does not strike if the simulation is closed first. */
    public void schedule(Duration after, Duration lasting, Fault fault) {
        if (after.isNegative() || lasting.isNegative()) {
            throw new IllegalArgumentException("a fault can't come after " + after + " and last " + lasting);
        }
        injections.schedule(Agenda.nanos(after), Agenda.nanos(lasting), fault);
    }

    /**
     * Returns whether your code should misbehave at this named point: give up, take long, choose the rare path. It is false unless a
     * {@link Faults#swarm swarm} is in force. Each seed leaves half of the points alone, and answers true with this probability at the others.
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
     * Returns how much the scenario should do of something that it could do less of: calls, clients, seconds. That is all of it, {@code most}, except
     * in a run that has failed and is being made smaller, or that is replayed with {@code -Drill.without=name=12}.
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
     * Makes the {@link Faults#swarm swarms} of this run do exactly this, and nothing at random. Only strikes with a number are replayed: those of
     * another run's {@link Timeline#faults()}, for example, or some of them.
     */
    public Simulation replay(List<Strike> strikes) {
        injections.plan(strikes);
        return this;
    }

    /** Describes which faults have struck so far, how often, and how much they hit. */
    public String struck() {
        return network.tally.toString();
    }

    // ---- conditions

    /**
     * Declares failures that belong to the scenario. Any other failure that reaches nobody fails the run: an exception thrown in a Handle, a callback
     * or a handler, or by a Task that nobody awaits. Exempt are {@link IOException}s, because connections are meant to fail here along with what
     * depends on them, and cancellations. A {@link ProtocolException} fails the run even if it was caught, unless
     * {@link ProtocolException#streamEnded() the stream ended too early}: this network changes no byte.
     */
    public Simulation expect(Predicate<? super Throwable> belongs) {
        verdict.expect(Objects.requireNonNull(belongs, "belongs"));
        return this;
    }

    /** Requires this to hold before every step from now on. The condition only looks, and must not act. */
    public Simulation always(String name, BooleanSupplier condition) {
        properties.always(name, condition);
        return this;
    }

    /** Requires this to hold at some time {@code within} from now; it is checked before each step. */
    public Simulation eventually(Duration within, String name, BooleanSupplier condition) {
        if (within.isNegative()) {
            throw new IllegalArgumentException(
                    "“" + name + "” would have to hold by a time that is past, " + within + " from now");
        }
        properties.eventually(Agenda.nanos(within), name, condition);
        return this;
    }

    /**
     * Requires this to hold at some time in some run; it is checked before each step. A {@link Simulated} test none of whose seeds brings it about
     * fails. It says that a test gets where it is meant to get. Declare it at the beginning, where every run passes: a condition declared only where
     * it holds can't fail.
     */
    public Simulation sometimes(String name, BooleanSupplier condition) {
        properties.sometimes(name, condition);
        return this;
    }

    // ---- time

    /** Returns how much virtual time has passed. */
    public Duration elapsed() {
        return Duration.ofNanos(agenda.now());
    }

    /**
     * Takes one step: a tick of a loop that has work, or else the next event, moving time to it.
     *
     * @return false if nothing is left that could happen
     * @throws AssertionError if something has failed that {@link #expect nobody expected}, or a condition of {@link #always} does not hold
     */
    public boolean step() {
        requireOwner("a step");
        return steps.take();
    }

    /**
     * Lets this much virtual time pass.
     *
     * @throws IllegalStateException if the thread is or becomes interrupted; no further step is taken then
     */
    public void run(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time doesn't go back: " + time);
        }
        steps.until(agenda.after(Agenda.nanos(time)), () -> false);
        requireUninterrupted();
    }

    /**
     * Runs until the condition holds, which is checked before each step. It fails if nothing is left that could make it hold.
     *
     * @throws IllegalStateException if the thread is interrupted first
     */
    public void runUntil(BooleanSupplier condition) {
        steps.drive("the condition", condition, () -> {});
        if (!condition.getAsBoolean()) {
            requireUninterrupted();
        }
    }

    /**
     * Runs until the condition holds, which is checked before each step.
     *
     * @throws AssertionError if it does not hold {@code within} that time
     * @throws IllegalStateException if the thread is interrupted first
     */
    public void runUntil(BooleanSupplier condition, Duration within) {
        if (within.isNegative()) {
            throw new IllegalArgumentException("time doesn't go back: " + within);
        }
        steps.until(agenda.after(Agenda.nanos(within)), condition);
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

    // ---- output

    /** Returns a digest of everything that has happened so far, as 16 digits: equal for equal runs, in any JVM. */
    public String traceHash() {
        return trace.hash();
    }

    /** Returns how many segments have been sent so far. */
    public long segments() {
        return network.segments();
    }

    /** Describes who is waiting for what, in lines of text. */
    String situation() {
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

    /** Marks the present moment in the timeline, for human readers. */
    public void note(String text) {
        trace.add(Kind.NOTE, -1, -1, 0, 0, 0, "note", text);
    }

    /** Returns what has happened since {@link #record()}, and, recorded or not, the faults that have struck. */
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

    /** Forgets a loop whose process is gone. */
    void lost(Driven loop) {
        loops.remove(loop.loop);
        steps.lost(loop);
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

    /** Sets what is left out of a run that is replayed. */
    void without(Without without) {
        injections.without(without);
        without.freedoms().forEach(chance::fix);
    }

    /** Returns the faults that have struck, for a replay. */
    List<Strike> planned() {
        return injections.planned();
    }

    Steps steps() {
        return steps;
    }

    /** Runs work of a host outside its loops; anything that it throws fails the run. */
    void attempt(Host host, String what, Runnable action) {
        try {
            action.run();
        } catch (Throwable thrown) {
            verdict.failed(host, what + " threw " + thrown, thrown);
        }
    }

    /** Requires the thread that created the simulation, or a Task of one of its loops. */
    void requireOwner(String what) {
        Loop current = Loop.current();
        if (current == null ? Thread.currentThread() != owner : !loops.containsKey(current)) {
            throw violated(what + " on " + named(Thread.currentThread()) + ", but this simulation belongs to "
                    + named(owner)
                    + "; what other threads do has no place in virtual time. Work that would block or take"
                    + " long belongs on host.executor(cost), in place of an executor of your own");
        }
    }

    /** Falls back to the thread's id, because virtual threads rarely have a name. */
    private static String named(Thread thread) {
        String kind = thread.isVirtual() ? "virtual thread " : "thread ";
        return kind + (thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName());
    }

    /** Notes something that makes the run worthless. */
    IllegalStateException violated(String message) {
        return verdict.violated("seed " + seed + ": " + message);
    }

    /** Returns what is appended to every failure: the moment, and how to reproduce it. */
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
     * Ends all faults, closes the loops in good order, and releases everything.
     *
     * <p>It looks for what the run has left behind: a Task of the scenario that waits for something that never happens, a Task that continues
     * although it was cancelled, and buffers and sockets that are still in use once all loops of a host are closed. A Task started by a {@link Boot}
     * or by a callback may wait forever, as servers do, and so may one that awaits a message or the end of a connection.
     *
     * @throws AssertionError if something has failed that {@link #expect nobody expected}, now or earlier, and no step has reported it; or if
     *     something is left behind, with a {@link LeftBehindException} as its cause
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
        steps.scenarioIsOver();
        injections.noMore();
        if (passed) {
            attemptToLook(() -> leftovers.tasks(this::goOn));
        }
        closed = true;
        steps.closing();
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

    /** Looks for leftovers. A failure meanwhile is reported at the end of {@link #close}. */
    private void attemptToLook(Runnable look) {
        try {
            look.run();
        } catch (Throwable told) { // by anything that happened meanwhile; the loops are closed all the same
            verdict.fail("the end", "the end of the run failed: " + told.getMessage(), told);
        }
    }

    /** Notes that the scenario has failed, so that what is left at its end means nothing. */
    void failed() {
        failed = true;
    }

    /** Ends all faults and keeps stepping until the condition holds. Returns whether nothing is left that could happen. */
    private boolean goOn(BooleanSupplier condition) {
        injections.endAll();
        return steps.goOn(condition);
    }

    /** Returns whether the loop closed in good order. */
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
