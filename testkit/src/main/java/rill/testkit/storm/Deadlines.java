package rill.testkit.storm;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import rill.Loop;

/**
 * What has to be over by some time: checks that nothing is over much later. Only where time is exact, which is in memory: elsewhere clocks go wrong,
 * hosts pause, and threads wait for a processor.
 *
 * <p><b>Threading:</b> one thread, as everything in such a world.
 */
final class Deadlines {
    private static final long SLACK = TimeUnit.MILLISECONDS.toNanos(1);

    private record Timed(Ledger.Given given, long at, long limit) {}

    private final Run run;
    private final boolean exact;
    private final long slack;
    private final List<Timed> pending = new ArrayList<>();

    Deadlines(Run run, Program program) {
        this.run = run;
        this.exact = run.world() instanceof MemoryWorld;
        this.slack = SLACK + busy(program);
    }

    /** Returns for how long Handles block loops, in all: for that long no deadline can be noticed. */
    private static long busy(Program program) {
        long millis = 0;
        for (Step each : program.steps()) {
            millis += each instanceof Step.Busy busy ? busy.millis() : 0;
        }
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** A Future has to be done within this time from now on. */
    void add(Ledger.Given given, Duration limit) {
        if (exact) {
            pending.add(new Timed(given, Loops.of(given.future).nanoTime(), limit.toNanos()));
        }
    }

    /** Checks that what was added is done if its time is over. */
    void check() {
        pending.removeIf(each -> each.given.future.isDone());
        for (Timed each : pending) {
            isOver(Loops.of(each.given.future), each.at, each.limit, each.given::toString);
        }
    }

    /** Something that began at some time, and had to be over so many nanoseconds later, is over now at the earliest. */
    void isOver(Loop loop, long since, long limit, Supplier<String> what) {
        if (!exact || run.loops().closing(loop)) {
            return;
        }
        long late = loop.nanoTime() - since - limit;
        if (late > slack) {
            run.ledger().violated(6, what.get() + " was over at the earliest " + late + " ns after it had to be");
        }
    }
}
