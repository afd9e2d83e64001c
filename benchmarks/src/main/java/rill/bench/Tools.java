package rill.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The programs that are not written in Java: found, or compiled on the spot, in a folder that is deleted when this is closed. */
final class Tools implements AutoCloseable {
    private static final int SECONDS = 120; // to compile something

    /** The password of {@link #identity}, as {@code ServerKey} knows it in another process. It protects nothing. */
    private static final String PASSWORD = "benchmark";

    private final Path folder;
    private final Map<Program, Path> compiled = new EnumMap<>(Program.class);

    Tools() throws IOException {
        folder = Files.createTempDirectory("rill-bench-");
    }

    /** Returns a folder for temporary files. */
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

    static Optional<String> whyNoOpenSsl() {
        return whyNoCompiler()
                .or(() -> Files.exists(Path.of("/usr/include/openssl/ssl.h"))
                        ? Optional.empty()
                        : Optional.of(
                                "no headers of OpenSSL for the load program (Debian: apt-get install libssl-dev)"));
    }

    static Optional<String> whyNoUring() {
        return whyNoCompiler()
                .or(() -> Files.exists(Path.of("/usr/include/linux/io_uring.h"))
                        ? Optional.empty()
                        : Optional.of("no headers of Linux's io_uring (Debian: apt-get install linux-libc-dev)"));
    }

    /** Our programs in C. */
    enum Program {
        ECHO("echo", ""),
        HTTP("echo", "-DHTTP"),
        BULK("echo", "-DHTTP -DBODY=1048576"),
        URING("uring", ""),
        LOAD("load", ""),
        TLS_LOAD("load", "-DTLS -lssl -lcrypto");

        private final String source;
        private final String flags; // separated by spaces

        Program(String source, String flags) {
            this.source = source;
            this.flags = flags;
        }

        Optional<String> missing() {
            return switch (this) {
                case TLS_LOAD -> whyNoOpenSsl();
                case URING -> whyNoUring();
                default -> whyNoCompiler();
            };
        }
    }

    /** Returns the path of one of our C programs. */
    Path compiled(Program program) throws IOException {
        Path there = compiled.get(program);
        if (there == null) {
            there = compile(program);
            compiled.put(program, there);
        }
        return there;
    }

    /** Returns a key and a certificate for {@code localhost}, as a PKCS #12 file. */
    Path identity() throws IOException {
        Path file = folder.resolve("identity.p12");
        if (!Files.exists(file)) {
            run(
                    "keytool",
                    List.of((java().resolveSibling("keytool")
                                    + " -genkeypair -alias server -keyalg EC -groupname secp256r1"
                                    + " -validity 30 -dname CN=localhost -ext san=dns:localhost -storetype PKCS12"
                                    + " -storepass " + PASSWORD + " -keystore " + file)
                            .split(" ", -1)));
        }
        return file;
    }

    private Path compile(Program wanted) throws IOException {
        Optional<String> missing = wanted.missing();
        if (missing.isPresent()) {
            throw new LeftOutException(missing.get());
        }
        for (String source : List.of("control.h", wanted.source + ".c")) {
            try (InputStream in = Tools.class.getResourceAsStream("c/" + source)) {
                if (in == null) {
                    throw new IOException("the source " + source + " is not in this build");
                }
                Files.copy(in, folder.resolve(source), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Path program = folder.resolve(wanted.name());
        List<String> command = new ArrayList<>(List.of("cc", "-O2", "-o", program.toString()));
        command.add(folder.resolve(wanted.source + ".c").toString());
        if (!wanted.flags.isEmpty()) {
            command.addAll(List.of(wanted.flags.split(" ", -1)));
        }
        run("cc", command);
        return program;
    }

    private void run(String name, List<String> command) throws IOException {
        Path log = folder.resolve(name + ".log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException(String.join(" ", command) + " failed: " + Files.readString(log));
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in " + name);
        }
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
