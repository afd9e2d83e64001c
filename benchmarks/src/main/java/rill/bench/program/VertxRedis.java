package rill.bench.program;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Vert.x's Redis client in its default configuration, with one connection. */
public final class VertxRedis implements Gets {
    private static final int PATIENCE_SECONDS = 10;

    private @Nullable RedisConnection connection;

    /** Created by {@link GetsMain}. */
    public VertxRedis() {}

    @Override
    public void connect(int port, List<String> options) throws Exception {
        var vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
        connection = Redis.createClient(vertx, "redis://127.0.0.1:" + port)
                .connect()
                .toCompletionStage()
                .toCompletableFuture()
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private RedisConnection connected() {
        if (connection == null) {
            throw new IllegalStateException("not connected");
        }
        return connection;
    }

    @Override
    public void get(String key, Answer answer) {
        connected().send(Request.cmd(Command.GET).arg(key)).onComplete((response, failure) -> {
            answer.done(response == null ? -1 : response.toBuffer().length(), failure);
        });
    }

    @Override
    public void onLoop(Runnable action) {
        connected().send(Request.cmd(Command.PING)).onComplete((response, failure) -> action.run());
    }
}
