package rill.transport.nio;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import rill.testing.UnderTest;

/** Another JVM, started through a shell, for limits and disturbances that would harm the tests' own JVM. */
final class Child implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final BufferedReader out;
    private final List<String> said = new ArrayList<>();

    private Child(Process process) {
        this.process = process;
        this.out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Runs a main class after these shell commands, with its error output merged into its output. */
    static Child java(String before, Class<?> main, String... arguments) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var command = new ArrayList<>(List.of("bash", "-c", before + " exec \"$@\"", "bash", java));
        command.addAll(List.of(
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-Dio.netty.leakDetection.level=disabled",
                "--enable-native-access=ALL-UNNAMED",
                "-D" + UnderTest.PROPERTY + "=" + UnderTest.name(),
                "-cp",
                classPath()));
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return new Child(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /** Runs any command. */
    static Child command(String... command) throws IOException {
        return new Child(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** In the child: loads all of our classes, before a time when that will not be possible. */
    static void loadClasses() throws Exception {
        for (Class<?> each : List.of(
                rill.Loop.class,
                UnderTest.transport().getClass(),
                NioTransport.class,
                Child.class,
                rill.testing.TextLines.class)) {
            Path root = Path.of(
                    each.getProtectionDomain().getCodeSource().getLocation().toURI());
            if (Files.isDirectory(root)) {
                loadAllIn(root);
            } else {
                try (var jar = FileSystems.newFileSystem(root)) { // a packaged build has jars
                    loadAllIn(jar.getPath("/"));
                }
            }
        }
    }

    private static void loadAllIn(Path root) throws IOException {
        try (var files = Files.walk(root)) {
            files.map(file -> root.relativize(file).toString())
                    .filter(name -> name.startsWith("rill") && name.endsWith(".class"))
                    .filter(name -> !name.contains("Test"))
                    .forEach(name -> load(name.replace('/', '.').substring(0, name.length() - 6)));
        }
    }

    private static void load(String name) {
        try {
            Class.forName(name);
        } catch (ClassNotFoundException | LinkageError notNeeded) {
            // Such a class can't be loaded under normal conditions either.
        }
    }

    long pid() {
        return process.pid();
    }

    /** Reads up to a line that begins with {@code beginning}; fails if the output ends before that. */
    String expect(String beginning) throws IOException {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            said.add(line);
            if (line.startsWith(beginning)) {
                return line;
            }
        }
        throw new AssertionError("no line begins with " + beginning + ", only:\n" + String.join("\n", said));
    }

    /** The output read so far. */
    List<String> output() {
        return List.copyOf(said);
    }

    /** Sends a line to its input. */
    void tell(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    /** Asks the child to end, and waits until it has; the child may clean up. */
    void stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("it was asked to end, and goes on");
        }
    }

    /** Waits until the child ends, which must be without an error. */
    void finish() throws IOException, InterruptedException {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            said.add(line);
        }
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new AssertionError("it ended badly:\n" + String.join("\n", said));
        }
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        out.close();
        process.getOutputStream().close();
        process.getErrorStream().close();
    }
}
