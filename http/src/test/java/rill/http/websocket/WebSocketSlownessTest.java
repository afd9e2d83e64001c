package rill.http.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.Connection;
import rill.DeadlineException;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Report;
import rill.http.websocket.WebSocketMessage.Binary;
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

    /** Opens a WebSocket by hand. What the server sends is dropped. */
    private Connection<ByteBuf, ByteBuf> raw(URI uri) throws IOException {
        var raw = loop.connect(new InetSocketAddress("127.0.0.1", uri.getPort()), Pipeline.bytes())
                .await();
        raw.onMessage(ByteBuf::release);
        write(
                raw,
                "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
        return raw;
    }

    private static void write(Connection<ByteBuf, ByteBuf> raw, String bytes) {
        raw.write(Unpooled.wrappedBuffer(Frames.bytes(bytes)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0x81, 0x82, 0xC2})
    void a_peer_is_heard_while_a_large_frame_of_it_arrives_slowly(int first) throws IOException {
        var heard = new CopyOnWriteArrayList<Integer>();
        URI uri = serve(
                DEFAULTS.deflate(true).pings(Duration.ofSeconds(10), Duration.ofSeconds(5)),
                socket -> socket.onMessage(message -> {
                    switch (message) {
                        case Text text -> heard.add(text.text().length());
                        case Binary binary -> heard.add(binary.length());
                        default -> throw new AssertionError(message);
                    }
                    message.release();
                }));
        var noise = new byte[300 * 1024];
        new Random(1).nextBytes(noise);
        String payload = first == 0x81 ? "x".repeat(noise.length) : Frames.deflated(noise);
        String frame = Frames.client(first, payload);
        loop.run(() -> {
            var raw = raw(uri);
            int piece = 10 * 1024;
            for (int at = 0; at < frame.length(); at += piece) {
                loop.delay(Duration.ofSeconds(1)).await();
                write(raw, frame.substring(at, Math.min(frame.length(), at + piece)));
            }
            loop.delay(Duration.ofSeconds(1)).await();
            raw.finish().await();
        });
        assertThat(heard).containsExactly(first == 0xC2 ? noise.length : payload.length());
    }

    @Test
    void a_peer_that_falls_silent_within_a_large_frame_is_given_up() throws IOException {
        var failures = new CopyOnWriteArrayList<Throwable>();
        URI uri = serve(
                DEFAULTS.deflate(true).pings(Duration.ofSeconds(10), Duration.ofSeconds(5)),
                socket -> socket.onFailure(failure -> failures.add(failure.cause()))
                        .onMessage(message -> {}));
        loop.run(() -> {
            var raw = raw(uri);
            write(raw, Frames.head(0xC2, 300 * 1024, 0x80) + "abcd" + "x".repeat(100 * 1024));
            raw.closed().copy().timeout(Duration.ofSeconds(40)).await();
        });
        assertThat(failures).singleElement().isInstanceOf(DeadlineException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_peer_has_the_whole_time_to_answer_the_close_of_an_output_that_was_shut_down(boolean pings)
            throws IOException {
        var held = new CopyOnWriteArrayList<Connection<WebSocketMessage, WebSocketMessage>>();
        URI uri = serve(DEFAULTS, held::add); // it never receives
        WebSocketOptions options = DEFAULTS.closeTimeout(Duration.ofSeconds(5));
        loop.run(() -> {
            var socket = WebSocket.connect(
                            loop, uri, pings ? options.pings(Duration.ofSeconds(10), Duration.ofSeconds(5)) : options)
                    .await();
            loop.delay(Duration.ofSeconds(9)).await();
            Future<WebSocketMessage> received = socket.receive();
            socket.shutdownOutput();
            loop.delay(Duration.ofMillis(4_990)).await();
            assertThat(received.isDone()).isFalse();
            loop.delay(Duration.ofMillis(20)).await();
            assertThat(received.failure())
                    .isInstanceOf(DeadlineException.class)
                    .hasMessageContaining("has not answered a Close within 5000 ms");
            socket.closed().await();
        });
        held.forEach(Connection::abort);
    }

    @Test
    void a_peer_that_answers_the_close_of_an_output_that_was_shut_down_is_not_late() throws IOException {
        URI uri = serve(DEFAULTS, socket -> socket.onMessage(message -> {}));
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri, DEFAULTS.pings(Duration.ofSeconds(10), Duration.ofSeconds(5)))
                    .await();
            socket.shutdownOutput();
            loop.delay(Duration.ofSeconds(20)).await(); // nobody receives meanwhile
            assertThat(socket.receive().await()).isEqualTo(new Close(1000, ""));
            assertThat(socket.receive().await()).isNull();
            socket.finish().await();
        });
    }

    @Test
    void a_peer_that_has_ended_its_stream_without_a_close_owes_none() throws IOException {
        var accepted = new CopyOnWriteArrayList<Connection<WebSocketMessage, WebSocketMessage>>();
        var failures = new CopyOnWriteArrayList<Throwable>();
        URI uri = serve(DEFAULTS, socket -> {
            accepted.add(socket);
            socket.onFailure(failure -> failures.add(failure.cause())).onMessage(message -> {}, () -> {});
        });
        loop.run(() -> {
            var raw = raw(uri);
            raw.shutdownOutput();
            loop.delay(Duration.ofSeconds(1)).await();
            assertThat(accepted.getFirst().write(new Close(1000, "")).failure()).isNull();
            loop.delay(Duration.ofSeconds(20)).await();
            assertThat(failures).isEmpty();
            raw.finish().await();
        });
        assertThat(failures).isEmpty();
        accepted.forEach(Connection::close);
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
