package rill.transport.sim;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.TaskEngine;

/** Runs a scenario in two fresh JVMs and compares what happened. */
final class Check {
    private final long seed;
    private final Class<? extends Scenario> scenario;

    Check(long seed, Class<? extends Scenario> scenario) {
        this.seed = seed;
        this.scenario = scenario;
    }

    /** Returns the trace hash. */
    String run() throws IOException {
        Replay.newScenario(scenario); // so that a mistake is reported here, and not by a process
        Path directory = Files.createTempDirectory("rill-check");
        try {
            Path first = directory.resolve("first");
            Path second = directory.resolve("second");
            Process one = start(first, directory.resolve("first.log"));
            finish(one, directory.resolve("first.log"));
            Process other = start(second, directory.resolve("second.log"));
            finish(other, directory.resolve("second.log"));
            return compare(first, second);
        } finally {
            deleteAll(directory);
        }
    }

    private Process start(Path trace, Path log) throws IOException {
        return new ProcessBuilder(command(trace))
                .redirectErrorStream(true)
                .redirectOutput(Redirect.to(log.toFile()))
                .start();
    }

    private List<String> command(Path trace) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        boolean modular = Check.class.getModule().isNamed();
        if (TaskEngine.MOUNTED.unavailable() == null) {
            command.add("--add-opens=java.base/java.lang=" + (modular ? "rill.core" : "ALL-UNNAMED"));
        }
        String main = Replay.class.getName();
        if (modular) {
            command.addAll(List.of("-p", Objects.requireNonNull(System.getProperty("jdk.module.path"))));
            if (scenario.getModule().isNamed()) {
                command.add("--add-modules=" + scenario.getModule().getName());
            }
            command.addAll(List.of("-m", Check.class.getModule().getName() + "/" + main));
        } else {
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        }
        command.addAll(List.of(scenario.getName(), Long.toString(seed), trace.toString()));
        return command;
    }

    private void finish(Process process, Path log) throws IOException {
        try {
            if (process.waitFor() != 0) {
                throw new IOException("the process that ran " + scenario.getName() + " ended with status "
                        + process.exitValue() + ":\n" + Files.readString(log));
            }
        } catch (InterruptedException e) {
            process.destroy();
            throw new java.io.InterruptedIOException("interrupted while a scenario was running");
        }
    }

    private String compare(Path first, Path second) throws IOException {
        try (BufferedReader one = Files.newBufferedReader(first);
                BufferedReader other = Files.newBufferedReader(second)) {
            String outcome = "";
            String before = "the beginning";
            for (long n = 1; ; n++) {
                @Nullable String left = one.readLine();
                @Nullable String right = other.readLine();
                if (!Objects.equals(left, right)) {
                    throw new AssertionError(scenario.getName() + " with seed " + seed
                            + " is not deterministic: it differs from event " + n + " on\n  after        " + before
                            + "\n  once there was " + left + "\n  and once       " + right);
                }
                if (left == null) {
                    requirePassed(outcome);
                    return before;
                }
                outcome = before;
                before = left;
            }
        }
    }

    private void requirePassed(String outcome) {
        if (!outcome.equals(Replay.PASSED)) {
            throw new AssertionError(scenario.getName() + " with seed " + seed + " is deterministic, and " + outcome);
        }
    }

    private static void deleteAll(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            for (Path each : files.toList()) {
                Files.delete(each);
            }
        }
        Files.delete(directory);
    }
}
