package rill.testing;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import rill.spi.Clock;
import rill.spi.Environment;
import rill.spi.Memory;
import rill.spi.Selector;
import rill.spi.Transport;

/**
 * A transport within one process that behaves like a completion-based system, deliberately as unlike NIO as the contract allows: {@code flush} always
 * returns 0, written buffers are kept until a later {@code select} reports them, reads arrive late and in pieces of any size, from memory of the
 * transport's own, and read hints are ignored. Faults are scripted.
 *
 * <p>All connections of one MemoryTransport can reach each other, from any of its selectors.
 *
 * <p><b>Threading:</b> as {@link Transport} says; the methods that change its behaviour are called before or between connections.
 */
public final class MemoryTransport implements Transport {
    private static final int FIRST_PORT = 40_000;
    private static final int LAST_PORT = 65_535;

    /** Guards the state that wires of different selectors share. */
    final Object lock = new Object();

    private final long seed;
    private final Random random;
    private final List<MemorySelector> selectors = new CopyOnWriteArrayList<>();
    private final Map<SocketAddress, MemoryAcceptor> acceptors = new HashMap<>();
    private final ArrayDeque<Faults> forConnecting = new ArrayDeque<>();
    private final ArrayDeque<Faults> forAccepted = new ArrayDeque<>();
    private Environment environment = Environment.production();
    private IOException openFailure;
    private int nextPort = FIRST_PORT;
    private int attempts;

    volatile boolean takesHints;
    volatile int largestRead = 64 * 1024;
    volatile int capacity = 64 * 1024;
    volatile int delayPercent;

    /** Creates a transport with a random seed, which {@link #toString} shows; at first nothing is split or delayed. */
    public MemoryTransport() {
        this(new SecureRandom().nextLong());
    }

    /** Creates a transport with this seed. */
    public MemoryTransport(long seed) {
        this.seed = seed;
        this.random = new Random(seed);
    }

    // ---- behaviour

    /** Makes loops live in the time of this clock. */
    public MemoryTransport clock(Clock clock) {
        var real = Environment.production();
        return environment(
                new Environment(clock, new Random(seed), real.resolver(), real.blocking(), real.memory(), null));
    }

    /** Makes loops take their buffers from this memory. */
    public MemoryTransport memory(Memory memory) {
        var usual = environment;
        return environment(new Environment(
                usual.clock(), usual.random(), usual.resolver(), usual.blocking(), memory, usual.driver()));
    }

    /** Makes loops live in this environment. */
    public MemoryTransport environment(Environment newEnvironment) {
        environment = newEnvironment;
        return this;
    }

    /** Splits reads into pieces of 1 to {@code largest} bytes. */
    public MemoryTransport split(int largest) {
        largestRead = largest;
        return this;
    }

    /** Delays this percentage of all events by a few selects. */
    public MemoryTransport delay(int percent) {
        delayPercent = percent;
        return this;
    }

    /** Sets how many bytes may be on their way in one direction before a write has to wait. */
    public MemoryTransport capacity(int bytes) {
        capacity = bytes;
        return this;
    }

    /** Makes wires read into the buffer that {@code readTarget} offers. */
    public MemoryTransport takingHints() {
        takesHints = true;
        return this;
    }

    /** Gives the next connection to be made these faults; several calls apply to successive connections. */
    public void nextConnection(Faults faults) {
        synchronized (lock) {
            forConnecting.add(faults);
        }
    }

    /** Gives the next connection to be accepted these faults; several calls apply to successive connections. */
    public void nextAccepted(Faults faults) {
        synchronized (lock) {
            forAccepted.add(faults);
        }
    }

    /** Makes the next {@link #open} fail. */
    public void failOpen(IOException cause) {
        openFailure = cause;
    }

    /** Returns the number of connection attempts. */
    public int attempts() {
        synchronized (lock) {
            return attempts;
        }
    }

    /** Returns the selectors opened so far, in order. */
    public List<MemorySelector> selectors() {
        return selectors;
    }

    // ---- Transport

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public int preference() {
        return -1;
    }

    @Override
    public Environment environment() {
        return environment;
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        IOException failure = openFailure;
        openFailure = null;
        if (failure != null) {
            throw failure;
        }
        var selector = new MemorySelector(this, environment.clock());
        selectors.add(selector);
        return selector;
    }

    @Override
    public String toString() {
        return "memory transport with seed " + seed;
    }

    // ---- for selectors and wires; all called with the lock held

    Faults faultsForConnecting() {
        attempts++;
        return forConnecting.isEmpty() ? Faults.none() : forConnecting.remove();
    }

    Faults faultsForAccepted() {
        return forAccepted.isEmpty() ? Faults.none() : forAccepted.remove();
    }

    /** Returns the next address at which nobody listens; the ports are reused in turn. */
    SocketAddress ephemeral() {
        SocketAddress next;
        do {
            next = new InetSocketAddress(InetAddress.getLoopbackAddress(), nextPort);
            nextPort = nextPort == LAST_PORT ? FIRST_PORT : nextPort + 1;
        } while (acceptors.containsKey(next));
        return next;
    }

    /** Returns an address to connect from, or null if somebody listens at the wanted one. */
    SocketAddress free(SocketAddress wanted) {
        boolean any = wanted == null || (wanted instanceof InetSocketAddress inet && inet.getPort() == 0);
        return any ? ephemeral() : acceptors.containsKey(wanted) ? null : wanted;
    }

    /** Returns the address bound, or null if it is taken. */
    SocketAddress bind(SocketAddress wanted, MemoryAcceptor acceptor) {
        SocketAddress address = wanted instanceof InetSocketAddress inet && inet.getPort() == 0 ? ephemeral() : wanted;
        return acceptors.putIfAbsent(address, acceptor) == null ? address : null;
    }

    void unbind(MemoryAcceptor acceptor) {
        acceptors.values().remove(acceptor);
    }

    MemoryAcceptor acceptor(SocketAddress address) {
        return acceptors.get(address);
    }

    /** Returns the size of a piece, from 1 to {@code most}. */
    int piece(int most) {
        return most <= 1 || largestRead >= 64 * 1024
                ? Math.min(most, largestRead)
                : 1 + random.nextInt(Math.min(most, largestRead));
    }

    /** Returns for how many selects an event waits. */
    int delay() {
        return delayPercent > 0 && random.nextInt(100) < delayPercent ? 1 + random.nextInt(3) : 0;
    }
}
