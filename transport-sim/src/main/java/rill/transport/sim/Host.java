package rill.transport.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.LoopGroup;
import rill.LoopOptions;
import rill.Report;
import rill.Reporter;
import rill.spi.Transport;
import rill.spi.simulation.DefaultTransport;
import rill.spi.simulation.PowerLoss;
import rill.transport.sim.Trace.Kind;

/**
 * A host of a simulation: an address, clocks, and a transport for the loops that run on it.
 *
 * <pre>
 *   up ── {@link Faults#kill} ──▶ without its process: the kernel answers, and refuses
 *    ├─── {@link Faults#crash} ─▶ without power: silent, and all state is lost
 *    ◀─── once no such fault is in force any more: boots
 * </pre>
 *
 * <p><b>Threading:</b> the simulation's thread.
 */
public final class Host {
    final int number;
    final HostClock clock;
    final Ports ports;
    final UnixSockets unix = new UnixSockets();
    final RandomGenerator random;
    final Set<Tcp> tcps = new LinkedHashSet<>();
    Route[] routes = {};
    private final Simulation simulation;
    private final Network network;
    private final String name;
    private final InetAddress address;
    private final SimTransport transport;
    private final List<Driven> loops = new ArrayList<>();
    private final @Nullable Boot boot;
    private final Route.Setting<Double> rates = new Route.Setting<>(1.0);
    private final List<Runnable> suspended = new ArrayList<>(); // until the host is no longer paused
    private int pauses;
    private int crashes;
    private int kills;
    private int life; // how many times it has started
    private long slowNanos;
    private long busyUntil;

    Host(Simulation simulation, Network network, String name, @Nullable Boot boot) {
        this.simulation = simulation;
        this.network = network;
        this.name = name;
        this.boot = boot;
        this.number = network.hosts().size();
        this.random = Agenda.random(network.seed, "host " + name);
        long origin = random.nextLong();
        this.clock = new HostClock(network.agenda, origin, Duration.ofMillis(random.nextInt(-500, 501)));
        this.ports = new Ports(network, this);
        this.address = Network.addressOf(name, number);
        this.transport = new SimTransport(simulation, network, this);
    }

    /** Returns the name, which resolves to the address on every host of the simulation. */
    public String name() {
        return name;
    }

    /** Returns the address. */
    public InetAddress address() {
        return address;
    }

    /** Returns the address with this port: for listening, or for connecting without looking up the name. */
    public InetSocketAddress address(int port) {
        return new InetSocketAddress(address, port);
    }

    /** Returns the transport for loops of this host: {@code Loop.open(host.transport())}. Within its boot, {@code Loop.open()} uses it as well. */
    public Transport transport() {
        return transport;
    }

    /**
     * Opens a loop on this host, named {@code host/name} in reports. Failed connections are not reported, because here they are meant to fail; to
     * choose your own reporter, use {@link #loop(LoopOptions)}.
     */
    public Loop loop(String loopName) {
        return loop(LoopOptions.defaults().name(name + "/" + loopName).reporter(this::report));
    }

    private void report(Report report) {
        if (!(report instanceof Report.ConnectionFailed) && !simulation.isClosed()) {
            Reporter.logging().report(report);
        }
    }

    /** Opens a loop on this host, whatever transport the options name. The watch for slow Handles, which works in real time, is off. */
    public Loop loop(LoopOptions options) {
        requireUp("open a loop");
        try {
            return Loop.open(options.transport(transport).slowHandle(Duration.ZERO));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a host has no descriptors that it could run out of
        }
    }

    /**
     * Opens several loops on this host that share the connections of their listeners, named {@code host/name-1} and so on in reports: what
     * {@link LoopGroup#open(int, LoopOptions)} returns for {@link #transport()}. They belong to one process, and die together.
     */
    public LoopGroup loopGroup(String groupName, int size) {
        requireUp("open loops");
        try {
            return LoopGroup.open(
                    size,
                    LoopOptions.defaults()
                            .name(name + "/" + groupName)
                            .reporter(this::report)
                            .transport(transport)
                            .slowHandle(Duration.ZERO));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a host has no descriptors that it could run out of
        }
    }

    /**
     * Returns the files of Unix domain sockets on this host, which has no others. A file stays, even through a crash, until its listener is closed in
     * good order or it is {@link #unlink unlinked}.
     */
    public List<Path> socketFiles() {
        return unix.files();
    }

    /**
     * Deletes the file of a Unix domain socket, as {@code Files.deleteIfExists} does outside simulations. The file may be one left behind, or one
     * with a listener, which then can't be found any more.
     *
     * @return whether the file existed
     */
    public boolean unlink(Path path) {
        return unix.unlink(path);
    }

    /**
     * Returns an executor for work that would block or take long. Each piece begins once the one before is done, takes {@code cost} of virtual time,
     * and then runs at once, outside every loop. It must neither block nor touch a loop, except by completing a
     * {@link java.util.concurrent.CompletionStage}. An exception that it throws fails the run. After a crash or kill, pending work is discarded; while the
     * host is paused, it waits.
     */
    public Executor executor(Duration cost) {
        if (cost.isNegative()) {
            throw new IllegalArgumentException("work can't cost " + cost);
        }
        long nanos = Agenda.nanos(cost);
        return new Executor() {
            private long busyUntil;
            private int lifeOfWork;

            @Override
            public void execute(Runnable work) {
                simulation.requireOwner("giving work to an executor of host " + name);
                requireUp("do work");
                if (lifeOfWork != life) {
                    lifeOfWork = life;
                    busyUntil = 0; // the work it was busy with has died
                }
                busyUntil = Math.min(Math.max(busyUntil, network.agenda.now()) + nanos, Agenda.END);
                later(busyUntil, work);
            }
        };
    }

    /** Returns the wall clock of this host: near that of the others, and made to jump by {@link Faults#wallClockJumps}. */
    public InstantSource wallClock() {
        return clock.wallClock();
    }

    /** Returns whether the host runs: after a crash or a kill, it does not until it boots again. */
    public boolean up() {
        return crashes == 0 && kills == 0;
    }

    private void requireUp(String what) {
        if (!up()) {
            throw new IllegalStateException("host " + name + " is down, and can't " + what);
        }
    }

    // ---- for the simulation

    boolean powered() {
        return crashes == 0;
    }

    boolean boots() {
        return boot != null;
    }

    /** Boots the host. Meanwhile, loops that name no transport are opened on it. */
    void boot() {
        if (boot != null) {
            DefaultTransport.during(
                    transport,
                    () -> simulation.properties().ofHost(this, () -> {
                        try {
                            boot.boot(this);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }));
        }
    }

    /** Runs an action on behalf of the host at that time, unless the host has gone down by then. */
    void later(long time, Runnable action) {
        int present = life;
        network.agenda.at(time, () -> happen(present, action));
    }

    private void happen(int whenPlanned, Runnable action) {
        if (life != whenPlanned || !up()) {
            return;
        }
        if (paused()) {
            suspended.add(() -> happen(whenPlanned, action));
        } else {
            simulation.attempt(this, "work for host " + name, action);
        }
    }

    void add(Driven loop) {
        loops.add(loop);
    }

    void forget(Driven loop) {
        loops.remove(loop);
    }

    HostMemory memory() {
        return transport.memory();
    }

    /** Returns whether there are open loops, or open selectors without a loop. */
    boolean hasSelectors() {
        return transport.hasSelectors();
    }

    void closed(SimSelector selector) {
        transport.closed(selector);
    }

    List<Driven> loops() {
        return loops;
    }

    /** Gives one of its loops a tick that it does not need. */
    void wakeForNothing() {
        if (!loops.isEmpty()) {
            loops.get(network.chance.pick(loops.size())).hasWork();
        }
    }

    /** Returns when its loops may run next; {@link Long#MAX_VALUE} if not until something changes. */
    long runnableAt() {
        return pauses > 0 ? Long.MAX_VALUE : busyUntil;
    }

    void ticked() {
        if (slowNanos > 0) {
            network.tally.hit(Fault.Kind.SLOW);
            busyUntil = network.agenda.after(slowNanos);
        }
    }

    void pause() {
        pauses++;
        note("paused");
    }

    void resume() {
        pauses--;
        note("resumed");
        if (!paused()) {
            suspended.forEach(each -> network.agenda.at(network.agenda.now(), each));
            suspended.clear();
        }
    }

    private void note(String what) {
        network.trace.add(Kind.HOST, number, -1, 0, 0, 0, what);
    }

    boolean paused() {
        return pauses > 0;
    }

    /** Makes each tick of its loops take this much longer from now on. Returns what undoes that. */
    Runnable slow(long nanos) {
        slowNanos += nanos;
        return () -> slowNanos -= nanos;
    }

    Runnable clockRate(double rate) {
        Runnable undo = rates.replace(rate);
        clockChanged();
        return () -> {
            undo.run();
            clockChanged();
        };
    }

    private void clockChanged() {
        clock.rate(rates.value());
        network.tally.hit(Fault.Kind.CLOCK_RATE, loops.size());
        loops.forEach(Driven::clockChanged);
    }

    Runnable wallClockJumps(Duration by) {
        network.tally.hit(Fault.Kind.WALL_CLOCK, loops.size());
        note("wall clock jumps by " + by);
        clock.wallClockJumps(by);
        return () -> {
            note("wall clock jumps back");
            clock.wallClockJumps(by.negated());
        };
    }

    // ---- going down, and coming up

    /** Loses power: all state is gone, and nobody is notified. */
    void crash() {
        if (crashes++ > 0) {
            return;
        }
        note("crashed");
        network.tally.hit(Fault.Kind.CRASH, tcps.size());
        List.copyOf(tcps).forEach(each -> each.leave(false));
        ports.forget(random.nextInt(1 << 30));
        processEnds("crashed");
    }

    /** Ends the process as if by {@code kill -9}: the kernel closes what it had open, and refuses new connections. */
    void kill() {
        if (kills++ > 0 || !powered()) {
            return;
        }
        note("killed");
        network.tally.hit(Fault.Kind.KILL, tcps.size());
        ports.clear().forEach(TcpAcceptor::close);
        List.copyOf(tcps).forEach(Tcp::orphan);
        processEnds("was killed");
    }

    private void processEnds(String how) {
        life++;
        suspended.clear();
        simulation.properties().ended(this);
        unix.processEnds();
        var cause = new PowerLoss("host " + name + " " + how);
        List.copyOf(loops).forEach(each -> each.lose(cause));
        loops.clear();
        transport.breakAll(cause);
    }

    void powerIsBack() {
        if (--crashes == 0) {
            clock.startAnew(random.nextLong());
        }
        bootIfUp();
    }

    void mayRunAgain() {
        kills--;
        bootIfUp();
    }

    private void bootIfUp() {
        if (up() && !simulation.isClosed()) {
            life++;
            note("started");
            busyUntil = 0;
            simulation.attempt(this, "its boot", this::boot);
        }
    }

    /** Resets this host's ends of its connections with another host. */
    void resetConnectionsWith(Host other) {
        for (Tcp each : List.copyOf(tcps)) {
            if (each.peerHost == other) {
                network.tally.hit(Fault.Kind.RESET);
                network.reset(each);
            }
        }
    }

    @Override
    public String toString() {
        return "host " + name + " at " + address.getHostAddress() + (up() ? "" : ", down");
    }
}
