package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.http.HttpClient;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketMessage;
import rill.http.websocket.WebSocketRefusedException;
import rill.testkit.Leaks;

/** The client code that the guide shows works. */
@Tag("slow")
@ExtendWith(Leaks.class)
class HttpFetchingTest {
    private static Future<HttpResponse> answer(HttpRequest request) {
        return switch (request.path()) {
            case "/orders-with-much-to-say" ->
                Future.of(HttpResponse.bytes("text/plain", new byte[1_000_000]).status(201));
            case "/orders" ->
                request.body()
                        .text()
                        .map(json -> json.isEmpty()
                                ? HttpResponse.text("nothing ordered").status(400)
                                : HttpResponse.text("").status(201));
            case "/large" -> Future.of(HttpResponse.bytes("application/octet-stream", new byte[2_000_000]));
            case "/missing" -> Future.of(HttpResponse.text("nothing here").status(404));
            default -> Future.of(HttpResponse.text("a page"));
        };
    }

    @Test
    void pages_are_fetched_files_downloaded_and_orders_placed() throws IOException {
        try (var loop = Loop.open().start()) {
            HttpServer server = HttpServer.serve(loop, Loopback.ANY_PORT, HttpFetchingTest::answer)
                    .await();
            String base = "http://127.0.0.1:" + server.port();
            assertThat(HttpFetching.page(base)).isEqualTo("a page");
            try (var own = Loop.open();
                    var client = HttpClient.on(own, HttpFetching.options())) {
                var bytes = new ByteArrayOutputStream();
                assertThat(HttpFetching.download(client, URI.create(base + "/large"), bytes))
                        .isEqualTo(2_000_000);
                assertThat(bytes.size()).isEqualTo(2_000_000);
                assertThatThrownBy(() -> HttpFetching.download(client, URI.create(base + "/missing"), bytes))
                        .hasMessageContaining("answered with 404");
                assertThat(bytes.size()).as("a page of an error is no file").isEqualTo(2_000_000);
                URI orders = URI.create(base + "/orders");
                assertThat(HttpFetching.order(client, orders, "{}")).isEqualTo("ordered");
                assertThat(HttpFetching.order(client, orders, "")).isEqualTo("refused: nothing ordered");
                assertThat(HttpFetching.order(client, URI.create("http://127.0.0.1:1/"), "{}"))
                        .isEqualTo("not ordered");
            }
        }
    }

    @Test
    void what_is_not_read_to_its_end_holds_neither_buffers_nor_a_connection() throws IOException {
        try (var loop = Loop.open().start()) {
            HttpServer server = HttpServer.serve(loop, Loopback.ANY_PORT, HttpFetchingTest::answer)
                    .await();
            String base = "http://127.0.0.1:" + server.port();
            try (var own = Loop.open();
                    var client = HttpClient.on(own, HttpFetching.options().connections(1))) {
                var full = new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("the disk is full");
                    }
                };
                assertThatThrownBy(() -> HttpFetching.download(client, URI.create(base + "/large"), full))
                        .hasMessageContaining("the disk is full");
                for (int i = 0; i < 5; i++) {
                    assertThat(HttpFetching.order(client, URI.create(base + "/orders-with-much-to-say"), "{}"))
                            .isEqualTo("ordered");
                }
            }
        }
    }

    @Test
    void a_websocket_is_listened_to() throws IOException {
        try (var loop = Loop.open();
                var own = Loop.open()) {
            int port = WebChat.serve(loop, Loopback.ANY_PORT).await().port();
            loop.start();
            URI chat = URI.create("ws://127.0.0.1:" + port + "/chat");
            Future<List<String>> other = own.task(() -> HttpFetching.listen(own, chat, "Ann"));
            assertThat(own.run(() -> {
                        var heard = HttpFetching.listen(own, chat, "Bob");
                        return List.of(heard, other.await());
                    }))
                    .hasSize(2)
                    .anySatisfy(heard -> assertThat(heard).hasSize(3).last().isEqualTo("closed: 1000"));
        }
    }

    @Test
    void a_websocket_that_is_lost_is_connected_again_until_that_is_of_no_use() throws IOException {
        var asked = new AtomicInteger();
        try (var loop = Loop.open();
                var own = Loop.open()) {
            HttpServer server = HttpServer.serve(loop, Loopback.ANY_PORT, request -> {
                        assertThat(request.field("Authorization", "")).isEqualTo("Bearer secret");
                        int time = asked.incrementAndGet();
                        return Future.of(
                                switch (time) {
                                    case 1 -> HttpResponse.of(503);
                                    case 2, 3 ->
                                        WebSocket.answer(request, socket -> {
                                            socket.write(WebSocketMessage.text("message " + time));
                                            socket.close();
                                        });
                                    default -> HttpResponse.of(403);
                                });
                    })
                    .await();
            loop.start();
            URI uri = URI.create("ws://127.0.0.1:" + server.port() + "/");
            var heard = new ArrayList<String>();
            Future<?> task = own.task("a listener", () -> HttpFetching.stayConnected(own, uri, "secret", heard::add));
            assertThatThrownBy(task::await)
                    .isInstanceOfSatisfying(
                            WebSocketRefusedException.class,
                            refused -> assertThat(refused.response().status()).isEqualTo(403));
            assertThat(heard).containsExactly("message 2", "message 3");
        }
    }
}
