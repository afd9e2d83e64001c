package rill.http.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.http.websocket.WebSocketMessage.Close;
import rill.http.websocket.WebSocketMessage.Text;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Tests slow consumers, and messages that arrive too late. */
@ExtendWith(Leaks.class)
final class WebSocketSlownessTest {
    private static final WebSocketOptions DEFAULTS = WebSocketOptions.defaults();

    private final List<Report> reports = new CopyOnWriteArrayList<>();
    private final Loop loop = open();

    private Loop open() {
        try {
            return Loop.open(LoopOptions.defaults()
                    .transport(new MemoryTransport(1))
                    .reporter(report -> {
                        if (report instanceof Report.ConnectionFailed || report instanceof Report.Thrown) {
                            reports.add(report);
                        }
                    }));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void close() {
        loop.close();
        assertThat(reports).isEmpty();
    }

    private URI serve(WebSocketOptions options, Consumer<? super Connection<WebSocketMessage, WebSocketMessage>> then)
            throws IOException {
        var address = (InetSocketAddress) loop.listen(MemoryTransport.ANY, WebSocket.server(options), then)
                .await()
                .address();
        return URI.create("ws://127.0.0.1:" + address.getPort());
    }

    @Test
    void a_peer_that_answers_pings_is_not_given_up_while_nobody_receives() throws IOException {
        var heard = new CopyOnWriteArrayList<WebSocketMessage>();
        URI uri = serve(
                DEFAULTS.pings(Duration.ofSeconds(10), Duration.ofSeconds(5)),
                socket -> loop.task(() -> {
                    for (int i = 0; i < 3; i++) {
                        heard.add(socket.receive().await());
                        loop.delay(Duration.ofMinutes(1)).await();
                    }
                    socket.close();
                }));
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            socket.onMessage(message -> {});
            for (int i = 0; i < 3; i++) {
                socket.write(WebSocketMessage.text("" + i));
            }
            socket.closed().await();
        });
        assertThat(heard).containsExactly(new Text("0"), new Text("1"), new Text("2"));
    }

    @Test
    void a_close_that_has_come_and_that_nobody_has_received_yet_is_not_late() throws IOException {
        URI uri = serve(DEFAULTS, socket -> socket.onMessage(message -> {}));
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            socket.write(new Close(1000, "enough"));
            loop.delay(Duration.ofSeconds(20)).await();
            assertThat(socket.receive().await()).isEqualTo(new Close(1000, ""));
            socket.finish().await();
        });
    }

    @Test
    void what_is_written_after_a_close_fails_and_harms_nothing_else() throws IOException {
        var failures = new CopyOnWriteArrayList<Throwable>();
        URI uri = serve(DEFAULTS, socket -> {
            socket.onFailure(failure -> failures.add(failure.cause()));
            socket.onMessage(message -> {
                if (message instanceof Close) {
                    Future<?> late = socket.write(WebSocketMessage.text("good bye"));
                    failures.add(late.failure());
                }
            });
        });
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            socket.write(new Close(4000, "enough"));
            Future<?> late = socket.write(WebSocketMessage.text("late"));
            assertThat(late.failure()).hasMessageContaining("after the Close");
            assertThat(socket.receive().await()).isEqualTo(new Close(4000, ""));
            assertThat(socket.receive().await()).isNull();
            socket.finish().await();
        });
        assertThat(failures).hasSize(1);
        assertThat(failures.getFirst()).hasMessageContaining("after the Close");
    }
}
