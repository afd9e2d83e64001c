package rill.testkit.storm;

import io.netty.util.ResourceLeakDetector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** Runs programs until one fails, enough have run, or time is up. */
final class Search {
    private static final int TRIES_IN_VIRTUAL_TIME = 3000;
    private static final int TRIES_WITH_THREADS = 150;
    private static final int TRIES_OF_ONE = 3;
    private static final long SHRINKING_NANOS = Duration.ofMinutes(2).toNanos();

    /** Runs one program; throws if a law does not hold. */
    interface Trial {
        void run(Program program, LongFunction<? extends World> worlds);
    }

    private final LongFunction<? extends World> worlds;
    private final Trial trial;
    private final long first;
    private final long count;
    private final long nanos; // after which no more are begun
    private Generator.Foreign foreign = Generator.Foreign.NOTHING;
    private final AtomicLong next = new AtomicLong();
    private final AtomicBoolean failed = new AtomicBoolean();
    private final AtomicReference<@Nullable AssertionError> failure = new AtomicReference<>();

    Search(int programs, double share, LongFunction<? extends World> worlds, Trial trial) {
        this.worlds = worlds;
        this.trial = trial;
        Long seed = Long.getLong("rill.storm.seed");
        String minutes = System.getProperty("rill.storm.minutes");
        if (seed != null) {
            first = seed;
            count = 1;
            nanos = Long.MAX_VALUE;
        } else if (minutes != null) {
            first = Long.getLong("rill.storm.first", System.currentTimeMillis() << 20);
            count = Long.MAX_VALUE;
            nanos = (long)
                    (Double.parseDouble(minutes) * share * Duration.ofMinutes(1).toNanos());
        } else {
            first = 1;
            count = programs;
            nanos = Long.MAX_VALUE;
        }
    }

    void search() {
        // Storms do their own accounting, and a detector that tracks each buffer would make them ten times as slow.
        ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        try {
            World sample = worlds.apply(first);
            boolean virtual = sample.virtual();
            foreign = Generator.Foreign.of(sample);
            sample.close();
            long start = System.nanoTime();
            runAll(virtual, sample.atOnce(), start);
            long programs = Math.min(next.get(), count);
            System.out.printf(
                    Locale.ROOT,
                    "storm in world %s: %d programs from seed %d on, %.2f ms each%n",
                    sample.name(),
                    programs,
                    first,
                    (System.nanoTime() - start) / 1e6 / Math.max(1, programs));
        } finally {
            ResourceLeakDetector.setLevel(level);
        }
        AssertionError found = failure.get();
        if (found != null) {
            throw found;
        }
    }

    private void runAll(boolean virtual, int atOnce, long start) {
        List<Thread> threads = new ArrayList<>();
        for (long i = Math.min(count, atOnce); i > 0; i--) {
            threads.add(Thread.ofPlatform().name("storm-" + i).start(() -> runSome(virtual, start)));
        }
        for (Thread each : threads) {
            try {
                each.join();
            } catch (InterruptedException e) {
                next.set(count);
                Thread.currentThread().interrupt();
            }
        }
    }

    private void runSome(boolean virtual, long start) {
        for (long n = next.getAndIncrement();
                n < count && !failed.get() && System.nanoTime() - start < nanos;
                n = next.getAndIncrement()) {
            Program program = Generator.draw(first + n, foreign);
            try {
                trial.run(program, worlds);
            } catch (Throwable t) {
                if (failed.compareAndSet(false, true)) { // the others stop; one that is made small is enough
                    failure.set(described(program, t, virtual));
                }
            }
        }
    }

    private AssertionError described(Program drawn, Throwable found, boolean virtual) {
        System.out.println("storm: the program of seed " + drawn.seed() + " breaks a law, and is made small: "
                + found.getMessage());
        long end = System.nanoTime() + SHRINKING_NANOS;
        Program failed = found instanceof Everywhere.Failed everywhere ? everywhere.program : drawn;
        Throwable cause = found instanceof Everywhere.Failed && found.getCause() != null ? found.getCause() : found;
        Program small = virtual
                ? Shrinker.shrink(failed, each -> until(end, each, 1), TRIES_IN_VIRTUAL_TIME)
                : Shrinker.shrink(failed, each -> until(end, each, TRIES_OF_ONE), TRIES_WITH_THREADS);
        Throwable again = virtual ? Storm.failure(small, worlds) : null;
        String message =
                "the program of seed " + drawn.seed() + " breaks a law: " + (again == null ? cause : again).getMessage()
                        + "\nIt has " + small.steps().size() + " of "
                        + failed.steps().size() + " steps now:\n\n" + small.toJava()
                        + "\n\nTo run the whole of it again: -Drill.storm.seed=" + drawn.seed()
                        + "; docs/storms.md tells more.\n";
        return new AssertionError(message, again == null ? cause : again);
    }

    /**
     * Returns the failure of a program in up to this many tries: with threads, a failing program may not fail each time. Once the time is up, no more
     * is tried.
     */
    private @Nullable Throwable until(long end, Program program, int tries) {
        for (int i = 0; i < tries && System.nanoTime() - end < 0; i++) {
            Throwable failed = Storm.failure(program, worlds);
            if (failed != null) {
                return failed;
            }
        }
        return null;
    }
}
