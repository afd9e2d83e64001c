package rill.examples;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.Loop;
import rill.http.ClientRequest;
import rill.http.ClientResponse;
import rill.http.HttpClient;
import rill.http.HttpClientOptions;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketMessage;
import rill.http.websocket.WebSocketMessage.Close;
import rill.http.websocket.WebSocketMessage.Text;
import rill.http.websocket.WebSocketOptions;
import rill.http.websocket.WebSocketRefusedException;
import rill.http.wire.HttpFields;

/** What an HTTP client does, one method for each task. */
final class HttpFetching {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private HttpFetching() {}

    static String page(String uri) throws IOException {
        try (var loop = Loop.open();
                var client = HttpClient.on(loop)) {
            return client.get(uri).await().orThrow().text().await();
        }
    }

    static HttpClientOptions options() {
        return HttpClientOptions.defaults()
                .connections(4)
                .redirects(5)
                .headTimeout(Duration.ofSeconds(5))
                .deadline(Duration.ofMinutes(1))
                .bodyBytes(1024 * 1024);
    }

    /** Call off the loop, which a slow stream would block; in a Task, use {@link ClientResponse#saveTo}. */
    static long download(HttpClient client, URI uri, OutputStream to) throws IOException {
        try (ClientResponse response = client.get(uri).await().orThrow()) {
            long size = 0;
            for (ByteBuf piece = response.next().await();
                    piece != null;
                    piece = response.next().await()) {
                size += piece.readableBytes();
                try {
                    piece.readBytes(to, piece.readableBytes());
                } finally {
                    piece.release();
                }
            }
            return size;
        }
    }

    static String order(HttpClient client, URI uri, String json) throws IOException {
        ClientRequest request = ClientRequest.post(uri).json(json).deadline(Duration.ofSeconds(10));
        try (ClientResponse response = client.send(request).await()) {
            return response.status() == 201
                    ? "ordered"
                    : "refused: " + response.text().await();
        } catch (CallFailedException e) {
            return e.fate() == Fate.NEVER_SENT ? "not ordered" : "perhaps ordered: " + e.getMessage();
        }
    }

    static List<String> listen(Loop loop, URI uri, String name) throws IOException {
        var heard = new ArrayList<String>();
        try (var socket = WebSocket.connect(loop, uri).await()) {
            socket.write(WebSocketMessage.text(name));
            for (WebSocketMessage message = socket.receive().await();
                    message != null;
                    message = socket.receive().await()) {
                switch (message) {
                    case Text text -> heard.add(text.text());
                    case Close close -> heard.add("closed: " + close.code());
                    default -> message.release(); // a binary message holds a buffer
                }
                if (heard.size() == 2) {
                    socket.write(WebSocketMessage.close(Close.NORMAL, "enough"));
                }
            }
        }
        return heard;
    }

    /** Call in a Task; cancel it to end. */
    static void stayConnected(Loop loop, URI uri, String token, Consumer<String> heard) throws IOException {
        WebSocketOptions options = WebSocketOptions.defaults()
                .fields(HttpFields.of("Authorization", "Bearer " + token))
                .pings(Duration.ofSeconds(20), Duration.ofSeconds(10)); // or a dead peer is never noticed
        for (Duration pause = FIRST_PAUSE; ; pause = longer(pause)) {
            try (var socket = WebSocket.connect(loop, uri, options).await()) {
                for (var message = socket.receive().await();
                        message != null;
                        message = socket.receive().await()) {
                    pause = FIRST_PAUSE; // it works, which a connection alone does not prove
                    if (message instanceof Text text) {
                        heard.accept(text.text());
                    }
                    message.release();
                }
            } catch (WebSocketRefusedException e) {
                if (e.response().status() < 500) {
                    throw e; // 401, 403, 404: trying again does not help
                }
            } catch (InterruptedIOException e) {
                throw e; // this thread is to stop
            } catch (IOException e) {
                // not connected, or no longer
            }
            loop.delay(pause).await();
        }
    }

    private static Duration longer(Duration pause) {
        Duration twice = pause.multipliedBy(2);
        return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
    }
}
