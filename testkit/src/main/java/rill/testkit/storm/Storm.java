package rill.testkit.storm;

import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Programs drawn at random out of Rill's public API, run against its laws: the way to find what goes wrong <em>between</em> things.
 *
 * <pre>{@code
 * @Test
 * void storms_on_my_transport_keep_the_laws() {
 *     Storm.check(100, 1.0, seed -> World.threads("mine", MyTransport::new, seed));
 * }
 * }</pre>
 *
 * <p>A seed names a {@link Program}, and in virtual time all that happens in it. One that fails is made small, and printed as Java that
 * runs it again.
 *
 * <p><b>Properties:</b> {@code rill.storm.seed} runs the program of this seed alone; {@code rill.storm.minutes} runs as many as there is time
 * for, from {@code rill.storm.first} on, or else from a seed that nobody has chosen.
 */
public final class Storm {
    private Storm() {}

    /** A program of these steps. */
    public static Program program(long seed, Step... steps) {
        return new Program(seed, List.of(steps));
    }

    /** The program that is drawn from a seed. */
    public static Program drawn(long seed) {
        return Generator.draw(seed, Generator.Foreign.NOTHING);
    }

    /**
     * Draws so many programs, from seed 1 on, and runs each in a world of its own, as many side by side as {@link World#atOnce} says.
     *
     * @param programs how many, unless a property says otherwise
     * @param share of the time that {@code rill.storm.minutes} gives
     * @throws AssertionError if a law does not hold, with the program that shows it, and how to run it again
     */
    public static void check(int programs, double share, LongFunction<? extends World> worlds) {
        new Search(programs, share, worlds, Storm::run).search();
    }

    /** {@link #check} of {@link #runEverywhere}. */
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
     * Runs a program once for each piece of memory that its loops ask for, which is refused, and once for each call of user code, which
     * throws.
     *
     * @throws AssertionError if a law does not hold
     */
    public static void runEverywhere(Program program, LongFunction<? extends World> worlds) {
        new Everywhere(program, worlds).run();
    }

    /** What is thrown if a program fails; null if it does not. */
    static @Nullable Throwable failure(Program program, LongFunction<? extends World> worlds) {
        try {
            run(program, worlds);
            return null;
        } catch (Throwable t) {
            return t;
        }
    }

    /** A number for what happens in a program: the same each time in virtual time. */
    static long fingerprint(Program program, LongFunction<? extends World> worlds) {
        var run = new Run(program, worlds.apply(program.seed()));
        run.execute();
        return run.fingerprint();
    }
}
