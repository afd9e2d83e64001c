package rill.examples.sim;

import java.util.ArrayList;
import java.util.List;
import rill.Loop;
import rill.LoopOptions;
import rill.transport.sim.Host;
import rill.transport.sim.Simulation;

/** What a scenario found to be wrong. Findings are collected, so that a run reports all of them, and thrown at the end. */
final class Findings {
    private final Simulation simulation;
    private final List<String> found = new ArrayList<>();

    Findings(Simulation simulation) {
        this.simulation = simulation;
    }

    void require(boolean condition, String otherwise) {
        if (!condition) {
            found.add(otherwise);
            simulation.note("found: " + otherwise);
        }
    }

    /** Opens a loop whose reports are ignored: whatever throws fails the run anyway. */
    Loop loop(Host host) {
        return host.loop(LoopOptions.defaults().name(host.name()).reporter(report -> {}));
    }

    void throwIfAny() {
        if (!found.isEmpty()) {
            throw new AssertionError(
                    found.getFirst() + (found.size() > 1 ? " (and " + (found.size() - 1) + " more)" : ""));
        }
    }
}
