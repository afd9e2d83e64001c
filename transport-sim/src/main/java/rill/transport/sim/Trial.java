package rill.transport.sim;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One run of a scenario with a seed, and what came of it.
 *
 * @param failure null if it passed
 * @param text what is said of the failure, and of the moment in which it happened
 * @param hash at the end of the scenario, or where it failed
 * @param strikes the faults
 * @param reached which properties have held that are to hold sometimes
 */
record Trial(
        long seed,
        @Nullable Throwable failure,
        String text,
        String hash,
        List<Strike> strikes,
        Map<String, Boolean> reached,
        Tally tally) {
    /** A run in which everything is left to the seed. */
    static Trial run(long seed, Scenario scenario) {
        return run(seed, scenario, null, Without.NOTHING, simulation -> {});
    }

    /**
     * A run of which something is left out.
     *
     * @param plan what its swarms do; null if that is left to the seed
     * @param recorded is given the simulation at the end of the scenario, to look at what was recorded
     */
    static Trial run(
            long seed,
            Scenario scenario,
            @Nullable List<Strike> plan,
            Without without,
            Consumer<? super Simulation> recorded) {
        Thread.interrupted(); // is of somebody who was here before, and would keep any step from being taken
        Simulation simulation = Simulation.seed(seed);
        simulation.without(without);
        if (plan != null) {
            simulation.replay(plan);
        }
        Throwable failure = null;
        try {
            recorded.accept(simulation);
            scenario.run(simulation);
            simulation.verdict().throwIfAny(); // somebody may have caught it
        } catch (Throwable thrown) {
            failure = thrown;
        }
        String hash = simulation.traceHash();
        String context = simulation.context();
        boolean says = failure != null && failure == simulation.verdict().failure();
        if (failure != null && !says) {
            simulation.trace().mark(Trace.Kind.FAILED, "failed: " + firstLine(failure));
        }
        List<Strike> strikes = simulation.timeline().faults();
        recorded.accept(simulation);
        try {
            simulation.close();
        } catch (Throwable thrown) {
            if (failure == null) {
                failure = thrown;
                says = true;
            }
        }
        return new Trial(
                seed,
                failure,
                failure == null ? "" : failure + (says ? "" : context),
                hash,
                strikes,
                Map.copyOf(simulation.properties().reached()),
                simulation.tally());
    }

    static String firstLine(Throwable failure) {
        String text = failure.toString();
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }

    /** Whether both fail in the same way, numbers aside. */
    boolean failsAs(Trial other) {
        Throwable mine = failure;
        Throwable others = other.failure;
        return mine != null
                && others != null
                && mine.getClass() == others.getClass()
                && withoutNumbers(mine).equals(withoutNumbers(others));
    }

    private static String withoutNumbers(Throwable failure) {
        return firstLine(failure).replaceAll("\\d+", "0");
    }
}
