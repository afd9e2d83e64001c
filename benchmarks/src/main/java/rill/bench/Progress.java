package rill.bench;

import java.io.PrintWriter;
import java.util.Locale;
import rill.bench.Conductor.Listener;
import rill.bench.Contest.Contestant;
import rill.bench.Contest.Outcome;

/** Shows on the terminal which run is in progress, the result of the last one, and roughly how long the rest will take. */
final class Progress implements Listener {
    private final PrintWriter out;
    private final long start = System.nanoTime();
    private final double plannedSeconds;
    private double plannedSecondsDone;
    private double secondsPerRun;

    Progress(PrintWriter out, double plannedSeconds) {
        this.out = out;
        this.plannedSeconds = plannedSeconds;
    }

    /** The next benchmark begins. Takes the time planned for all benchmarks before it, and for one run of it. */
    void benchmark(String title, double plannedSecondsBefore, double perRun) {
        out.println();
        out.println(title);
        plannedSecondsDone = plannedSecondsBefore;
        secondsPerRun = perRun;
    }

    @Override
    public void starts(Contest contest, Contestant contestant, String round) {
        out.printf(Locale.ROOT, "  %-28s %-22s %-8s", contest.name(), contestant.name(), round);
        out.flush();
        plannedSecondsDone += secondsPerRun;
    }

    @Override
    public void ended(Outcome outcome) {
        var first = outcome.figures().entrySet().iterator().next();
        out.printf("%14s   %s left%n", Units.text(Figure.of(first.getKey()), first.getValue()), left());
    }

    @Override
    public void note(String text) {
        out.println("  " + text);
    }

    private String left() {
        double taken = (System.nanoTime() - start) / 1e9;
        // Assumes the pace so far, compared with the plan; the plan itself while there is little to go by.
        double pace = plannedSecondsDone > 30 ? taken / plannedSecondsDone : 1;
        return Units.duration(Math.max(0, plannedSeconds - plannedSecondsDone) * pace);
    }
}
