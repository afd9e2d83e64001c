package rill.examples;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import rill.ConnectOptions;
import rill.Connection;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Proxy;
import rill.Report;
import rill.spi.Transport;
import rill.testing.RecordingReporter;
import rill.testing.TextLines;

/** An echo server for lines, and connections to it through a proxy. Close fails if anything was reported. */
final class ProxiedEcho implements AutoCloseable {
    private final RecordingReporter reporter = new RecordingReporter();
    private final Loop loop;
    private final Listener listener;

    ProxiedEcho(Transport transport) throws IOException {
        loop = Loop.open(
                LoopOptions.defaults().transport(transport).reporter(reporter).slowHandle(Duration.ZERO));
        listener = loop.listen(
                        Loopback.ANY_PORT, TextLines.pipeline(), each -> each.onMessage(each::write, each::close))
                .await();
        loop.start();
    }

    Loop loop() {
        return loop;
    }

    SocketAddress address() {
        return listener.address();
    }

    int port() {
        return listener.port();
    }

    /** Connects to the target through this proxy. */
    Connection<String, String> connect(SocketAddress target, Proxy proxy) throws IOException {
        ConnectOptions options =
                ConnectOptions.defaults().timeout(Duration.ofSeconds(20)).proxy(proxy);
        return loop.connect(target, TextLines.pipeline(), options).await();
    }

    /** Sends this text, and then much more, and returns what comes back of the text. */
    String say(String text, SocketAddress target, Proxy proxy) throws IOException {
        Connection<String, String> connection = connect(target, proxy);
        return loop.task("say", () -> {
                    connection.write(text);
                    String answer = connection.receive().await();
                    for (int i = 0; i < 10; i++) { // without waiting: some proxies don't set TCP_NODELAY
                        connection.write("x".repeat(10_000) + i);
                    }
                    for (int i = 0; i < 10; i++) {
                        if (!connection.receive().await().equals("x".repeat(10_000) + i)) {
                            throw new IOException("line " + i + " came back changed");
                        }
                    }
                    connection.shutdownOutput();
                    if (connection.receive().await() != null) {
                        throw new IOException("more came back than was sent");
                    }
                    connection.close();
                    return answer;
                })
                .await();
    }

    /** Waits for the failure of a connection that was not handed to any handler. */
    Throwable handshakeThatFailed() {
        return reporter.await(Report.ConnectionFailed.class).cause();
    }

    @Override
    public void close() {
        loop.close();
        reporter.assertNone();
    }
}
