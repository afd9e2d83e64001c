package rill.examples;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Another project's server, with its own configuration, on free loopback ports. Close ends it, with the processes that it has started. */
public final class LocalServer implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int ATTEMPTS = 5;

    private final Path folder = Files.createTempDirectory("rill-server-");
    private final Path log = folder.resolve("log");
    private final int[] ports;
    private Process process;

    /** How the server is started on these ports. */
    public interface Setup {
        /** Returns the arguments; files go into the folder. */
        List<String> arguments(Path folder, int[] ports) throws IOException;
    }

    /** Skips the test if the program is not installed. */
    public LocalServer(String name, int count, Setup setup) throws IOException {
        String program = Programs.required(name);
        ports = new int[count];
        for (int i = 1; process == null; i++) {
            chooseFreePorts();
            var command = new ArrayList<>(List.of(program));
            command.addAll(setup.arguments(folder, ports));
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(log.toFile())
                    .start();
            if (!awaitReadiness()) {
                String said = said();
                end(process);
                process = null;
                // The server can't choose ports by itself, and another process may have taken one in the meantime.
                if (i == ATTEMPTS) {
                    close();
                    throw new AssertionError(name + " did not start:\n" + said);
                }
            }
        }
    }

    private void chooseFreePorts() throws IOException {
        var probes = new ArrayList<ServerSocket>();
        for (int i = 0; i < ports.length; i++) {
            var probe = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
            probes.add(probe);
            ports[i] = probe.getLocalPort();
        }
        for (ServerSocket each : probes) {
            each.close();
        }
    }

    private boolean awaitReadiness() throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (int port : ports) {
            while (!listensAt(port)) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    return false;
                }
                LockSupport.parkNanos(1_000_000);
            }
        }
        return process.isAlive();
    }

    private static boolean listensAt(int port) {
        try (var socket = new Socket()) {
            socket.connect(Loopback.port(port), 1_000);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    /** Returns the address at one of its ports. */
    public InetSocketAddress address(int index) {
        return Loopback.port(ports[index]);
    }

    public InetSocketAddress address() {
        return address(0);
    }

    /** Sends the server a signal, such as {@code STOP}. */
    public void signal(String name) throws IOException, InterruptedException {
        Programs.signal(process, name);
    }

    /** Returns what the server has printed. */
    public String said() throws IOException {
        return Files.readString(log);
    }

    private static void end(Process process) {
        List<ProcessHandle> all = process.descendants().toList();
        process.destroy();
        try {
            process.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        all.forEach(ProcessHandle::destroyForcibly);
        Programs.end(process);
    }

    @Override
    public void close() throws IOException {
        if (process != null) {
            end(process);
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
