package rill.http.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.IllegalReferenceCountException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.ConnectOptions;
import rill.Connection;
import rill.ConnectionLimits;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.http.websocket.WebSocketMessage.Binary;
import rill.http.websocket.WebSocketMessage.BinaryPart;
import rill.http.websocket.WebSocketMessage.Close;
import rill.testkit.CodecHarness;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Tests who owns the buffers of messages: each is released once, whatever happens to the message. {@link Leaks} counts the received ones. */
@ExtendWith(Leaks.class)
final class WebSocketOwnershipTest {
    private static final WebSocketOptions DEFAULTS = WebSocketOptions.defaults();
    private static final int LARGE = 100_000;
    private static final Duration SOON = Duration.ofSeconds(1); // in virtual time

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
    }

    private URI serve(WebSocketOptions options, Consumer<? super Connection<WebSocketMessage, WebSocketMessage>> then)
            throws IOException {
        var address = (InetSocketAddress) loop.listen(MemoryTransport.ANY, WebSocket.server(options), then)
                .await()
                .address();
        return URI.create("ws://127.0.0.1:" + address.getPort());
    }

    private static byte[] noise(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static byte[] received(Connection<WebSocketMessage, WebSocketMessage> socket) throws IOException {
        return ((Binary) socket.receive().await()).bytes();
    }

    // ---- a message by itself

    @Test
    void any_message_may_be_retained_and_one_that_was_released_may_still_be_compared_and_shown() {
        WebSocketMessage bytes = WebSocketMessage.binary(noise(100));
        assertThat(bytes.retain().release()).isFalse();
        assertThat(bytes).isEqualTo(WebSocketMessage.binary(noise(100)));
        assertThat(bytes.release()).isTrue();
        assertThat(bytes).isNotEqualTo(WebSocketMessage.binary(noise(100)));
        assertThat(Set.of(bytes)).contains(bytes);
        assertThat(bytes).asString().contains("released");
        WebSocketMessage text = WebSocketMessage.text("a");
        assertThat(text.retain()).isSameAs(text);
        assertThat(text.release()).isFalse();
    }

    // ---- what is received

    @Test
    void a_message_belongs_to_its_receiver_also_on_another_thread_and_after_the_connection() throws Exception {
        var kept = new ArrayList<Binary>();
        URI uri = serve(
                DEFAULTS,
                socket -> socket.onMessage(message -> {
                    if (message instanceof Binary binary) {
                        kept.add(binary);
                    }
                }));
        int[] sizes = {0, 1, 64, 5_000, 16_384, 16_385, 70_000, 700_000};
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            for (int size : sizes) {
                socket.write(WebSocketMessage.binary(noise(size)));
            }
            socket.finish().await();
        });
        var read = new ArrayList<byte[]>();
        Thread.ofPlatform()
                .start(() -> kept.forEach(each -> read.add(each.bytes())))
                .join();
        assertThat(read).hasSameSizeAs(kept).hasSize(sizes.length);
        for (int i = 0; i < sizes.length; i++) {
            assertThat(read.get(i)).isEqualTo(noise(sizes[i]));
        }
    }

    @Test
    void what_a_server_sends_unmasked_is_as_much_its_receivers() throws IOException {
        URI uri = serve(DEFAULTS, socket -> {
            for (int size : new int[] {64, 16_384, 20_000, 300_000}) {
                socket.write(WebSocketMessage.binary(noise(size)));
            }
            socket.write(WebSocketMessage.text("behind"));
        });
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            var all = new ArrayList<Binary>();
            for (int i = 0; i < 4; i++) {
                all.add((Binary) socket.receive().await());
            }
            assertThat(socket.receive().await()).isEqualTo(WebSocketMessage.text("behind"));
            for (Binary each : all) {
                assertThat(each.bytes()).isEqualTo(noise(each.length()));
            }
            socket.abort().await();
        });
    }

    @Test
    void the_bytes_of_a_message_are_taken_once() {
        Binary binary = WebSocketMessage.binary(new byte[] {1, 2});
        assertThat(binary).hasToString("Binary[\"\1\2\"]");
        assertThat(binary.bytes()).containsExactly(1, 2);
        assertThat(binary).hasToString("Binary[released]");
        assertThatThrownBy(binary::bytes).isInstanceOf(IllegalReferenceCountException.class);
    }

    @Test
    void a_message_that_nobody_has_seen_is_released_with_the_connection() throws IOException {
        var accepted = new ArrayList<Connection<WebSocketMessage, WebSocketMessage>>();
        URI uri = serve(DEFAULTS, accepted::add);
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            Future<@Nullable WebSocketMessage> first = accepted.getFirst().receive();
            Future<@Nullable WebSocketMessage> second = accepted.getFirst().receive();
            var given = new ArrayList<Future<?>>();
            first.onDone((message, failure) -> {
                ((Binary) message).release();
                given.add(second);
                second.cancel(); // its message is there, but no callback has run
            });
            for (int size : new int[] {64, 64, 64, LARGE}) {
                socket.write(WebSocketMessage.binary(noise(size)));
            }
            loop.delay(SOON).await();
            assertThat(given).hasSize(1);
            accepted.getFirst().abort().await();
        });
    }

    @Test
    void half_a_message_is_released_with_the_connection() throws IOException {
        for (boolean deflate : new boolean[] {false, true}) {
            URI uri = serve(DEFAULTS.deflate(deflate), socket -> {
                socket.onFailure(failure -> {});
                socket.onMessage(message -> {});
            });
            loop.run(() -> {
                var socket =
                        WebSocket.connect(loop, uri, DEFAULTS.deflate(deflate)).await();
                socket.write(new BinaryPart(noise(LARGE), false));
                socket.flush().await();
                loop.delay(SOON).await();
                socket.abort().await();
            });
        }
    }

    @Test
    void a_handler_that_throws_has_its_message_and_what_comes_behind_it_is_released() throws IOException {
        var first = new ArrayList<Binary>();
        URI uri = serve(
                DEFAULTS,
                socket -> socket.onMessage(message -> {
                    first.add((Binary) message);
                    throw new IllegalStateException("not today");
                }));
        loop.run(() -> {
            var socket = WebSocket.connect(loop, uri).await();
            for (int i = 0; i < 20; i++) {
                socket.write(WebSocketMessage.binary(noise(64)));
                socket.write(WebSocketMessage.binary(noise(LARGE)));
            }
            socket.onFailure(failure -> {});
            socket.onMessage(message -> {});
            socket.closed().await();
        });
        assertThat(first)
                .singleElement()
                .satisfies(binary -> assertThat(binary.bytes()).isEqualTo(noise(64)));
        assertThat(reports).isNotEmpty();
    }

    // ---- what is sent

    /** A buffer with a single reference, which the test transfers. */
    private static ByteBuf buffer(int size) {
        return Unpooled.wrappedBuffer(noise(size));
    }

    @Test
    void what_was_sent_is_released_and_arrives_whole() throws IOException {
        URI uri = serve(DEFAULTS, socket -> socket.onMessage(socket::write));
        for (boolean deflate : new boolean[] {false, true}) {
            WebSocketOptions options = DEFAULTS.deflate(deflate);
            URI at = deflate ? serve(options, socket -> socket.onMessage(socket::write)) : uri;
            loop.run(() -> {
                var socket = WebSocket.connect(loop, at, options).await();
                for (int size : new int[] {0, 64, 2_047, 2_048, 16_384, LARGE}) {
                    ByteBuf content = buffer(size);
                    socket.write(WebSocketMessage.binary(content));
                    assertThat(received(socket)).isEqualTo(noise(size));
                    assertThat(content.refCnt()).isEqualTo(size == 0 ? 1 : 0); // the empty buffer is a constant
                }
                socket.abort().await();
            });
        }
    }

    @Test
    void one_buffer_goes_to_many_and_stays_as_it_is_for_who_keeps_it() throws IOException {
        var server = new ArrayList<Connection<WebSocketMessage, WebSocketMessage>>();
        URI uri = serve(DEFAULTS, server::add);
        byte[] bytes = noise(LARGE);
        Binary message = WebSocketMessage.binary(bytes);
        loop.run(() -> {
            var clients = new ArrayList<Connection<WebSocketMessage, WebSocketMessage>>();
            for (int i = 0; i < 3; i++) {
                clients.add(WebSocket.connect(loop, uri).await());
            }
            for (var each : server) {
                each.write(message.retain());
            }
            for (var each : clients) {
                assertThat(received(each)).isEqualTo(noise(LARGE));
                each.write(message.retain()); // a client masks what it sends
            }
            for (var each : server) {
                assertThat(received(each)).isEqualTo(noise(LARGE));
            }
            for (var each : clients) {
                each.abort().await();
            }
        });
        assertThat(bytes).as("not masked in place").isEqualTo(noise(LARGE));
        assertThat(message.refCnt()).isOne();
        assertThat(message.bytes()).isEqualTo(noise(LARGE));
    }

    @Test
    void what_was_not_sent_when_the_connection_goes_is_released() throws IOException {
        var paused = new ArrayList<Connection<WebSocketMessage, WebSocketMessage>>();
        var contents = new ArrayList<ByteBuf>();
        URI uri = serve(DEFAULTS, socket -> {
            socket.onFailure(failure -> {});
            paused.add(socket); // it never receives
        });
        loop.run(() -> {
            for (boolean fromServer : new boolean[] {false, true}) {
                var socket = WebSocket.connect(loop, uri).await();
                var writer = fromServer ? paused.getLast() : socket;
                writer.onFailure(failure -> {});
                for (int i = 0; i < 8; i++) {
                    contents.add(buffer(LARGE));
                    writer.write(WebSocketMessage.binary(contents.getLast()));
                }
                loop.delay(SOON).await();
                writer.abort().await();
            }
        });
        assertThat(contents).hasSize(16).allMatch(each -> each.refCnt() == 0);
    }

    @Test
    void a_write_that_fails_releases_its_message() throws IOException {
        URI uri = serve(DEFAULTS, socket -> socket.onMessage(WebSocketMessage::release));
        var contents = new ArrayList<ByteBuf>();
        var limits = ConnectionLimits.defaults().waterMarks(10_000, 20_000, 1_000_000);
        loop.run(() -> {
            var socket = WebSocket.connect(
                            loop,
                            uri,
                            DEFAULTS.connect(ConnectOptions.defaults().limits(limits)))
                    .await();
            socket.onFailure(failure -> failure.carryOn());
            Consumer<Binary> refused = message -> {
                contents.add(message.content());
                assertThat(socket.write(message).failure()).isNotNull();
            };
            socket.write(new BinaryPart(noise(10), false));
            refused.accept(WebSocketMessage.binary(buffer(LARGE))); // within a message in parts
            socket.write(new BinaryPart(noise(10), true));
            for (int i = 0; i < 11; i++) {
                contents.add(buffer(LARGE));
                socket.write(WebSocketMessage.binary(contents.getLast()));
            }
            refused.accept(WebSocketMessage.binary(buffer(LARGE))); // above the hard limit
            socket.flush().await();
            socket.write(new Close(1000, ""));
            refused.accept(WebSocketMessage.binary(buffer(LARGE))); // after the Close
            assertThat(socket.receive().await()).isEqualTo(new Close(1000, ""));
            socket.finish().await();
            refused.accept(WebSocketMessage.binary(buffer(LARGE))); // after the end
        });
        assertThat(contents).allMatch(each -> each.refCnt() == 0);
    }

    @Test
    void a_large_payload_of_a_server_is_passed_on_and_a_clients_is_copied_on_the_way() {
        byte[] bytes = noise(LARGE);
        byte[] before = Arrays.copyOf(bytes, LARGE);
        for (boolean client : new boolean[] {false, true}) {
            var harness = new CodecHarness<>(new WebSocketCodec(client, false, DEFAULTS));
            ByteBuf content = Unpooled.buffer()
                    .writeZero(3)
                    .writeBytes(bytes)
                    .skipBytes(3)
                    .asReadOnly();
            byte[] written = harness.writeBytes(WebSocketMessage.binary(content));
            assertThat(harness.passed()).isEqualTo(client ? 0 : 1);
            assertThat(content.readerIndex()).isEqualTo(3);
            assertThat(bytes).isEqualTo(before);
            var reader = new CodecHarness<>(new WebSocketCodec(!client, false, DEFAULTS));
            assertThat(reader.feed(written).outcome().messages()).containsExactly(WebSocketMessage.binary(bytes));
            reader.close();
            content.release();
        }
    }
}
