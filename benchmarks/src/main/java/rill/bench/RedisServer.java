package rill.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;

/** A redis-server without persistence, on a free port, with one key in it. */
final class RedisServer implements AutoCloseable {
    static final String KEY = "bench:key";
    static final int VALUE_LENGTH = 64;

    private static final int ATTEMPTS = 200;
    private static final double SECONDS_BETWEEN = 0.02;
    private static final int PATIENCE_MILLIS = 2_000;

    final Child process;
    final int port;

    RedisServer(Bench bench) throws IOException {
        port = freePort();
        process = Child.leashed(
                "redis-server",
                bench.machine().server(),
                List.of(
                        "redis-server",
                        "--bind",
                        "127.0.0.1",
                        "--port",
                        "" + port,
                        "--save",
                        "",
                        "--appendonly",
                        "no"));
        try {
            awaitReadiness();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (var probe = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return probe.getLocalPort();
        }
    }

    private void awaitReadiness() throws IOException {
        IOException last = new IOException("redis-server does not answer");
        for (int i = 0; i < ATTEMPTS; i++) {
            try {
                setKey();
                return;
            } catch (IOException e) {
                last = e;
                Bench.pass(SECONDS_BETWEEN);
            }
        }
        throw last;
    }

    private void setKey() throws IOException {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), PATIENCE_MILLIS);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.getOutputStream().write(("SET " + KEY + " " + "x".repeat(VALUE_LENGTH) + "\r\n").getBytes(US_ASCII));
            String answer = new String(socket.getInputStream().readNBytes(5), US_ASCII);
            if (!answer.equals("+OK\r\n")) {
                throw new IOException("redis-server answered a SET with " + answer);
            }
        }
    }

    @Override
    public void close() throws IOException {
        process.terminate();
    }
}
