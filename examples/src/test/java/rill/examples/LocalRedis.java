package rill.examples;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** A redis-server process that keeps nothing on disk, on a port of its own. Closing it ends it. */
final class LocalRedis implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Process process;
    private final Path folder;
    private final InetSocketAddress address;

    /** Skips the test if there is no redis-server here. */
    LocalRedis() throws IOException {
        String program = Programs.required("redis-server");
        folder = Files.createTempDirectory("rill-redis-");
        address = Loopback.port(freePort());
        process = new ProcessBuilder(
                        program,
                        "--bind",
                        "127.0.0.1",
                        "--port",
                        String.valueOf(address.getPort()),
                        "--save",
                        "",
                        "--appendonly",
                        "no",
                        "--dir",
                        folder.toString())
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        awaitReadiness();
    }

    InetSocketAddress address() {
        return address;
    }

    private static int freePort() throws IOException {
        try (var probe = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return probe.getLocalPort();
        }
    }

    private void awaitReadiness() throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!Files.readString(folder.resolve("log")).contains("Ready to accept connections")) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                String log = Files.readString(folder.resolve("log"));
                close();
                throw new AssertionError("redis-server did not start:\n" + log);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Override
    public void close() throws IOException {
        Programs.end(process);
        Files.deleteIfExists(folder.resolve("log"));
        Files.delete(folder);
    }
}
