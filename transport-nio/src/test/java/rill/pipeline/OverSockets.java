package rill.pipeline;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Report;
import rill.testing.UnderTest;

/** A loop on NIO, and what tests over real sockets need around it. */
abstract class OverSockets {
    static final Duration PATIENCE = Duration.ofSeconds(20);
    static final SocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    final List<Report> reports = Collections.synchronizedList(new ArrayList<>());
    final List<Throwable> serverFailures = Collections.synchronizedList(new ArrayList<>());
    final Loop loop = open();
    private final List<Socket> sockets = Collections.synchronizedList(new ArrayList<>());

    private Loop open() {
        try {
            return Loop.open(LoopOptions.defaults()
                    .transport(UnderTest.transport())
                    .reporter(report -> {
                        if (!(report instanceof Report.Note) && !(report instanceof Report.Slow)) {
                            reports.add(report);
                        }
                    }));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void closeAll() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        loop.close(Duration.ZERO);
    }

    <R, W> InetSocketAddress listen(Pipeline<R, W> pipeline, Consumer<? super Connection<R, W>> onConnection)
            throws IOException {
        return (InetSocketAddress) await(loop.listen(ANY_PORT, pipeline, (Connection<R, W> connection) -> {
                    connection.onFailure(failure -> serverFailures.add(failure.cause()));
                    onConnection.accept(connection);
                }))
                .address();
    }

    <R, W> Connection<R, W> connect(SocketAddress address, Pipeline<R, W> pipeline) throws IOException {
        return await(loop.connect(address, pipeline));
    }

    <T> T await(Future<T> future) throws IOException {
        return future.timeout(PATIENCE).await();
    }

    /** Runs a Task, driving the loop meanwhile. */
    <T> T run(Callable<T> body) throws IOException {
        return await(loop.task("test", body));
    }

    /** A blocking socket as the peer. */
    Socket socketTo(InetSocketAddress address) throws IOException {
        var socket = new Socket(address.getAddress(), address.getPort());
        return closing(socket);
    }

    <S extends Socket> S closing(S socket) throws IOException {
        socket.setSoTimeout((int) PATIENCE.toMillis());
        sockets.add(socket);
        return socket;
    }

    /** Ticks until the condition holds. */
    void until(String what, Callable<Boolean> condition) throws IOException {
        run(() -> {
            long deadline = loop.nanoTime() + PATIENCE.toNanos();
            while (!condition.call()) {
                if (loop.nanoTime() - deadline > 0) {
                    throw new AssertionError("waited in vain until " + what);
                }
                var soon = loop.promise();
                loop.schedule(Duration.ofMillis(1), () -> soon.complete("now"));
                soon.await();
            }
            return "so it is";
        });
    }
}
