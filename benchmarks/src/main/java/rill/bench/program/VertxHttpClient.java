package rill.bench.program;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Vert.x's HTTP client on one epoll loop, in its default configuration, except for the number of connections, which is the first option. */
public final class VertxHttpClient implements Gets {
    private final Vertx vertx =
            Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
    private @Nullable HttpClient client;
    private int port;

    /** Created by {@link GetsMain}. */
    public VertxHttpClient() {}

    @Override
    public void connect(int port, List<String> options) {
        this.port = port;
        client = vertx.createHttpClient(
                new HttpClientOptions(), new PoolOptions().setHttp1MaxSize(Integer.parseInt(options.getFirst())));
    }

    @Override
    public void get(String key, Answer answer) {
        if (client == null) {
            throw new IllegalStateException("not connected");
        }
        client.request(HttpMethod.GET, port, "127.0.0.1", key)
                .compose(HttpClientRequest::send)
                .compose(HttpClientResponse::body)
                .onComplete((body, failure) -> answer.done(body == null ? -1 : body.length(), failure));
    }

    @Override
    public void onLoop(Runnable action) {
        vertx.runOnContext(ignored -> action.run());
    }
}
