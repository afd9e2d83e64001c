package rill.testkit.memory;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import rill.spi.Drivable;
import rill.spi.Driver;

/** Drives the loops of a {@link MemoryTransport}, in an order that its seed decides, and advances time when none has work. */
final class VirtualTime implements Driver {
    /** This many ticks without time advancing count as an endless loop. */
    private static final int TICKS_AT_ONE_TIME = 200_000;

    private final MemoryTransport transport;
    private final List<Member> members = new ArrayList<>();
    private final ArrayDeque<Runnable> blocking = new ArrayDeque<>();
    private long ticks;
    private long ticksBefore;
    private long timeBefore = Long.MIN_VALUE;

    VirtualTime(MemoryTransport transport) {
        this.transport = transport;
    }

    private final class Member {
        final Drivable loop;
        final MemorySelector selector;
        boolean more = true;

        Member(Drivable loop, MemorySelector selector) {
            this.loop = loop;
            this.selector = selector;
        }

        boolean hasWork() {
            return !loop.isClosed() && (more || selector.ready() || timer() <= transport.now);
        }

        long timer() {
            OptionalLong timer = loop.nextTimer();
            return timer.isPresent() ? timer.getAsLong() : Long.MAX_VALUE;
        }
    }

    /** Runs blocking work at some later point, between ticks. */
    void later(Runnable work) {
        blocking.add(work);
    }

    // ---- Driver

    @Override
    public void opened(Drivable loop) {
        members.removeIf(each -> each.loop.isClosed());
        members.add(new Member(loop, transport.selectors().getLast()));
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

    // ---- steps

    void turns(int count) {
        for (int i = 0; i < count && step(transport.now); i++) {
            // The condition takes the step.
        }
    }

    void until(Duration limit, BooleanSupplier done) {
        long end = transport.now + limit.toNanos();
        while (!done.getAsBoolean()) {
            if (!step(end)) {
                transport.now = Math.max(transport.now, end);
                return;
            }
            if (transport.now >= end && withWork() == null && blocking.isEmpty()) {
                return;
            }
        }
    }

    /** Runs one tick or, if no loop has work, advances time to the next event, but not beyond {@code end}; returns false if nothing will happen. */
    private boolean step(long end) {
        if (!blocking.isEmpty() && random().nextInt(3) == 0) {
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
        long time = transport.nextEvent();
        for (Member each : members) {
            if (!each.loop.isClosed()) {
                time = Math.min(time, each.timer());
            }
        }
        if (time > end || time == Long.MAX_VALUE) {
            return false;
        }
        transport.now = Math.max(time, transport.now);
        return true;
    }

    private void guardAgainstSpinning() {
        if (transport.now != timeBefore) {
            timeBefore = transport.now;
            ticksBefore = ticks;
        } else if (ticks - ticksBefore > TICKS_AT_ONE_TIME) {
            throw new IllegalStateException("the loops tick without end, and nothing comes of it");
        }
    }

    private @Nullable Member withWork() {
        int n = members.size();
        if (n == 0) {
            return null;
        }
        int first = random().nextInt(n);
        for (int i = 0; i < n; i++) {
            Member each = members.get((first + i) % n);
            if (each.hasWork()) {
                return each;
            }
        }
        return null;
    }

    private Random random() {
        return transport.random;
    }

    void closeLoops() {
        for (Member each : members) {
            if (!each.loop.isClosed()) {
                try {
                    each.loop.close(Duration.ZERO);
                } catch (RuntimeException | Error e) {
                    each.selector.close(); // its driver was notified of the reason
                }
            }
        }
    }
}
