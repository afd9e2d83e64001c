package rill.transport.sim;

import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The process that {@link Check} starts: runs a scenario once, and writes what happened to a file, one event a line. */
final class Replay {
    private Replay() {}

    static final String PASSED = "passed";

    public static void main(String[] args) throws Exception {
        Scenario scenario = newScenario(Class.forName(args[0]).asSubclass(Scenario.class));
        Path file = Path.of(args[2]);
        String outcome = PASSED;
        var simulation = Simulation.seed(Long.parseLong(args[1])).record();
        try {
            scenario.run(simulation);
            simulation.verdict().throwIfAny(); // the scenario may have caught it
        } catch (Exception | AssertionError e) {
            outcome = failed(e);
            simulation.failed();
        }
        List<String> lines = new ArrayList<>();
        simulation.trace().entries().forEach(each -> lines.add(each.line()));
        String hash = simulation.traceHash();
        try {
            simulation.close();
        } catch (AssertionError e) {
            outcome = outcome.equals(PASSED) ? failed(e) : outcome;
        }
        lines.add(outcome);
        lines.add(hash);
        Files.write(file, lines);
    }

    private static String failed(Throwable e) {
        return "failed: " + e.toString().replace('\n', ' ');
    }

    static Scenario newScenario(Class<? extends Scenario> type) {
        try {
            Constructor<? extends Scenario> constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            return constructor.newInstance();
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "a scenario that is run in a process of its own is a class with a constructor without parameters, open to"
                            + " rill.transport.sim; " + type.getName() + " is not",
                    e);
        }
    }
}
