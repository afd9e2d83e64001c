package rill.testkit.storm;

import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Programs drawn at random from Rill's public API, run against its laws. This finds what goes wrong <em>between</em> things.
 *
 * <pre>{@code
 * @Test
 * void storms_on_my_transport_keep_the_laws() {
 *     Storm.check(100, 1.0, seed -> World.threads("mine", MyTransport::new, seed));
 * }
 * }</pre>
 *
 * <p>A seed determines a {@link Program} and, in virtual time, everything that happens in it. A program that fails is made small, and printed as Java
 * that runs it again.
 *
 * <p><b>Properties:</b> {@code rill.storm.seed} runs only the program of this seed. {@code rill.storm.minutes} runs as many as there is time for,
 * starting at seed {@code rill.storm.first}, or else at a seed taken from the clock.
 */
public final class Storm {
    private Storm() {}

    /** Returns a program of these steps. */
    public static Program program(long seed, Step... steps) {
        return new Program(seed, List.of(steps));
    }

    /** Returns the program that is drawn from a seed. */
    public static Program drawn(long seed) {
        return Generator.draw(seed, Generator.Foreign.NOTHING);
    }

    /**
     * Draws this many programs, from seed 1 on, and runs each in a world of its own, in parallel as {@link World#atOnce} permits.
     *
     * @param programs how many programs, unless a property says otherwise
     * @param share the share of the time in {@code rill.storm.minutes} to use
     * @throws AssertionError if a law does not hold; it has the program that shows it, and says how to run it again
     */
    public static void check(int programs, double share, LongFunction<? extends World> worlds) {
        new Search(programs, share, worlds, Storm::run).search();
    }

    /** Draws programs as {@link #check} does, and runs each by {@link #runEverywhere}. */
    public static void checkEverywhere(int programs, double share, LongFunction<? extends World> worlds) {
        new Search(programs, share, worlds, Storm::runEverywhere).search();
    }

    /**
     * Runs a program.
     *
     * @throws Violation if a law does not hold
     */
    public static void run(Program program, LongFunction<? extends World> worlds) {
        new Run(program, worlds.apply(program.seed())).execute();
    }

    /**
     * Runs a program once for each piece of memory that its loops ask for, which is then refused, and once for each call of user code, which then
     * throws.
     *
     * @throws AssertionError if a law does not hold
     */
    public static void runEverywhere(Program program, LongFunction<? extends World> worlds) {
        new Everywhere(program, worlds).run();
    }

    /** Returns what is thrown if a program fails; null if it does not. */
    static @Nullable Throwable failure(Program program, LongFunction<? extends World> worlds) {
        try {
            run(program, worlds);
            return null;
        } catch (Throwable t) {
            return t;
        }
    }

    /** Returns a number that stands for everything that happens in a program; in virtual time it is the same each time. */
    static long fingerprint(Program program, LongFunction<? extends World> worlds) {
        var run = new Run(program, worlds.apply(program.seed()));
        run.execute();
        return run.fingerprint();
    }
}
