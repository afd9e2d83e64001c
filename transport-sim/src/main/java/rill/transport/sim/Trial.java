package rill.transport.sim;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One run of a scenario with a seed, and its result.
 *
 * @param failure null if it passed
 * @param manner of the failure
 * @param text describes the failure and the moment in which it happened
 * @param hash at the end of the scenario, or where it failed
 * @param strikes the faults, for as long as they were to last
 * @param steps taken up to the end of the scenario
 * @param reached which of the conditions that have to hold sometimes have held
 */
record Trial(
        long seed,
        @Nullable Throwable failure,
        @Nullable Manner manner,
        String text,
        String hash,
        List<Strike> strikes,
        long steps,
        Map<String, Boolean> reached,
        Tally tally) {
    /** Runs the scenario with everything left to the seed. */
    static Trial run(long seed, Scenario scenario) {
        return run(seed, scenario, null, Without.NOTHING, simulation -> {});
    }

    /** Runs the scenario with something left out, without a limit on its steps. */
    static Trial run(
            long seed,
            Scenario scenario,
            @Nullable List<Strike> plan,
            Without without,
            Consumer<? super Simulation> recorded) {
        return run(seed, scenario, plan, without, recorded, Long.MAX_VALUE);
    }

    /**
     * Runs the scenario with something left out.
     *
     * @param plan what its swarms do; null if that is left to the seed
     * @param recorded receives the simulation before the scenario and again at its end, to record and to look at what was recorded
     * @param mostSteps after which it fails
     */
    static Trial run(
            long seed,
            Scenario scenario,
            @Nullable List<Strike> plan,
            Without without,
            Consumer<? super Simulation> recorded,
            long mostSteps) {
        Thread.interrupted(); // left over from earlier code on this thread; it would keep any step from being taken
        Simulation simulation = Simulation.seed(seed);
        simulation.without(without);
        simulation.steps().limitTrial(mostSteps);
        if (plan != null) {
            simulation.replay(plan);
        }
        Throwable failure = null;
        try {
            recorded.accept(simulation);
            scenario.run(simulation);
            simulation.verdict().throwIfAny(); // the scenario may have caught it
        } catch (Throwable thrown) {
            failure = thrown;
        }
        String hash = simulation.traceHash();
        String context = simulation.context();
        boolean says = failure != null && failure == simulation.verdict().failure();
        if (failure != null && !says) {
            simulation.trace().mark(Trace.Kind.FAILED, "failed: " + firstLine(failure));
        }
        long steps = simulation.steps().taken();
        List<Strike> strikes = simulation.planned();
        Throwable unrecorded = null;
        try {
            recorded.accept(simulation);
        } catch (RuntimeException | Error thrown) {
            unrecorded = thrown; // once the simulation is closed
        }
        if (failure != null) {
            simulation.failed();
        }
        try {
            simulation.close();
        } catch (Throwable thrown) {
            if (failure == null) {
                failure = thrown;
                says = true;
            }
        }
        switch (unrecorded) {
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            case null, default -> {}
        }
        return new Trial(
                seed,
                failure,
                failure == null
                        ? null
                        : Manner.of(failure, says, simulation.verdict().property()),
                failure == null ? "" : failure + (says ? "" : context),
                hash,
                strikes,
                steps,
                Map.copyOf(simulation.properties().reached()),
                simulation.tally());
    }

    static String firstLine(Throwable failure) {
        String text = failure.toString();
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }

    /** Returns whether both pass, or fail in the same manner; of a lack of memory or of stack the place does not matter. */
    boolean endsAs(Trial other) {
        boolean anywhere = failure instanceof VirtualMachineError && other.failure instanceof VirtualMachineError;
        return anywhere || Objects.equals(manner, other.manner);
    }

    /** Returns whether both fail in the same manner. */
    boolean failsAs(Trial other) {
        return manner != null && manner.equals(other.manner);
    }
}
