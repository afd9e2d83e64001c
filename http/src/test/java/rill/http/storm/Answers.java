package rill.http.storm;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.http.HttpBody;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.websocket.WebSocket;
import rill.http.websocket.WebSocketMessage;
import rill.http.websocket.WebSocketOptions;

/** The server's side of a storm: a request for {@code /KIND/NUMBER} is answered in the way of its kind. */
final class Answers {
    /** A failure on purpose. */
    static final class Planned extends IOException {
        private static final long serialVersionUID = 1L;

        Planned() {
            super("planned");
        }
    }

    final AtomicInteger streams = new AtomicInteger(); // streams that are not closed
    private final Random random;
    private final WebSocketOptions options;

    Answers(long seed) {
        random = new Random(seed);
        options = WebSocketOptions.defaults().deflate(random.nextBoolean()).deflateFrom(10);
    }

    Future<HttpResponse> answer(HttpRequest request) {
        String number = request.path().substring(3);
        return switch (request.path().charAt(1)) {
            case 't' -> Future.of(HttpResponse.text(number));
            case 'd' -> pause(50).map(nothing -> HttpResponse.text(number));
            case 'e' -> Future.of(HttpResponse.of(request.body()).with("X-Number", number));
            case 'w' -> request.body().text().map(HttpResponse::text);
            case 's' -> Future.of(HttpResponse.of(HttpBody.stream(new Repeating(number, false))));
            case 'f' -> Future.of(HttpResponse.of(HttpBody.stream(new Repeating(number, true))));
            case 'k' -> here().task(() -> HttpResponse.text(pieces(request.body())));
            case 'x' ->
                Integer.parseInt(number) % 3 == 0
                        ? Future.of(HttpResponse.text("no").status(413))
                        : request.body().text().map(HttpResponse::text);
            case 'u' -> Future.of(WebSocket.answer(request, options, this::echo));
            default -> throw new IllegalStateException("no such path");
        };
    }

    private static Loop here() {
        return Objects.requireNonNull(Loop.current());
    }

    private Future<@Nullable Void> pause(int most) {
        return here().delay(Duration.ofMillis(random.nextInt(most)));
    }

    private static String pieces(HttpBody body) throws IOException {
        var text = new StringBuilder();
        ByteBuf piece;
        while ((piece = body.next().await()) != null) {
            text.append(piece.toString(StandardCharsets.ISO_8859_1));
            piece.release();
        }
        return text.toString();
    }

    private void echo(Connection<WebSocketMessage, WebSocketMessage> connection) {
        connection
                .onFailure(failure -> {})
                .onMessage(
                        message -> {
                            if (!(message instanceof WebSocketMessage.Close)) {
                                connection.write(message);
                            }
                        },
                        connection::close);
    }

    /** A stream that repeats the number; some pieces take a while. */
    private final class Repeating implements HttpBody.Source {
        private final ByteBuf piece;
        private final boolean fails;
        private int left;

        Repeating(String number, boolean fails) {
            this.fails = fails;
            piece = Unpooled.copiedBuffer(number + " ", StandardCharsets.ISO_8859_1);
            left = Integer.parseInt(number) % 30;
            streams.incrementAndGet();
        }

        @Override
        public Future<@Nullable ByteBuf> next() throws IOException {
            if (left-- == 0) {
                if (!fails) {
                    return Future.of(null);
                }
                if (random.nextBoolean()) {
                    throw new Planned();
                }
                return Future.failed(new Planned());
            }
            return random.nextInt(4) == 0 ? pause(20).map(nothing -> piece.copy()) : Future.of(piece.copy());
        }

        @Override
        public void close() {
            streams.decrementAndGet();
            piece.release();
        }
    }
}
