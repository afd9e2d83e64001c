package rill.testkit.memory;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.Handle;
import rill.Promise;
import rill.Resolver;
import rill.spi.Clock;
import rill.spi.Environment;
import rill.spi.Memory;
import rill.spi.SeededRandom;
import rill.spi.Selector;
import rill.spi.Transport;

/**
 * A transport in memory, on one thread and in virtual time. Loops opened on the same instance can reach each other.
 *
 * <pre>
 * var transport = new MemoryTransport(42);
 * try (var loop = Loop.open(transport)) {
 *     Listener listener = loop.serve(MemoryTransport.ANY, pipeline, request -&gt; answer(request)).await();
 *     Client&lt;String, String&gt; client = loop.connect(listener.address(), protocol).await();
 *     assertEquals("pong", client.call("ping").await());
 * }
 * assertEquals(List.of(), transport.left());
 * </pre>
 *
 * <p>An await drives all its loops. When none of them has anything to do, time advances to the next timer or the next arrival, so a test of an hour's
 * deadline takes no time. If nothing more can happen, the await throws {@link IllegalStateException}.
 *
 * <p>A transport with a seed is as nasty as the contract allows: it splits reads, takes writes in parts or late, delays bytes in flight, and reports
 * events in another order each time. The same seed gives the same network. {@link #calm()} does none of that.
 *
 * <p>Its date begins in 2030. Addresses are ports of the loopback. Every name resolves to the loopback.
 *
 * <p><b>Threading:</b> everything on one thread.
 *
 * <p><b>Not guaranteed:</b> that it behaves as TCP does under loss or congestion; use the simulation for that.
 */
public final class MemoryTransport implements Transport {
    /** An address to listen at, with a free port. */
    public static final SocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static final long START = 1_000_000_000_000L;
    private static final Instant BEGINNING = Instant.parse("2030-01-01T00:00:00Z");
    private static final int FIRST_PORT = 20_000;
    private static final int LAST_PORT = 65_535;
    private static final int[] CAPACITIES = {37, 512, 4096, 16 * 1024, 64 * 1024};
    private static final int LARGEST = 64 * 1024;
    private static final long MILLI = 1_000_000;
    private static final int LEAST_CALM = 50;
    private static final int ALL = 100; // percent
    private static final int LONGEST_LOOK_UP_MILLIS = 20;

    final Random random;
    private final long seed;
    private final int calm; // percent of deliveries that are neither delayed nor split
    private final VirtualTime time = new VirtualTime(this);
    private final Map<SocketAddress, MemoryAcceptor> acceptors = new HashMap<>();
    private final List<MemorySelector> selectors = new ArrayList<>();
    private final Set<List<SocketAddress>> resets = new HashSet<>(); // sender and receiver of each
    private final Map<SocketAddress, Integer> ends = new HashMap<>(); // of connections, by client address
    private Memory memory = Memory.system();
    private @Nullable Environment environment;
    private @Nullable Misconduct misconduct;
    private int leastCapacity;
    private int nextPort = FIRST_PORT;
    long now = START;
    int openWires;
    int openAcceptors;

    /** Creates a network that is as nasty as this seed decides. */
    public MemoryTransport(long seed) {
        this(seed, new Random(seed));
    }

    private MemoryTransport(long seed, Random random) {
        this(seed, random, LEAST_CALM + random.nextInt(ALL - LEAST_CALM + 1));
    }

    private MemoryTransport(long seed, Random random, int calm) {
        this.seed = seed;
        this.random = random;
        this.calm = calm;
    }

    /** Creates a network that delivers everything at once, whole, and in order. */
    public static MemoryTransport calm() {
        return new MemoryTransport(0, new Random(0), ALL).capacity(LARGEST);
    }

    // ---- before loops are opened

    /** Sets the least number of bytes that each direction of a connection takes in flight. */
    public MemoryTransport capacity(int bytes) {
        leastCapacity = bytes;
        return this;
    }

    /** Sets where the buffers of loops come from, instead of {@link Memory#system()}. */
    public MemoryTransport memory(Memory newMemory) {
        memory = newMemory;
        return this;
    }

    /** Makes the transport break the contract now and then, in this way. */
    public MemoryTransport misbehaving(Misconduct how) {
        misconduct = how;
        return this;
    }

    /** Sets the environment of its loops, which may drive them in another way. */
    MemoryTransport environment(Environment newEnvironment) {
        environment = newEnvironment;
        return this;
    }

    // ---- time

    /** Returns the current reading of its clock. */
    public long nanoTime() {
        return now;
    }

    /** Gives loops up to this many ticks, without advancing time. */
    public void turns(int count) {
        time.turns(count);
    }

    /** Drives the loops until this much time has passed. */
    public void pass(Duration duration) {
        until(duration, () -> false);
    }

    /** Drives the loops until {@code done} returns true, or {@code limit} has passed. */
    public void until(Duration limit, BooleanSupplier done) {
        time.until(limit, done);
    }

    /** Advances time without driving: called within a Handle, it simulates that the Handle takes this long. */
    public void hold(Duration duration) {
        now += duration.toNanos();
    }

    // ---- the network

    /** Resets the connection with these two ends: both are notified, and bytes in flight are lost. */
    public void reset(SocketAddress end, SocketAddress peer) {
        for (MemorySelector each : List.copyOf(selectors)) {
            each.disturb(end, peer, true, now);
        }
    }

    /** Nothing arrives at the two ends of this connection for this long. */
    public void stall(SocketAddress end, SocketAddress peer, Duration duration) {
        for (MemorySelector each : List.copyOf(selectors)) {
            each.disturb(end, peer, false, now + duration.toNanos());
        }
    }

    /** Whether {@code end} has sent a reset to {@code peer}, so that bytes that it wrote may be lost. */
    public boolean hasReset(SocketAddress end, SocketAddress peer) {
        return resets.contains(List.of(end, peer));
    }

    /** Describes what is still open: empty once all of its loops are closed. */
    public List<String> left() {
        var left = new ArrayList<String>();
        if (openWires > 0) {
            left.add(openWires + " wires");
        }
        if (openAcceptors > 0) {
            left.add(openAcceptors + " acceptors");
        }
        if (!selectors.isEmpty()) {
            left.add(selectors.size() + " selectors");
        }
        return left;
    }

    /** Closes all loops that are still open, however broken they are. */
    public void closeLoops() {
        time.closeLoops();
    }

    // ---- Transport

    @Override
    public String name() {
        return "memory";
    }

    /** Returns less than any other transport: it is used only where it is named. */
    @Override
    public int preference() {
        return Integer.MIN_VALUE;
    }

    @Override
    public Environment environment() {
        if (environment == null) {
            environment =
                    new Environment(clock(), new SeededRandom(new Random(seed)), resolver(), time::later, memory, time);
        }
        return environment;
    }

    private Clock clock() {
        return new Clock() {
            @Override
            public long nanoTime() {
                return MemoryTransport.this.nanoTime();
            }

            @Override
            public InstantSource wallClock() {
                return () -> BEGINNING.plusNanos(nanoTime() - START);
            }
        };
    }

    private Resolver resolver() {
        return (loop, name) -> {
            Promise<List<InetAddress>> found = loop.promise();
            Duration takes = Duration.ofMillis(random.nextInt(LONGEST_LOOK_UP_MILLIS));
            Handle answer =
                    loop.schedule(takes, "name", () -> found.complete(List.of(InetAddress.getLoopbackAddress())));
            return found.onCancel(answer::cancel);
        };
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        var selector = new MemorySelector(this, receiveBuffer);
        selectors.add(selector);
        return selector;
    }

    @Override
    public String toString() {
        return "memory transport with seed " + seed;
    }

    List<MemorySelector> selectors() {
        return selectors;
    }

    /** Returns when the next thing happens that only takes time; Long.MAX_VALUE if nothing will. */
    long nextEvent() {
        long next = Long.MAX_VALUE;
        for (MemorySelector each : selectors) {
            next = Math.min(next, each.nextEvent());
        }
        return next;
    }

    // ---- chance

    /** Whether this misconduct occurs now. */
    boolean does(Misconduct what) {
        return misconduct == what && random.nextInt(4) == 0;
    }

    /** Returns when something that happens now becomes visible to the other side. */
    long arrival() {
        if (random.nextInt(ALL) < calm) {
            return now;
        }
        return now + (random.nextInt(8) == 0 ? random.nextInt(200) : random.nextInt(4)) * MILLI;
    }

    /** Whether a ready event is reported now, rather than a little later. */
    boolean tellsNow() {
        return calm == ALL || random.nextInt(4) > 0;
    }

    int capacity() {
        return Math.max(leastCapacity, CAPACITIES[random.nextInt(CAPACITIES.length)]);
    }

    /** Returns a number from 1 to {@code most}. */
    int piece(int most) {
        if (most <= 1 || random.nextInt(ALL) < calm) {
            return most;
        }
        return 1 + random.nextInt(most > 8192 || random.nextBoolean() ? most : Math.min(most, 64));
    }

    // ---- addresses

    /** Returns the next free port, wrapping around at the end of the range; null if there is none. */
    @Nullable
    InetSocketAddress ephemeral() {
        for (int n = FIRST_PORT; n <= LAST_PORT; n++) {
            var next = new InetSocketAddress(InetAddress.getLoopbackAddress(), nextPort);
            nextPort = nextPort == LAST_PORT ? FIRST_PORT : nextPort + 1;
            if (!acceptors.containsKey(next) && !ends.containsKey(next)) {
                return next;
            }
        }
        return null;
    }

    /** An end of a connection from this address exists. */
    void begins(SocketAddress from) {
        ends.merge(from, 1, Integer::sum);
    }

    /** A new connection has these addresses from now on: what is known of an earlier one does not apply to it. */
    void names(SocketAddress from, SocketAddress to) {
        resets.remove(List.of(from, to));
        resets.remove(List.of(to, from));
    }

    /** An end is gone; with the second one the port is free again. */
    void over(SocketAddress from) {
        ends.merge(from, -1, (all, less) -> all + less == 0 ? null : all + less);
    }

    SocketAddress bind(SocketAddress wanted, MemoryAcceptor acceptor) throws IOException {
        SocketAddress address = wanted instanceof InetSocketAddress inet && inet.getPort() == 0 ? ephemeral() : wanted;
        if (address == null || acceptors.putIfAbsent(address, acceptor) != null) {
            throw new BindException("listen at " + wanted + ": Address already in use");
        }
        openAcceptors++;
        return address;
    }

    void unbind(MemoryAcceptor acceptor) {
        if (acceptors.values().remove(acceptor)) {
            openAcceptors--;
        }
    }

    @Nullable
    MemoryAcceptor acceptor(SocketAddress address) {
        return acceptors.get(address);
    }

    void noteReset(SocketAddress by, SocketAddress to) {
        resets.add(List.of(by, to));
    }
}
