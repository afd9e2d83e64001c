package rill.testkit.storm;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Handle;
import rill.Loop;
import rill.Promise;
import rill.Resolver;
import rill.spi.Drivable;
import rill.spi.Driver;
import rill.spi.Environment;
import rill.spi.SeededRandom;
import rill.spi.Transport;

/** A world in memory, in virtual time, on one thread: see {@link MemoryNetwork}. */
class MemoryWorld implements World, Driver {
    /** So many ticks without time moving on are taken for ticks without end. */
    private static final int TICKS_AT_ONE_TIME = 200_000;

    private final MemoryNetwork network;
    private final Random random;
    private final ProgramMemory memory;
    private final @Nullable Plant plant;
    private final List<Member> members = new ArrayList<>();
    private final ArrayDeque<Runnable> blocking = new ArrayDeque<>();
    private long ticks;
    private long ticksBefore;
    private long timeBefore = Long.MIN_VALUE;

    private final class Member {
        final Drivable loop;
        final MemorySelector selector;
        boolean more = true;

        Member(Drivable loop, MemorySelector selector) {
            this.loop = loop;
            this.selector = selector;
        }

        boolean hasWork() {
            if (loop.closed()) {
                return false;
            }
            return more || selector.ready() || timer() <= network.now;
        }

        long timer() {
            OptionalLong timer = loop.nextTimer();
            return timer.isPresent() ? timer.getAsLong() : Long.MAX_VALUE;
        }
    }

    MemoryWorld(long seed) {
        this(seed, null);
    }

    /** With a fault. */
    MemoryWorld(long seed, @Nullable Plant plant) {
        this.plant = plant;
        memory = new ProgramMemory(plant == Plant.KEEPS_MEMORY);
        network = new MemoryNetwork(seed, plant);
        random = network.random;
        network.environment(new Environment(
                () -> network.now, new SeededRandom(new Random(seed)), resolver(), blocking::add, memory, this));
    }

    private Resolver resolver() {
        return (name, loop) -> {
            Promise<List<InetAddress>> found = loop.promise();
            Duration time = Duration.ofMillis(random.nextInt(20));
            Handle answer =
                    loop.schedule(time, "name", () -> found.complete(List.of(InetAddress.getLoopbackAddress())));
            return (Future<List<InetAddress>>) found.onCancel(answer::cancel);
        };
    }

    /** Whether it has this fault. */
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
        return network;
    }

    @Override
    public SocketAddress address(int loop) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    @Override
    public SocketAddress named(SocketAddress address) {
        return InetSocketAddress.createUnresolved("storm", ((InetSocketAddress) address).getPort());
    }

    // ---- driving

    @Override
    public void opened(Loop loop, int number) {
        // opened(loop) was told already
    }

    @Override
    public void opened(Drivable loop) {
        members.add(new Member(loop, network.selectors().getLast()));
    }

    @Override
    public void handingOver(Drivable loop) {
        for (Member each : members) {
            if (each.loop == loop) {
                each.more = true;
            }
        }
    }

    @Override
    public void drive(Drivable loop, BooleanSupplier done) {
        while (!done.getAsBoolean()) {
            if (!step(Long.MAX_VALUE)) {
                throw new IllegalStateException("nothing is left that could happen, so the await would never be over");
            }
        }
    }

    /** One tick, or if nobody has work, time moves to whatever comes next, but not beyond {@code end}; false if nothing comes. */
    private boolean step(long end) {
        if (!blocking.isEmpty() && random.nextInt(3) == 0) {
            blocking.remove().run();
            return true;
        }
        Member next = withWork();
        if (next != null) {
            guardAgainstSpinning();
            ticks++;
            next.more = next.loop.tick();
            return true;
        }
        if (!blocking.isEmpty()) {
            blocking.remove().run();
            return true;
        }
        long time = network.nextEvent();
        for (Member each : members) {
            if (!each.loop.closed()) {
                time = Math.min(time, each.timer());
            }
        }
        if (time > end || time == Long.MAX_VALUE) {
            return false;
        }
        network.now = Math.max(time, network.now);
        return true;
    }

    private void guardAgainstSpinning() {
        if (network.now != timeBefore) {
            timeBefore = network.now;
            ticksBefore = ticks;
        } else if (ticks - ticksBefore > TICKS_AT_ONE_TIME) {
            throw new Violation(2, "the loops tick without end, and nothing comes of it");
        }
    }

    private @Nullable Member withWork() {
        int n = members.size();
        int first = random.nextInt(n);
        for (int i = 0; i < n; i++) {
            Member each = members.get((first + i) % n);
            if (each.hasWork()) {
                return each;
            }
        }
        return null;
    }

    @Override
    public void turns(int count) {
        for (int i = 0; i < count && step(network.now); i++) {
            // That was one.
        }
    }

    @Override
    public void pass(Duration time) {
        until(time, () -> false);
    }

    @Override
    public void until(Duration limit, BooleanSupplier done) {
        long end = network.now + limit.toNanos();
        while (!done.getAsBoolean()) {
            if (!step(end)) {
                network.now = Math.max(network.now, end);
                return;
            }
            if (network.now >= end && withWork() == null && blocking.isEmpty()) {
                return;
            }
        }
    }

    @Override
    public void hold(Duration time) {
        network.now += time.toNanos();
    }

    @Override
    public void disturb(SocketAddress end, SocketAddress peer, boolean reset, Duration time) {
        for (MemorySelector each : List.copyOf(network.selectors())) {
            each.disturb(end, peer, reset, network.now + time.toNanos());
        }
    }

    @Override
    public boolean mayHaveReset(SocketAddress end, SocketAddress peer) {
        return network.hasReset(end, peer);
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
        var left = new ArrayList<String>();
        if (network.openWires > 0) {
            left.add(network.openWires + " wires");
        }
        if (network.openAcceptors > 0) {
            left.add(network.openAcceptors + " acceptors");
        }
        if (memory.out() != 0) {
            left.add(memory.out() + " pieces of memory");
        }
        if (!network.selectors().isEmpty()) {
            left.add(network.selectors().size() + " selectors");
        }
        return left;
    }

    @Override
    public void close() {
        for (Member each : members) {
            if (!each.loop.closed()) {
                try {
                    each.loop.close(Duration.ZERO);
                } catch (RuntimeException | Error e) {
                    each.selector.close(); // the program has failed already, and was told why
                }
            }
        }
    }
}
