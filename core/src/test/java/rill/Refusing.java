package rill;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import rill.spi.Drivable;
import rill.spi.Driver;
import rill.spi.Environment;
import rill.testing.Loops;

/** A driver of loops that can refuse the hand-over of work to them. */
final class Refusing implements Driver {
    static final int ALWAYS = Integer.MAX_VALUE;

    volatile int refuses; // the number of hand-overs to refuse from now on
    private final List<Drivable> loops = new ArrayList<>();

    /** Opens a loop that this driver drives. */
    Loop open(Loops rig) {
        return opening(rig, rig::open);
    }

    /** Opens a group of such loops. */
    LoopGroup openGroup(Loops rig, int size) {
        LoopOptions options = LoopOptions.defaults()
                .transport(rig.transport())
                .reporter(rig.reporter())
                .slowHandle(Duration.ZERO);
        return opening(rig, () -> LoopGroup.open(size, options));
    }

    private <T> T opening(Loops rig, Callable<T> opened) {
        Environment usual = rig.transport().environment();
        rig.transport()
                .environment(new Environment(
                        usual.clock(), usual.random(), usual.resolver(), usual.blocking(), usual.memory(), this));
        try {
            return opened.call();
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            rig.transport().environment(usual);
        }
    }

    @Override
    public void opened(Drivable loop) {
        loops.add(loop);
    }

    @Override
    public void drive(Drivable loop, BooleanSupplier done) {
        while (!done.getAsBoolean()) {
            for (Drivable each : loops) {
                if (!each.isClosed()) {
                    each.tick();
                }
            }
        }
    }

    @Override
    public void handingOver(Drivable loop) {
        int left = refuses;
        if (left > 0) {
            refuses = left == ALWAYS ? ALWAYS : left - 1;
            throw new IllegalStateException("on purpose");
        }
    }
}
