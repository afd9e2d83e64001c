package rill.transport.sim;

import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;

/** The process that {@link Check} starts: runs a scenario once, and writes down what happened, one event a line. */
final class Replay {
    private Replay() {}

    public static void main(String[] args) throws Exception {
        String outcome = "completed";
        try (var simulation = Simulation.seed(Long.parseLong(args[1]))) {
            simulation.record();
            try {
                newScenario(Class.forName(args[0]).asSubclass(Scenario.class)).run(simulation);
            } catch (Exception | AssertionError e) {
                outcome = "failed: " + e;
            }
            write(Path.of(args[2]), simulation.trace(), outcome);
        }
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

    private static void write(Path file, Trace trace, String outcome) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (Trace.Entry each : trace.entries()) {
                out.write(each.line());
                out.newLine();
            }
            out.write(outcome);
            out.newLine();
            out.write(trace.hash());
            out.newLine();
        }
    }
}
