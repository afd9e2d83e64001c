package rill.examples.sim;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import rill.CallFailedException;
import rill.Caller;
import rill.ClientProtocol;
import rill.ConnectOptions;
import rill.Future;
import rill.PoolOptions;
import rill.PoolOptions.WhenDown;
import rill.Serving;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.http.HttpRequest;
import rill.http.HttpResponse;
import rill.http.HttpServer;

/** An HTTP service that keeps notes in Redis. Nothing in it knows whether its network is simulated; see {@link Notes}. */
final class NoteService {
    /** All commands of this service do no harm if they are carried out twice. */
    static final ClientProtocol<Command, Reply> REDIS = Resp.client()
            .deadline(Duration.ofMillis(500))
            .dropAfter(Duration.ofSeconds(2))
            .probe(client -> client.call(Command.of("PING")))
            .idempotent(command -> true);

    /** A call fails at once while Redis can't be reached; the pool notices soon that it can't, and that it can again. */
    static final PoolOptions POOL = PoolOptions.defaults()
            .connect(ConnectOptions.defaults().timeout(Duration.ofSeconds(1)))
            .backOff(Duration.ofMillis(50), Duration.ofSeconds(1))
            .probe(Duration.ofSeconds(5), Duration.ofSeconds(1))
            .whenDown(WhenDown.FAIL);

    private NoteService() {}

    static Future<HttpServer> serve(Serving server, SocketAddress address, Caller<Command, Reply> redis) {
        return HttpServer.serveWithTask(server, address, request -> answer(request, redis));
    }

    private static HttpResponse answer(HttpRequest request, Caller<Command, Reply> redis) throws IOException {
        String key = request.path();
        try {
            return switch (request.method()) {
                case "GET" -> {
                    Reply reply = redis.call(Command.of("GET", key)).await().orThrow();
                    String note = Reply.text(reply);
                    yield note == null ? HttpResponse.of(404) : HttpResponse.text(note);
                }
                case "PUT" -> {
                    String note = request.body().text().await();
                    redis.call(Command.of("SET", key, note)).await().orThrow();
                    yield HttpResponse.of(204);
                }
                default -> HttpResponse.of(405).with("Allow", "GET, PUT");
            };
        } catch (CallFailedException e) {
            return HttpResponse.text(e.fate() + "\n").status(503);
        }
    }
}
