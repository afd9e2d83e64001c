package rill.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The programs that are not Java: found, or compiled on the spot, in a folder that goes when this is closed. */
final class Tools implements AutoCloseable {
    private static final int COMPILE_SECONDS = 120;

    private final Path folder;
    private final Map<String, Path> compiled = new HashMap<>();

    Tools() throws IOException {
        folder = Files.createTempDirectory("rill-bench-");
    }

    /** A folder for files that nobody needs afterwards. */
    Path folder() {
        return folder;
    }

    Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    static Optional<String> whyNoCompiler() {
        return Machine.program("cc").isPresent()
                ? Optional.empty()
                : Optional.of("no C compiler (cc) for the load program (Debian: apt-get install gcc libc6-dev)");
    }

    /** One of our C programs: {@code echo} or {@code load}. */
    Path compiled(String name) throws IOException {
        Path program = compiled.get(name);
        if (program == null) {
            program = compile(name);
            compiled.put(name, program);
        }
        return program;
    }

    private Path compile(String name) throws IOException {
        Optional<String> missing = whyNoCompiler();
        if (missing.isPresent()) {
            throw new LeftOutException(missing.get());
        }
        for (String source : List.of("control.h", name + ".c")) {
            try (InputStream in = Tools.class.getResourceAsStream("c/" + source)) {
                if (in == null) {
                    throw new IOException("the source " + source + " is not in this build");
                }
                Files.copy(in, folder.resolve(source), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Path program = folder.resolve(name);
        Path log = folder.resolve(name + ".log");
        Process cc = new ProcessBuilder(
                        "cc",
                        "-O2",
                        "-o",
                        program.toString(),
                        folder.resolve(name + ".c").toString())
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!cc.waitFor(COMPILE_SECONDS, TimeUnit.SECONDS) || cc.exitValue() != 0) {
                cc.destroyForcibly();
                throw new IOException("cc could not compile " + name + ".c: " + Files.readString(log));
            }
        } catch (InterruptedException e) {
            cc.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while compiling");
        }
        return program;
    }

    @Override
    public void close() throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
