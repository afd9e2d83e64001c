package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Other projects' programs that the tests talk to. */
final class Programs {
    private static final long PATIENCE_SECONDS = 60;

    /** Options with which a JVM permits everything that Rill can use, so that Rill has nothing to note. */
    static final List<String> NOTHING_TO_NOTE =
            List.of("--add-opens", "java.base/java.lang=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED");

    /** The result of a program: exit status, output, and error output. */
    record Result(int status, String output, String errors) {
        /** Output and error output. */
        String all() {
            return output + errors;
        }
    }

    /** How {@code env} restores the default of signals that a process may have been started to ignore: SIGHUP and SIGINT. */
    private static final String DEFAULT_SIGNALS = "--default-signal=HUP,INT";

    private static final long HUP_AND_INT = 0b11;

    private Programs() {}

    /** Returns the path of a program. Also looks for servers, which are not in every user's path. Skips the test if the program is not installed. */
    static String required(String name) {
        String folders =
                System.getenv("PATH") + File.pathSeparator + "/usr/local/sbin" + File.pathSeparator + "/usr/sbin";
        for (String folder : folders.split(File.pathSeparator, -1)) {
            Path file = Path.of(folder, name);
            if (Files.isExecutable(file)) {
                return file.toString();
            }
        }
        return abort(name + " is not installed");
    }

    /** Runs a program to its end. */
    static Result run(String program, List<String> arguments) throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add(required(program));
        command.addAll(arguments);
        return run(new ProcessBuilder(command));
    }

    /** The examples in a separate JVM with these options. */
    static ProcessBuilder demo(List<String> options, String... arguments) {
        return main("rill.examples.Main", options, arguments);
    }

    /** A program on the class path, in a separate JVM with these options. */
    static ProcessBuilder main(String mainClass, List<String> options, String... arguments) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /** Runs a process to its end. */
    static Result run(ProcessBuilder builder) throws IOException, InterruptedException {
        Path output = Files.createTempFile("rill-", ".out");
        Path errors = Files.createTempFile("rill-", ".err");
        Process process = builder.redirectInput(new File("/dev/null"))
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("%s ends", builder.command().getFirst())
                    .isTrue();
            return new Result(process.exitValue(), Files.readString(output), Files.readString(errors));
        } finally {
            end(process);
            Files.delete(output);
            Files.delete(errors);
        }
    }

    /**
     * The beginning of a command line that makes SIGHUP and SIGINT end the command. Empty, unless this process ignores one of them: then the command
     * would as well, as a shell's background processes do. Where the system does not report this, assumes that they are not ignored.
     */
    static List<String> mindingSignals() throws IOException {
        Path status = Path.of("/proc/self/status");
        boolean ignored = Files.isReadable(status)
                && Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .anyMatch(line ->
                                (Long.parseUnsignedLong(line.substring(7).strip(), 16) & HUP_AND_INT) != 0);
        return ignored ? List.of(required("env"), DEFAULT_SIGNALS) : List.of();
    }

    /** Sends a process a signal, such as {@code STOP}. */
    static void signal(Process process, String name) throws IOException, InterruptedException {
        int status = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException("kill -" + name + " failed");
        }
    }

    /** Ends a process that may still be running. */
    static void end(Process process) {
        process.destroyForcibly();
        try {
            process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            process.getInputStream().close();
            process.getErrorStream().close();
            process.getOutputStream().close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
