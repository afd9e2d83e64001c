package rill.transport.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.Reporter;
import rill.spi.Transport;
import rill.transport.sim.Trace.Kind;

/**
 * A host of a simulation: an address, a clock, and a transport for the loops that run on it.
 *
 * <p><b>Threading:</b> the simulation's thread.
 */
public final class Host {
    final int number;
    final HostClock clock;
    final Ports ports;
    final RandomGenerator random;
    final Set<Tcp> tcps = new LinkedHashSet<>();
    Route[] routes = {};
    private final Network network;
    private final String name;
    private final InetAddress address;
    private final SimTransport transport;
    private final List<Driven> loops = new ArrayList<>();
    private final @Nullable Consumer<? super Host> boot;
    private final Route.Setting<Double> rates = new Route.Setting<>(1.0);
    private int pauses;
    private boolean up = true;
    private long slowNanos;
    private long busyUntil;

    Host(Simulation simulation, Network network, String name, @Nullable Consumer<? super Host> boot) {
        this.network = network;
        this.name = name;
        this.boot = boot;
        this.number = network.hosts().size();
        this.random = Agenda.random(network.seed, "host " + name);
        this.clock = new HostClock(network.agenda, random.nextLong());
        this.ports = new Ports(network, this);
        this.address = Network.addressOf(name, number);
        this.transport = new SimTransport(simulation, network, this);
    }

    /** The name, which resolves to the address on every host of the simulation. */
    public String name() {
        return name;
    }

    /** The address. */
    public InetAddress address() {
        return address;
    }

    /** A port at the address: where to listen, or to connect without looking up the name. */
    public InetSocketAddress address(int port) {
        return new InetSocketAddress(address, port);
    }

    /** The transport for loops of this host: {@code Loop.open(host.transport())}. */
    public Transport transport() {
        return transport;
    }

    /**
     * Opens a loop on this host, named {@code host/name} in reports. That connections fail is not reported, because here they are meant
     * to; with {@link #loop(LoopOptions)} you choose a reporter of your own.
     */
    public Loop loop(String loopName) {
        return loop(LoopOptions.defaults().name(name + "/" + loopName).reporter(Host::report));
    }

    private static void report(Report report) {
        if (!(report instanceof Report.ConnectionFailed)) {
            Reporter.logging().report(report);
        }
    }

    /** Opens a loop on this host, on whatever transport the options name. The watch for slow Handles, in real time, is off. */
    public Loop loop(LoopOptions options) {
        if (!up) {
            throw new IllegalStateException("host " + name + " is down, and can't open a loop");
        }
        try {
            return Loop.open(options.transport(transport).slowHandle(Duration.ZERO));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // it has no descriptors that it could run out of
        }
    }

    /** Whether it runs: not after a crash, until it is started again. */
    public boolean up() {
        return up;
    }

    // ---- for the simulation

    void boot() {
        if (boot != null) {
            boot.accept(this);
        }
    }

    void add(Driven loop) {
        loops.add(loop);
    }

    void forget(Driven loop) {
        loops.remove(loop);
    }

    void closed(SimSelector selector) {
        transport.closed(selector);
    }

    List<Driven> loops() {
        return loops;
    }

    /** When its loops may run next; {@link Long#MAX_VALUE} if they may not until something changes. */
    long runnableAt() {
        return pauses > 0 ? Long.MAX_VALUE : busyUntil;
    }

    void ticked() {
        if (slowNanos > 0) {
            busyUntil = network.agenda.now() + slowNanos;
        }
    }

    void pause() {
        pauses++;
        note("paused");
    }

    void resume() {
        pauses--;
        note("resumed");
    }

    private void note(String what) {
        network.trace.add(Kind.HOST, number, -1, 0, 0, 0, what);
    }

    boolean paused() {
        return pauses > 0;
    }

    /** From now on each tick of its loops takes so much longer. */
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
        loops.forEach(Driven::clockChanged);
    }

    /** Everything that it knew is gone, and nobody is told. */
    void crash() {
        if (!up) {
            return;
        }
        up = false;
        note("crashed");
        List.copyOf(tcps).forEach(each -> each.leave(false));
        ports.clear();
        var cause = new IOException("host " + name + " has crashed");
        List.copyOf(loops).forEach(each -> each.breakWith(cause));
        loops.clear();
        transport.breakAll(cause);
    }

    void start() {
        if (!up) {
            up = true;
            note("started");
            busyUntil = 0;
            boot();
        }
    }

    /** What happens to a connection when the network resets it. */
    void resetConnectionsWith(Host other) {
        for (Tcp each : List.copyOf(tcps)) {
            if (each.peerHost == other) {
                each.fail(new java.net.SocketException("Connection reset"));
            }
        }
    }

    @Override
    public String toString() {
        return "host " + name + " at " + address.getHostAddress() + (up ? "" : ", down");
    }
}
