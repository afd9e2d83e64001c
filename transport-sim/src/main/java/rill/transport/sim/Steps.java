package rill.transport.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import rill.transport.sim.Trace.Kind;

/**
 * Takes the steps of a {@link Simulation}: a tick of a loop that has work, or, if there is none, the next event, moving time to it. Holds the loops
 * that have work, and what a run is allowed.
 */
final class Steps {
    private static final long DEFAULT_MOST = 50_000_000;
    private static final Duration DEFAULT_TIME = Duration.ofDays(7);
    private static final long FOR_CLOSING = 1_000_000;
    private static final int BETWEEN_LOOKS = 512;

    private final Simulation simulation;
    private final Agenda agenda;
    private final Chance chance;
    private final Trace trace;
    private final Properties properties;
    private final Verdict verdict;
    private final Network network;
    private final Standstill standstill;
    private final List<Driven> ticks = new ArrayList<>();
    private final List<Driven> waitingForHost = new ArrayList<>(); // for their paused hosts to resume

    private long taken;
    private long most = DEFAULT_MOST;
    private long mostOfTrial = Long.MAX_VALUE; // whatever limit the scenario sets
    private long endOfTime = DEFAULT_TIME.toNanos();
    private boolean over; // whether the scenario is: failures are then told at the end

    Steps(
            Simulation simulation,
            Thread owner,
            Agenda agenda,
            Chance chance,
            Trace trace,
            Properties properties,
            Verdict verdict,
            Network network) {
        this.simulation = simulation;
        this.agenda = agenda;
        this.chance = chance;
        this.trace = trace;
        this.properties = properties;
        this.verdict = verdict;
        this.network = network;
        this.standstill = new Standstill(simulation, owner);
    }

    /** Takes one; returns false if nothing is left that could happen. */
    boolean take() {
        properties.check();
        throwFailure();
        Driven next = nextTick();
        if (next == null && agenda.next() == Long.MAX_VALUE) {
            return false;
        }
        if (++taken > Math.min(most, mostOfTrial)) {
            throw exceeded("more than " + Math.min(most, mostOfTrial) + " steps");
        }
        if (next != null) {
            tick(next);
        } else if (agenda.next() > endOfTime) {
            throw exceeded("time is up after " + Duration.ofNanos(endOfTime));
        } else {
            happen(Objects.requireNonNull(agenda.take()));
        }
        throwFailure();
        return true;
    }

    /** Its own method, so that the JIT compiler compiles the events separately from the step. */
    private static void happen(Event event) {
        event.happen();
    }

    private IllegalStateException exceeded(String what) {
        return new IllegalStateException("seed " + simulation.seed() + ": " + what + simulation.situation());
    }

    private void throwFailure() {
        if (!over) {
            verdict.throwIfAny();
        }
    }

    // ---- ticks

    private @Nullable Driven nextTick() {
        if (ticks.isEmpty() || (agenda.next() <= agenda.now() && chance.eventFirst())) {
            return null;
        }
        return ticks.remove(chance.pick(ticks.size()));
    }

    private void tick(Driven loop) {
        long when = loop.host.runnableAt();
        if (when <= agenda.now()) {
            trace.add(Kind.TICK, loop.host.number, -1, 0, loop.number, 0, "tick");
            standstill.begins(loop.loop.name());
            try {
                loop.tick();
            } finally {
                standstill.ends();
            }
            loop.host.ticked();
        } else if (when == Long.MAX_VALUE) {
            network.tally.hit(Fault.Kind.PAUSE);
            waitingForHost.add(loop);
        } else {
            agenda.at(when, () -> ticks.add(loop));
        }
    }

    /** The loop has work. */
    void wantsTick(Driven loop) {
        long late = chance.lateness();
        if (late == 0) {
            ticks.add(loop);
        } else {
            agenda.at(agenda.now() + late, () -> ticks.add(loop));
        }
    }

    /** A host runs again. */
    void resumed() {
        ticks.addAll(waitingForHost);
        waitingForHost.clear();
    }

    /** The loop's process is gone. */
    void lost(Driven loop) {
        ticks.remove(loop);
        waitingForHost.remove(loop);
    }

    // ---- many

    /** Takes steps until {@code done}, or until the thread is interrupted. {@code alive} throws if what could make it done is gone. */
    void drive(String what, BooleanSupplier done, Runnable alive) {
        simulation.requireOwner("a step");
        while (true) {
            alive.run();
            if (done.getAsBoolean() || Thread.currentThread().isInterrupted()) {
                return;
            }
            if (!take()) {
                throw new IllegalStateException("seed " + simulation.seed()
                        + ": nothing is left that could happen, but " + what
                        + " is not done; what other threads, or stages that they complete, would do never comes here:"
                        + " use host.executor(cost) in place of an executor of your own"
                        + simulation.situation());
            }
        }
    }

    /** Takes steps until {@code done}, until nothing is left to do by {@code end}, or until the thread is interrupted. */
    void until(long end, BooleanSupplier done) {
        simulation.requireOwner("a step");
        while (!done.getAsBoolean() && (!ticks.isEmpty() || agenda.next() <= end)) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            take();
        }
        properties.check();
        throwFailure();
        if (!done.getAsBoolean() && !Thread.currentThread().isInterrupted()) {
            agenda.advance(end);
        }
    }

    /** Waits on behalf of a selector without a loop. */
    void pass(BooleanSupplier done, long nanos) {
        if (nanos < 0) {
            drive("a select without a limit", done, () -> {});
        } else {
            until(agenda.after(nanos), done);
        }
    }

    // ---- what is allowed

    /** Limits their number, and how far time may advance, in nanoseconds. */
    void limit(long number, long time) {
        most = number;
        endOfTime = Math.min(time, Agenda.END - 1);
    }

    /** Limits a run that is being made smaller: one that takes more does not fail in the same manner. */
    void limitTrial(long number) {
        mostOfTrial = number;
    }

    /** Returns how many have been taken. */
    long taken() {
        return taken;
    }

    // ---- the end

    /** The scenario is over: from now on failures are told at the end, and time has no limit. */
    void scenarioIsOver() {
        over = true;
        mostOfTrial = Long.MAX_VALUE;
        endOfTime = Long.MAX_VALUE - 1;
    }

    /**
     * Takes steps until the condition holds, for as long as is reasonable: until nobody would still wait, however much happens, unless that would take
     * too many. Returns whether nothing is left that could happen.
     */
    boolean goOn(BooleanSupplier condition) {
        long least = taken + Leftovers.LEAST_STEPS;
        long end = taken + Leftovers.MOST_STEPS;
        long late = agenda.after(Leftovers.LONG);
        most = Long.MAX_VALUE;
        while ((taken < least || (taken < end && agenda.now() < late))
                && !Thread.currentThread().isInterrupted()
                && verdict.failure() == null) {
            if (taken % BETWEEN_LOOKS == 0 && condition.getAsBoolean()) {
                return false;
            }
            if (!take()) {
                return true;
            }
        }
        return false;
    }

    /** The loops are about to be closed, which may take a limited number of steps. */
    void closing() {
        standstill.end();
        most = taken + FOR_CLOSING;
    }
}
