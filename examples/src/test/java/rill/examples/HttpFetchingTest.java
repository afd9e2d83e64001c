package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Future;
import rill.Loop;
import rill.http.HttpClient;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.testkit.Leaks;

/** The client code that the guide shows works. */
@Tag("slow")
@ExtendWith(Leaks.class)
class HttpFetchingTest {
    private static Future<HttpResponse> answer(HttpRequest request) {
        return switch (request.path()) {
            case "/orders" ->
                request.body()
                        .text()
                        .map(json -> json.isEmpty()
                                ? HttpResponse.text("nothing ordered").status(400)
                                : HttpResponse.text("").status(201));
            case "/large" -> Future.of(HttpResponse.bytes("application/octet-stream", new byte[2_000_000]));
            default -> Future.of(HttpResponse.text("a page"));
        };
    }

    @Test
    void pages_are_fetched_files_downloaded_and_orders_placed() throws IOException {
        try (var loop = Loop.open().start()) {
            HttpServer server = HttpServer.listen(loop, Loopback.ANY_PORT, HttpFetchingTest::answer)
                    .await();
            String base = "http://127.0.0.1:" + ((InetSocketAddress) server.address()).getPort();
            assertThat(HttpFetching.page(base)).isEqualTo("a page");
            try (var own = Loop.open();
                    var client = HttpClient.on(own, HttpFetching.options())) {
                var bytes = new ByteArrayOutputStream();
                assertThat(HttpFetching.download(client, URI.create(base + "/large"), bytes))
                        .isEqualTo(2_000_000);
                assertThat(bytes.size()).isEqualTo(2_000_000);
                URI orders = URI.create(base + "/orders");
                assertThat(HttpFetching.order(client, orders, "{}")).isEqualTo("ordered");
                assertThat(HttpFetching.order(client, orders, "")).isEqualTo("refused: nothing ordered");
                assertThat(HttpFetching.order(client, URI.create("http://127.0.0.1:1/"), "{}"))
                        .isEqualTo("not ordered");
            }
        }
    }

    @Test
    void a_websocket_is_listened_to() throws IOException {
        try (var loop = Loop.open();
                var own = Loop.open()) {
            var address = (InetSocketAddress)
                    WebChat.serve(loop, Loopback.ANY_PORT).await().address();
            loop.start();
            URI chat = URI.create("ws://127.0.0.1:" + address.getPort() + "/chat");
            Future<List<String>> other = own.task(() -> HttpFetching.listen(own, chat, "Ann"));
            assertThat(own.run(() -> {
                        var heard = HttpFetching.listen(own, chat, "Bob");
                        return List.of(heard, other.await());
                    }))
                    .hasSize(2)
                    .anySatisfy(heard -> assertThat(heard).hasSize(3).last().isEqualTo("closed: 1000"));
        }
    }
}
