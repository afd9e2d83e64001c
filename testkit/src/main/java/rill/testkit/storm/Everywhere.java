package rill.testkit.storm;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/** Runs a program again and again: in each run the next allocation of memory is refused, or the next call of user code throws, once. */
final class Everywhere {
    private final Program program;
    private final LongFunction<? extends World> worlds;
    private int runs;

    Everywhere(Program program, LongFunction<? extends World> worlds) {
        this.program = program;
        this.worlds = worlds;
    }

    /** Runs the program in all variants, and returns the number of runs. */
    int run() {
        World world = worlds.apply(program.seed());
        var undisturbed = new Run(program, world);
        undisturbed.execute();
        runs = 1;
        for (int nth = 0; nth < world.memoryAsked(); nth++) {
            with(new Step.RefuseMemory(nth));
        }
        Step.Thrown[] kinds = Step.Thrown.values();
        for (int nth = 0; nth < undisturbed.userCode().calls(); nth++) {
            with(new Step.ThrowAt(nth, kinds[nth % kinds.length]));
        }
        return runs;
    }

    private void with(Step first) {
        List<Step> steps = new ArrayList<>(program.steps());
        steps.addFirst(first);
        Program disturbed = program.steps(steps);
        runs++;
        try {
            new Run(disturbed, worlds.apply(program.seed())).execute();
        } catch (Throwable t) {
            throw new Failed(disturbed, t);
        }
    }

    /** A run has failed. */
    static final class Failed extends AssertionError {
        private static final long serialVersionUID = 1L;

        final transient Program program;

        Failed(Program program, Throwable cause) {
            super(cause.getMessage(), cause);
            this.program = program;
        }
    }
}
