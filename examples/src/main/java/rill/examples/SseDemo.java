package rill.examples;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.http.HttpBody;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/** Server-sent events: an endless response with one event a second, and a page that shows them. */
final class SseDemo {
    private static final String PAGE = """
            <!doctype html>
            <title>Events</title>
            <h1>It has been <span id="count">no</span> seconds.</h1>
            <script>
            new EventSource('/events').onmessage = event => document.getElementById('count').textContent = event.data;
            </script>
            """;

    private SseDemo() {}

    static Future<HttpServer> serve(Loop loop, SocketAddress address) {
        return HttpServer.serve(
                loop,
                address,
                request -> Future.of(
                        switch (request.path()) {
                            case "/" -> HttpResponse.html(PAGE);
                            case "/events" -> HttpResponse.events(new Seconds(request.loop()));
                            default -> HttpResponse.of(404);
                        }));
    }

    /** One event a second, until the client has gone or the server closes, and nobody asks any more. */
    private static final class Seconds implements HttpBody.Source {
        private final Loop loop;
        private int count;

        Seconds(Loop loop) {
            this.loop = loop;
        }

        @Override
        public Future<@Nullable ByteBuf> next() {
            return loop.delay(Duration.ofSeconds(1))
                    .map(nothing -> Unpooled.copiedBuffer("data: " + ++count + "\n\n", StandardCharsets.UTF_8));
        }
    }
}
