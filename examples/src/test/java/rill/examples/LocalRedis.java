package rill.examples;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A redis-server process that stores nothing on disk, on a port of its own. Close ends the process. */
public final class LocalRedis implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int ATTEMPTS = 5;

    private final Path folder = Files.createTempDirectory("rill-redis-");
    private final Path log = folder.resolve("log");
    private final InetSocketAddress address;
    private Process process;

    /** Skips the test if redis-server is not installed. */
    public LocalRedis(String... options) throws IOException {
        String program = Programs.required("redis-server");
        int port = 0;
        for (int i = 1; process == null; i++) {
            port = freePort();
            process = start(program, port, options);
            if (!awaitReadiness()) {
                String said = Files.readString(log);
                Programs.end(process);
                process = null;
                // It can't choose a port by itself, and another process may have taken this one in the meantime.
                if (i == ATTEMPTS || !said.contains("Address already in use")) {
                    close();
                    throw new AssertionError("redis-server did not start:\n" + said);
                }
            }
        }
        address = Loopback.port(port);
    }

    private Process start(String program, int port, String... options) throws IOException {
        var command = new ArrayList<>(List.of(program, "--bind", "127.0.0.1", "--port", String.valueOf(port)));
        command.addAll(List.of("--save", "", "--appendonly", "no", "--dir", folder.toString()));
        command.addAll(List.of(options));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(log.toFile())
                .start();
    }

    public InetSocketAddress address() {
        return address;
    }

    /** Sends the process a signal, such as {@code STOP}. */
    public void signal(String name) throws IOException, InterruptedException {
        Programs.signal(process, name);
    }

    private static int freePort() throws IOException {
        try (var probe = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return probe.getLocalPort();
        }
    }

    private boolean awaitReadiness() throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!Files.readString(log).contains("Ready to accept connections")) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                return false;
            }
            LockSupport.parkNanos(1_000_000);
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        if (process != null) {
            Programs.end(process);
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
