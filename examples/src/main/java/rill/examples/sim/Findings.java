package rill.examples.sim;

import java.util.ArrayList;
import java.util.List;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.transport.sim.Host;
import rill.transport.sim.Simulation;

/** What a scenario found to be wrong: collected, because what a callback throws would only be reported, and thrown at the end. */
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

    /** A loop of which nothing may be reported, except that connections fail. */
    Loop loop(Host host) {
        return host.loop(LoopOptions.defaults().name(host.name()).reporter(this::report));
    }

    private void report(Report report) {
        switch (report) {
            case Report.Thrown thrown -> require(false, "reported: " + thrown.message());
            case Report.Slow slow -> require(false, "reported: " + slow.message());
            default -> {} // what fails because of a fault is meant to, and whether a failure was seen is up to the
            // garbage collector
        }
    }

    void throwIfAny() {
        if (!found.isEmpty()) {
            throw new AssertionError(
                    found.getFirst() + (found.size() > 1 ? " (and " + (found.size() - 1) + " more)" : ""));
        }
    }
}
