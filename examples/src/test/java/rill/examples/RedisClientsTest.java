package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.exceptions.JedisDataException;

/** Other projects' clients with our server, in both versions of the protocol: what they store, read and publish. */
@Tag("slow")
class RedisClientsTest {
    private static final long PATIENCE_SECONDS = 20;
    private static final String WRONG_TYPE = "WRONGTYPE";

    private RunningServer server;
    private int port;

    @BeforeEach
    void start() {
        server = new RunningServer(MemoryRedis::serve);
        port = ((InetSocketAddress) server.address()).getPort();
    }

    @AfterEach
    void stop() {
        server.allowFailedConnections();
        server.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"RESP2", "RESP3"})
    void lettuce(ProtocolVersion version) throws InterruptedException {
        RedisURI uri = RedisURI.builder()
                .withHost("127.0.0.1")
                .withPort(port)
                .withClientName("lettuce")
                .withTimeout(Duration.ofSeconds(PATIENCE_SECONDS))
                .build();
        RedisClient client = RedisClient.create(uri);
        client.setOptions(ClientOptions.builder().protocolVersion(version).build());
        try (var connection = client.connect();
                var subscribed = client.connectPubSub()) {
            var commands = connection.sync();
            assertThat(commands.set("key", "value")).isEqualTo("OK");
            assertThat(commands.get("key")).isEqualTo("value");
            assertThat(commands.get("none")).isNull();
            assertThat(commands.hset("hash", Map.of("a", "1", "b", "2"))).isEqualTo(2);
            assertThat(commands.hgetall("hash")).isEqualTo(Map.of("a", "1", "b", "2"));
            commands.zadd("ranking", 1.5, "a");
            assertThat(commands.zscore("ranking", "a")).isEqualTo(1.5);
            assertThat(commands.clientGetname()).isEqualTo("lettuce");
            assertThatThrownBy(() -> commands.incr("hash"))
                    .isInstanceOf(RedisCommandExecutionException.class)
                    .hasMessageContaining(WRONG_TYPE);
            BlockingQueue<String> told = new LinkedBlockingQueue<>();
            subscribed.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    told.add(channel + ": " + message);
                }
            });
            subscribed.sync().subscribe("news", "weather");
            assertThat(commands.publish("weather", "fine")).isEqualTo(1);
            assertThat(told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("weather: fine");
            subscribed.sync().unsubscribe("news", "weather");
            assertThat(commands.publish("weather", "fine")).isZero();
        } finally {
            client.shutdown(0, PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void jedis(RedisProtocol version) throws InterruptedException {
        var config = DefaultJedisClientConfig.builder()
                .protocol(version)
                .clientName("jedis")
                .timeoutMillis((int) TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS))
                .build();
        try (var jedis = new Jedis(new HostAndPort("127.0.0.1", port), config);
                var subscribed = new Jedis(new HostAndPort("127.0.0.1", port), config)) {
            assertThat(jedis.set("key", "value")).isEqualTo("OK");
            assertThat(jedis.get("key")).isEqualTo("value");
            assertThat(jedis.get("none")).isNull();
            assertThat(jedis.hset("hash", Map.of("a", "1", "b", "2"))).isEqualTo(2);
            assertThat(jedis.hgetAll("hash")).isEqualTo(Map.of("a", "1", "b", "2"));
            jedis.zadd("ranking", 1.5, "a");
            assertThat(jedis.zscore("ranking", "a")).isEqualTo(1.5);
            assertThat(jedis.clientGetname()).isEqualTo("jedis");
            assertThatThrownBy(() -> jedis.incr("hash"))
                    .isInstanceOf(JedisDataException.class)
                    .hasMessageContaining(WRONG_TYPE);
            BlockingQueue<String> told = new LinkedBlockingQueue<>();
            var subscription = new JedisPubSub() {
                @Override
                public void onSubscribe(String channel, int count) {
                    told.add("+" + channel + " " + count);
                }

                @Override
                public void onMessage(String channel, String message) {
                    told.add(channel + ": " + message);
                    unsubscribe();
                }
            };
            var thread = new Thread(() -> subscribed.subscribe(subscription, "news", "weather"));
            thread.start();
            assertThat(told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("+news 1");
            assertThat(told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("+weather 2");
            assertThat(jedis.publish("weather", "fine")).isEqualTo(1);
            assertThat(told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("weather: fine");
            thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
            assertThat(thread.isAlive()).isFalse();
            assertThat(subscribed.ping()).as("once nothing is subscribed to").isEqualTo("PONG");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void vertx(boolean resp3) throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            Redis redis = Redis.createClient(
                    vertx,
                    new RedisOptions()
                            .setConnectionString("redis://127.0.0.1:" + port)
                            .setProtocolNegotiation(resp3));
            assertThat(send(redis, Command.SET, "key", "value").toString()).isEqualTo("OK");
            assertThat(send(redis, Command.GET, "key").toString()).isEqualTo("value");
            assertThat(send(redis, Command.GET, "none")).isNull();
            send(redis, Command.HSET, "hash", "a", "1", "b", "2");
            Response all = send(redis, Command.HGETALL, "hash");
            assertThat(all.get("a").toString()).isEqualTo("1");
            assertThat(all.get("b").toString()).isEqualTo("2");
            send(redis, Command.ZADD, "ranking", "1.5", "a");
            assertThat(send(redis, Command.ZSCORE, "ranking", "a").toDouble()).isEqualTo(1.5);
            assertThatThrownBy(() -> send(redis, Command.INCR, "hash")).hasMessageContaining(WRONG_TYPE);
            var connection =
                    redis.connect().toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            BlockingQueue<String> told = new LinkedBlockingQueue<>();
            connection.handler(push -> told.add(push.toString()));
            connection.send(Request.cmd(Command.SUBSCRIBE).arg("news").arg("weather"));
            assertThat(told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).contains("subscribe", "news");
            assertThat(told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).contains("subscribe", "weather");
            assertThat(send(redis, Command.PUBLISH, "weather", "fine").toInteger())
                    .isEqualTo(1);
            assertThat(told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).contains("message", "weather", "fine");
            redis.close();
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static Response send(Redis redis, Command command, String... arguments) throws Exception {
        Request request = Request.cmd(command);
        List.of(arguments).forEach(request::arg);
        return redis.send(request).toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
