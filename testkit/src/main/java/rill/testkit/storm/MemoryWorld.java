package rill.testkit.storm;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.spi.Transport;
import rill.testkit.memory.MemoryTransport;

/** A world in memory, in virtual time, on one thread: see {@link MemoryTransport}. */
class MemoryWorld implements World {
    private final MemoryTransport transport;
    private final ProgramMemory memory;
    private final @Nullable Plant plant;

    MemoryWorld(long seed) {
        this(seed, null);
    }

    /** Creates a world with a fault. */
    MemoryWorld(long seed, @Nullable Plant plant) {
        this.plant = plant;
        memory = new ProgramMemory(plant == Plant.KEEPS_MEMORY);
        transport = new MemoryTransport(seed).memory(memory);
        if (plant != null && plant.misconduct != null) {
            transport.misbehaving(plant.misconduct);
        }
    }

    /** Whether the world has this fault. */
    boolean has(Plant fault) {
        return plant == fault;
    }

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public boolean virtual() {
        return true;
    }

    @Override
    public Transport transport(int loop) {
        return transport;
    }

    @Override
    public SocketAddress address(int loop) {
        return MemoryTransport.ANY;
    }

    @Override
    public SocketAddress named(SocketAddress address) {
        return InetSocketAddress.createUnresolved("storm", ((InetSocketAddress) address).getPort());
    }

    // ---- driving

    @Override
    public void opened(Loop loop, int number) {
        // The transport was notified already.
    }

    @Override
    public void turns(int count) {
        transport.turns(count);
    }

    @Override
    public void pass(Duration time) {
        transport.pass(time);
    }

    @Override
    public void until(Duration limit, BooleanSupplier done) {
        transport.until(limit, done);
    }

    @Override
    public void hold(Duration time) {
        transport.hold(time);
    }

    @Override
    public void disturb(SocketAddress end, SocketAddress peer, boolean reset, Duration time) {
        if (reset) {
            transport.reset(end, peer);
        } else {
            transport.stall(end, peer, time);
        }
    }

    @Override
    public boolean mayHaveReset(SocketAddress end, SocketAddress peer) {
        return transport.hasReset(end, peer);
    }

    @Override
    public void refuseMemory(int nth) {
        memory.refuse(nth);
    }

    @Override
    public int memoryAsked() {
        return memory.asked();
    }

    @Override
    public List<String> left() {
        var left = new ArrayList<>(transport.left());
        if (memory.out() != 0) {
            left.add(memory.out() + " pieces of memory");
        }
        return left;
    }

    @Override
    public void close() {
        transport.closeLoops();
    }
}
