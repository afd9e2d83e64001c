package rill.testkit.storm;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.Environment;
import rill.spi.Selector;
import rill.spi.Transport;

/**
 * A transport within one thread, in virtual time, that is as nasty as the contract allows: it splits what is read, takes writes by parts
 * or late, delays what is on its way, and reports in another order each time. The same seed gives the same network.
 *
 * <p><b>Threading:</b> one thread for all of it.
 */
final class MemoryNetwork implements Transport {
    static final long START = 1_000_000_000_000L;

    private static final int FIRST_PORT = 20_000;
    private static final int[] CAPACITIES = {37, 512, 4096, 16 * 1024, 64 * 1024};
    private static final long MILLI = 1_000_000;

    final Random random;
    private final Map<SocketAddress, MemoryAcceptor> acceptors = new HashMap<>();
    private final List<MemorySelector> selectors = new ArrayList<>();
    private @Nullable Environment environment;
    private final Set<List<SocketAddress>> resets = new HashSet<>(); // who has sent one, and to whom
    private int nextPort = FIRST_PORT;
    long now = START;
    int openWires;
    int openAcceptors;
    private final int calm; // percent of what could be delayed or split and is not
    private int leastCapacity;
    private final @Nullable Plant plant;

    MemoryNetwork(long seed) {
        this(seed, null);
    }

    /** With a fault. */
    MemoryNetwork(long seed, @Nullable Plant plant) {
        this.plant = plant;
        random = new Random(seed);
        calm = 50 + random.nextInt(51);
    }

    /** Whether this fault shows now. */
    boolean has(Plant fault) {
        return plant == fault && random.nextInt(4) == 0;
    }

    /** For much to be sent. */
    MemoryNetwork coarse() {
        leastCapacity = 128 * 1024;
        return this;
    }

    void environment(Environment newEnvironment) {
        environment = newEnvironment;
    }

    // ---- Transport

    @Override
    public String name() {
        return "storm";
    }

    @Override
    public int preference() {
        return Integer.MIN_VALUE;
    }

    @Override
    public Environment environment() {
        return environment == null ? Environment.production() : environment;
    }

    @Override
    public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
        var selector = new MemorySelector(this, receiveBuffer);
        selectors.add(selector);
        return selector;
    }

    List<MemorySelector> selectors() {
        return selectors;
    }

    // ---- chance

    /** When something that happens now is seen by the other side. */
    long arrival() {
        if (random.nextInt(100) < calm) {
            return now;
        }
        return now + (random.nextInt(8) == 0 ? random.nextInt(200) : random.nextInt(4)) * MILLI;
    }

    /** Whether something that is ready is told now, or a little later. */
    boolean tellsNow() {
        return calm == 100 || random.nextInt(4) > 0;
    }

    int capacity() {
        return Math.max(leastCapacity, CAPACITIES[random.nextInt(CAPACITIES.length)]);
    }

    /** From 1 to {@code most}. */
    int piece(int most) {
        if (most <= 1 || random.nextInt(100) < calm) {
            return most;
        }
        return 1 + random.nextInt(most > 8192 || random.nextBoolean() ? most : Math.min(most, 64));
    }

    // ---- addresses

    InetSocketAddress ephemeral() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), nextPort++);
    }

    SocketAddress bind(SocketAddress wanted, MemoryAcceptor acceptor) throws IOException {
        SocketAddress address = wanted instanceof InetSocketAddress inet && inet.getPort() == 0 ? ephemeral() : wanted;
        if (acceptors.putIfAbsent(address, acceptor) != null) {
            throw new java.net.BindException("listen at " + address + ": Address already in use");
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

    boolean hasReset(SocketAddress by, SocketAddress to) {
        return resets.contains(List.of(by, to));
    }

    /** When the next thing happens that only takes time; Long.MAX_VALUE if nothing will. */
    long nextEvent() {
        long next = Long.MAX_VALUE;
        for (MemorySelector each : selectors) {
            next = Math.min(next, each.nextEvent());
        }
        return next;
    }
}
