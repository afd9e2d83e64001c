package rill.http.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.Report;
import rill.codec.tls.Identity;
import rill.codec.tls.Tls;
import rill.http.HttpClient;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;
import rill.http.HttpServerOptions;
import rill.http.websocket.WebSocketMessage.Close;
import rill.http.websocket.WebSocketMessage.Text;
import rill.testkit.Authority;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

/** Tests a WebSocket as the answer of an HTTP server that also serves pages, with and without TLS. */
@ExtendWith(Leaks.class)
final class WebSocketOverHttpTest {
    private static Future<HttpResponse> handle(HttpRequest request) {
        return Future.of(
                request.path().equals("/socket")
                        ? WebSocket.answer(
                                request, WebSocketOptions.defaults().deflate(true), WebSocketOverHttpTest::echo)
                        : HttpResponse.text("a page"));
    }

    private static void echo(Connection<WebSocketMessage, WebSocketMessage> connection) {
        connection.write(WebSocketMessage.text("welcome to "
                + connection.info(WebSocketInfo.class).orElseThrow().request().target()));
        connection.onMessage(message -> {
            if (!(message instanceof Close)) {
                connection.write(message);
            }
        });
    }

    private static void talk(Loop loop, String base, WebSocketOptions options) throws IOException {
        loop.run(() -> {
            var socket = WebSocket.connect(loop, base + "/socket?a=b", options).await();
            assertThat(socket.receive().await()).isEqualTo(new Text("welcome to /socket?a=b"));
            for (int i = 0; i < 10; i++) {
                var text = new Text("text ".repeat(i * i * 100));
                socket.write(text);
                assertThat(socket.receive().await()).isEqualTo(text);
            }
            socket.write(new Close(1000, ""));
            assertThat(socket.receive().await()).isEqualTo(new Close(1000, ""));
            socket.finish().await();
        });
    }

    @Test
    void a_server_answers_pages_and_sockets() throws IOException {
        try (Loop loop = Loop.open(new MemoryTransport(3))) {
            HttpServer server = HttpServer.serve(loop, MemoryTransport.ANY, WebSocketOverHttpTest::handle)
                    .await();
            String at = "127.0.0.1:" + server.port();
            talk(loop, "ws://" + at, WebSocketOptions.defaults());
            talk(loop, "ws://" + at, WebSocketOptions.defaults().deflate(true));
            loop.run(() -> {
                HttpClient client = HttpClient.on(loop);
                assertThat(client.get("http://" + at + "/").await().text().await())
                        .isEqualTo("a page");
                assertThat(client.get("http://" + at + "/socket").await().status())
                        .isEqualTo(426);
                assertThatThrownBy(() ->
                                WebSocket.connect(loop, "ws://" + at + "/").await())
                        .isInstanceOfSatisfying(
                                WebSocketRefusedException.class,
                                refused ->
                                        assertThat(refused.response().status()).isEqualTo(200));
            });
        }
    }

    @ParameterizedTest
    @CsvSource({
        "HTTP/1.0, '', a page",
        "HTTP/1.0, 'Host: a|Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==|', a page",
        "HTTP/1.1, 'Host: a|Connection: close|', a page",
        "HTTP/1.1, 'Host: a|Connection: close, upgrade|Upgrade: h2c|', a page"
    })
    void a_request_that_asks_for_no_websocket_is_answered_with_426_and_not_reported(
            String version, String fields, String otherwise) throws IOException {
        var reports = new CopyOnWriteArrayList<Report>();
        try (Loop loop = Loop.open(
                LoopOptions.defaults().transport(MemoryTransport.calm()).reporter(report -> {
                    if (!(report instanceof Report.Note)) {
                        reports.add(report);
                    }
                }))) {
            HttpServer server = HttpServer.serve(
                            loop,
                            MemoryTransport.ANY,
                            request -> request.path().equals("/socket") || WebSocket.isAskedFor(request)
                                    ? handle(request)
                                    : Future.of(HttpResponse.text("a page")))
                    .await();
            String rest = " " + version + "\r\n" + fields.replace("|", "\r\n") + "\r\n";
            assertThat(asked(loop, server, "GET /socket" + rest))
                    .startsWith("HTTP/1.1 426 ")
                    .contains("\r\nUpgrade: websocket\r\n");
            assertThat(asked(loop, server, "GET /socket2" + rest)).endsWith("\r\n\r\n" + otherwise);
        }
        assertThat(reports).isEmpty();
    }

    private static String asked(Loop loop, HttpServer server, String request) throws IOException {
        var answer = new StringBuilder();
        loop.run(() -> {
            var raw = loop.connect(server.address(), Pipeline.bytes()).await();
            raw.write(Unpooled.wrappedBuffer(Frames.bytes(request)));
            for (ByteBuf bytes = raw.receive().await();
                    bytes != null;
                    bytes = raw.receive().await()) {
                answer.append(bytes.toString(StandardCharsets.ISO_8859_1));
                bytes.release();
            }
            raw.finish().await();
        });
        return answer.toString();
    }

    @Test
    void over_tls_the_layer_stays_beneath() throws IOException {
        Authority authority = Authority.create();
        Authority.Issued issued = authority.issue("localhost");
        var identity = Identity.of(issued.key(), issued.chain());
        try (Loop loop = Loop.open(new MemoryTransport(4))) {
            HttpServer server = HttpServer.serve(
                            loop,
                            MemoryTransport.ANY,
                            HttpServerOptions.defaults().over(Tls.server(identity)),
                            WebSocketOverHttpTest::handle)
                    .await();
            int port = server.port();
            talk(
                    loop,
                    "wss://localhost:" + port,
                    WebSocketOptions.defaults().tls(Tls.client().trust(java.util.List.of(authority.certificate()))));
        }
    }
}
