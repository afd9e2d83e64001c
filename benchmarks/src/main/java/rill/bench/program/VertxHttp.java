package rill.bench.program;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Vert.x's HTTP server on one epoll loop, in its default configuration. */
public final class VertxHttp implements Server {
    private static final int PATIENCE_SECONDS = 10;
    private static final Buffer TEXT = Buffer.buffer(HttpTexts.text());

    private volatile String date = HttpTexts.date();

    /** Created by {@link ServerMain}. */
    public VertxHttp() {}

    @Override
    public int listen(List<String> options) throws Exception {
        var vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
        vertx.setPeriodic(1_000, timer -> date = HttpTexts.date());
        HttpServer server = vertx.createHttpServer(new HttpServerOptions().setAcceptBacklog(4096))
                .requestHandler(request -> {
                    boolean json = HttpTexts.JSON_PATH.equals(request.path());
                    request.response()
                            .putHeader("date", date)
                            .putHeader("content-type", json ? "application/json" : "text/plain")
                            .end(json ? Buffer.buffer(HttpTexts.json()) : TEXT);
                });
        return server.listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .actualPort();
    }
}
