package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.Client;
import rill.ClientProtocol;
import rill.Connection;
import rill.DeadlineException;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.ProtocolException;
import rill.codec.resp.Command;
import rill.codec.resp.Hello;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.resp.RespException;
import rill.codec.resp.RespOptions;
import rill.codec.resp.RespServer;
import rill.codec.resp.RespSubscriber;
import rill.codec.resp.RespSubscriber.Kind;
import rill.codec.resp.RespVersion;
import rill.testing.RecordingReporter;
import rill.testkit.Leaks;

/** RESP3, greetings and subscriptions with a real Redis; and its answers when it can't, or may not. */
@ExtendWith(Leaks.class)
class RealResp3Test {
    private static final Duration SOON = Duration.ofMillis(50);
    private static final String SECRET = "a-secret";

    private static LocalRedis server;

    private final RecordingReporter reporter = new RecordingReporter();
    private Loop loop;

    @BeforeAll
    static void start() throws IOException {
        server = new LocalRedis("--enable-debug-command", "yes");
    }

    @AfterAll
    static void stop() throws IOException {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open(LoopOptions.defaults().reporter(reporter).slowHandle(Duration.ZERO));
        connect(Resp.client()).call(Command.of("FLUSHALL")).await();
    }

    @AfterEach
    void close() {
        loop.close();
        reporter.assertNone();
    }

    private Client<Command, Reply> connect(ClientProtocol<Command, Reply> protocol) throws IOException {
        return loop.connect(server.address(), protocol).await();
    }

    private static Reply call(Client<Command, Reply> client, String... command) throws IOException {
        return client.call(Command.of(command)).await();
    }

    private static Hello hello(RespVersion version) {
        return version == RespVersion.RESP2 ? Hello.resp2() : Hello.resp3();
    }

    // ---- types

    @Test
    void every_type_that_it_can_send_arrives() throws IOException {
        var redis = connect(Resp.client(Hello.resp3()));
        assertThat(call(redis, "DEBUG", "PROTOCOL", "string")).isEqualTo(Reply.bulk("Hello World"));
        assertThat(call(redis, "DEBUG", "PROTOCOL", "integer")).isEqualTo(Reply.of(12345));
        assertThat(call(redis, "DEBUG", "PROTOCOL", "double")).isEqualTo(Reply.of(3.141));
        assertThat(call(redis, "DEBUG", "PROTOCOL", "null")).isEqualTo(Reply.Null.RESP3);
        assertThat(call(redis, "DEBUG", "PROTOCOL", "array"))
                .isEqualTo(Reply.array(Reply.of(0), Reply.of(1), Reply.of(2)));
        assertThat(call(redis, "DEBUG", "PROTOCOL", "set")).isEqualTo(Reply.set(Reply.of(0), Reply.of(1), Reply.of(2)));
        assertThat(call(redis, "DEBUG", "PROTOCOL", "map"))
                .isEqualTo(Reply.map(
                        Reply.of(0), Reply.of(false), Reply.of(1), Reply.of(true), Reply.of(2), Reply.of(false)));
        assertThat(call(redis, "DEBUG", "PROTOCOL", "bignum"))
                .isEqualTo(new Reply.BigNumber(new BigInteger("1234567999999999999999999999999999999")));
        assertThat(call(redis, "DEBUG", "PROTOCOL", "true")).isEqualTo(Reply.of(true));
        assertThat(call(redis, "DEBUG", "PROTOCOL", "false")).isEqualTo(Reply.of(false));
        assertThat(call(redis, "DEBUG", "PROTOCOL", "verbatim"))
                .isEqualTo(new Reply.Verbatim("txt", Reply.bulk("This is a verbatim\nstring")));
        Reply attributed = call(redis, "DEBUG", "PROTOCOL", "attrib");
        assertThat(attributed).isInstanceOf(Reply.Attributed.class);
        assertThat(attributed.orThrow()).isEqualTo(Reply.bulk("Some real reply following the attribute"));
        assertThat(call(redis, "PING")).isEqualTo(Reply.PONG);
    }

    @Test
    void commands_answer_in_the_types_of_the_version() throws IOException {
        var redis = connect(Resp.client(Hello.resp3()));
        call(redis, "HSET", "hash", "a", "1");
        call(redis, "SADD", "set", "a");
        call(redis, "ZADD", "ranking", "1.5", "a", "inf", "b");
        assertThat(call(redis, "HGETALL", "hash")).isEqualTo(Reply.map(Reply.bulk("a"), Reply.bulk("1")));
        assertThat(call(redis, "SMEMBERS", "set")).isEqualTo(Reply.set(Reply.bulk("a")));
        assertThat(call(redis, "ZSCORE", "ranking", "a")).isEqualTo(Reply.of(1.5));
        assertThat(call(redis, "ZSCORE", "ranking", "b")).isEqualTo(Reply.of(Double.POSITIVE_INFINITY));
        assertThat(call(redis, "GET", "none")).isEqualTo(Reply.Null.RESP3);
        assertThat(call(redis, "EVAL", "redis.setresp(3); return {double=tonumber('1e300'), 7}", "0"))
                .isEqualTo(Reply.of(1e300));
        assertThat(call(redis, "EVAL", "return {big_number='123456789012345678901234567890'}", "0"))
                .isEqualTo(new Reply.BigNumber(new BigInteger("123456789012345678901234567890")));
        assertThat(call(redis, "EVAL", "return redis.error_reply('MY own')", "0"))
                .isInstanceOfSatisfying(
                        Reply.Failed.class, e -> assertThat(e.code()).isEqualTo("MY"));
    }

    @Test
    void transactions_with_pushes_among_them_keep_their_answers() throws IOException {
        var pushes = new ArrayList<String>();
        var redis = connect(Resp.client(Hello.resp3(), RespOptions.defaults(), push -> pushes.add(push.kind())));
        call(redis, "CLIENT", "TRACKING", "ON", "NOLOOP");
        call(redis, "SET", "a", "1");
        call(redis, "GET", "a");
        var other = connect(Resp.client());
        List<Future<Reply>> answers = new ArrayList<>();
        answers.add(redis.call(Command.of("MULTI")));
        answers.add(redis.call(Command.of("GET", "a")));
        call(other, "SET", "a", "2");
        answers.add(redis.call(Command.of("INCR", "n")));
        answers.add(redis.call(Command.of("EXEC")));
        assertThat(Future.all(answers).await())
                .containsExactly(Reply.OK, Reply.QUEUED, Reply.QUEUED, Reply.array(Reply.bulk("2"), Reply.of(1)));
        assertThat(call(redis, "PING")).isEqualTo(Reply.PONG);
        assertThat(pushes).containsExactly("invalidate");
    }

    @Test
    void invalidations_of_tracked_keys_are_told() throws IOException {
        BlockingQueue<Reply.Push> pushes = new LinkedBlockingQueue<>();
        var redis = connect(Resp.client(Hello.resp3(), RespOptions.defaults(), pushes::add));
        var other = connect(Resp.client());
        call(redis, "CLIENT", "TRACKING", "ON");
        call(redis, "GET", "key");
        call(other, "SET", "key", "value");
        assertThat(call(redis, "GET", "key")).isEqualTo(Reply.bulk("value"));
        call(other, "FLUSHALL");
        call(redis, "PING");
        assertThat(pushes)
                .containsExactly(
                        Reply.push("invalidate", Reply.array(Reply.bulk("key"))),
                        Reply.push("invalidate", Reply.Null.RESP3));
    }

    @Test
    void large_values_are_handed_out_without_a_copy_and_whole() throws IOException {
        var redis = connect(Resp.client(RespOptions.defaults().handOut(64 * 1024)));
        byte[] value = new byte[3_000_000];
        new Random(1).nextBytes(value);
        redis.call(Command.of("SET", "large").with(value)).await().orThrow();
        Reply.BulkBuffer large = (Reply.BulkBuffer) call(redis, "GET", "large");
        byte[] read = new byte[large.content().readableBytes()];
        large.content().getBytes(large.content().readerIndex(), read);
        large.release();
        assertThat(read).isEqualTo(value);
        Future<Reply> given = redis.call(Command.of("GET", "large"));
        given.cancel(); // an answer without a receiver is released
        assertThat(call(redis, "GET", "none")).isEqualTo(Reply.NULL);
    }

    // ---- greetings

    @Test
    void what_the_server_says_of_itself_can_be_asked_for() throws IOException {
        var redis = connect(Resp.client(Hello.resp3().clientName("rill").database(3)));
        RespServer info = redis.info(RespServer.class).orElseThrow();
        assertThat(info.name()).isEqualTo("redis");
        assertThat(info.protocol()).isEqualTo(3);
        assertThat(info.mode()).isEqualTo("standalone");
        assertThat(info.role()).isEqualTo("master");
        assertThat(info.version()).startsWith("7.");
        assertThat(call(redis, "CLIENT", "ID")).isEqualTo(Reply.of(info.clientId()));
        assertThat(call(redis, "CLIENT", "GETNAME")).isEqualTo(Reply.bulk("rill"));
        assertThat(Reply.text(call(redis, "CLIENT", "INFO"))).contains(" db=3 ").containsPattern(" resp=3\\s");
        assertThat(connect(Resp.client()).info(RespServer.class)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void users_and_their_passwords_are_accepted_or_the_connection_fails(RespVersion version) throws IOException {
        var admin = connect(Resp.client());
        call(
                admin,
                "ACL",
                "SETUSER",
                "reader",
                "on",
                ">" + SECRET,
                "~*",
                "&news*",
                "+@read",
                "+ping",
                "+client",
                "+hello",
                "+subscribe");
        var reader = connect(Resp.client(hello(version).user("reader", SECRET).clientName("me")));
        assertThat(call(reader, "GET", "key")).isInstanceOf(Reply.Null.class);
        assertThatThrownBy(() -> call(reader, "SET", "key", "value").orThrow())
                .isInstanceOf(RespException.class)
                .hasMessageStartingWith("NOPERM")
                .hasMessageContaining("access control list");
        assertThatThrownBy(() -> connect(Resp.client(hello(version).user("reader", "wrong"))))
                .isInstanceOf(RespException.class)
                .hasMessageContaining("WRONGPASS")
                .hasMessageContaining("Hello.user");
        var subscriber = subscribe(hello(version).user("reader", SECRET), message -> {});
        subscriber.subscribe("news").await();
        assertThatThrownBy(() -> subscriber.subscribe("news2", "secrets").await())
                .isInstanceOf(RespException.class)
                .hasMessageContaining("NOPERM");
        subscriber.subscribe("news3").await();
        assertThat(subscriber.subscriptions(Kind.CHANNEL)).containsExactly("news", "news3");
    }

    @Test
    void who_has_to_say_a_password_is_told_so() throws IOException {
        try (var closed = new LocalRedis("--requirepass", SECRET)) {
            assertThatThrownBy(() -> loop.connect(closed.address(), Resp.client(Hello.resp3()))
                            .await())
                    .isInstanceOf(RespException.class)
                    .hasMessageContaining("NOAUTH")
                    .hasMessageContaining("Hello.password");
            var without = loop.connect(closed.address(), Resp.client()).await();
            assertThatThrownBy(() -> call(without, "GET", "a").orThrow())
                    .isInstanceOf(RespException.class)
                    .hasMessageContaining("Hello.password");
            for (RespVersion each : RespVersion.values()) {
                var with = loop.connect(
                                closed.address(), Resp.client(hello(each).password(SECRET)))
                        .await();
                assertThat(call(with, "PING")).isEqualTo(Reply.PONG);
            }
        }
    }

    @Test
    void a_database_that_is_not_there_fails_the_connection() {
        assertThatThrownBy(() -> connect(Resp.client(Hello.resp3().database(99))))
                .isInstanceOf(RespException.class)
                .hasMessageContaining("SELECT 99")
                .hasMessageContaining("out of range");
    }

    // ---- subscriptions

    private RespSubscriber subscribe(Hello hello, RespSubscriber.Receiver receiver) throws IOException {
        return loop.connect(server.address(), Resp.clientPipeline(hello, RespOptions.defaults()))
                .map(connection -> RespSubscriber.over(connection, receiver))
                .await();
    }

    @ParameterizedTest
    @EnumSource
    void what_is_published_comes_to_its_subscribers_in_order(RespVersion version) throws IOException {
        var told = new ArrayList<String>();
        var subscriber = subscribe(
                hello(version), message -> told.add(message.kind() + " " + message.channel() + " " + message.text()));
        var redis = connect(Resp.client());
        subscriber.subscribe("a", "b", "c").await();
        subscriber.subscribe(Kind.PATTERN, "b*", "d?").await();
        subscriber.subscribe(Kind.SHARD, "s").await();
        assertThat(call(redis, "PUBLISH", "b", "1")).isEqualTo(Reply.of(2));
        call(redis, "PUBLISH", "dx", "2");
        call(redis, "SPUBLISH", "s", "3");
        subscriber.ping().await();
        assertThat(told).containsExactly("CHANNEL b 1", "PATTERN b 1", "PATTERN dx 2", "SHARD s 3");
        subscriber.unsubscribe("a", "c").await();
        subscriber.unsubscribe(Kind.PATTERN).await();
        subscriber.unsubscribe(Kind.SHARD, "s", "other").await();
        assertThat(call(redis, "PUBLISH", "b", "4")).isEqualTo(Reply.of(1));
        subscriber.unsubscribe().await();
        assertThat(call(redis, "PUBLISH", "b", "5")).isEqualTo(Reply.of(0));
        subscriber.ping().await();
        assertThat(told).hasSize(5).endsWith("CHANNEL b 4");
        subscriber.subscribe("b").await();
        assertThat(call(redis, "PUBLISH", "b", "6")).isEqualTo(Reply.of(1));
    }

    @Test
    @Tag("slow")
    void confirmations_and_messages_at_once_are_not_mixed_up() throws IOException {
        var told = new ArrayList<String>();
        var subscriber = subscribe(Hello.resp2(), message -> told.add(message.text()));
        var redis = connect(Resp.client());
        loop.run(() -> {
            subscriber.subscribe("news").await();
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                all.add(redis.call(Command.of("PUBLISH", "news", "m" + i)));
                all.add(subscriber.subscribe("x" + i, "y" + i));
                all.add(i % 3 == 0 ? subscriber.ping() : subscriber.unsubscribe("x" + (i - 1), "y" + i, "none"));
            }
            for (Future<?> each : all) {
                each.await();
            }
            subscriber.ping().await();
        });
        assertThat(told).hasSize(500);
        for (int i = 0; i < 500; i++) {
            assertThat(told.get(i)).isEqualTo("m" + i);
        }
    }

    // ---- for proxies

    @Test
    void a_connection_of_any_command_changes_its_version_on_the_way() throws IOException {
        List<Reply> replies = loop.run(() -> {
            Connection<Reply, Command> connection =
                    loop.connect(server.address(), Resp.clientPipeline()).await();
            var received = new ArrayList<Reply>();
            for (String each : List.of(
                    "HSET h a 1",
                    "HGETALL h",
                    "HELLO 3",
                    "HGETALL h",
                    "SUBSCRIBE a",
                    "CLIENT REPLY SKIP",
                    "PING",
                    "ECHO x",
                    "HELLO 2")) {
                connection.write(Command.of(each.split(" ")));
            }
            for (int i = 0; i < 7; i++) {
                received.add(connection.receive().await());
            }
            connection.close();
            return received;
        });
        assertThat(replies.get(1)).isEqualTo(Reply.array(Reply.bulk("a"), Reply.bulk("1")));
        assertThat(replies.get(2)).isInstanceOf(Reply.Map.class);
        assertThat(replies.get(3)).isEqualTo(Reply.map(Reply.bulk("a"), Reply.bulk("1")));
        assertThat(replies.get(4)).isEqualTo(Reply.push("subscribe", Reply.bulk("a"), Reply.of(1)));
        assertThat(replies.get(5)).isEqualTo(Reply.bulk("x"));
        assertThat(replies.get(6)).isInstanceOf(Reply.Array.class);
    }

    // ---- what goes wrong

    @Test
    void a_server_that_is_full_fails_the_connection_that_greets_it() throws IOException {
        try (var full = new LocalRedis("--maxclients", "1")) {
            var only = loop.connect(full.address(), Resp.client()).await();
            call(only, "PING");
            assertThatThrownBy(() -> loop.connect(full.address(), Resp.client(Hello.resp3()))
                            .await())
                    .isInstanceOfSatisfying(
                            RespException.class,
                            e -> assertThat(e.isTemporary()).isTrue())
                    .hasMessageContaining("maxclients");
        }
    }

    @Test
    @Tag("slow")
    void a_server_that_is_loading_says_so(@TempDir Path folder) throws Exception {
        try (var filled = new LocalServer("redis-server", 1, (own, ports) -> arguments(folder, ports))) {
            var redis = loop.connect(filled.address(), Resp.client()).await();
            for (int i = 0; i < 2_000; i++) {
                var _ = redis.call(Command.of("SET", "key" + i, "x".repeat(2_000)));
            }
            call(redis, "SAVE").orThrow();
        }
        assertThat(Files.size(folder.resolve("dump.rdb"))).isGreaterThan(1_000);
        try (var loading = new LocalServer("redis-server", 1, (own, ports) -> {
            var slow = new ArrayList<>(arguments(folder, ports));
            slow.addAll(List.of("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024"));
            return slow;
        })) {
            var redis = loop.connect(loading.address(), Resp.client()).await();
            assertThatThrownBy(() -> call(redis, "GET", "key1").orThrow())
                    .isInstanceOfSatisfying(
                            RespException.class,
                            e -> assertThat(e.isTemporary()).isTrue())
                    .hasMessageStartingWith("LOADING")
                    .hasMessageContaining("try again");
        }
    }

    private static List<String> arguments(Path folder, int[] ports) {
        return List.of(
                "--bind", "127.0.0.1", "--port", String.valueOf(ports[0]), "--save", "", "--dir", folder.toString());
    }

    @Test
    @Tag("slow")
    void a_server_that_is_stopped_fails_calls_by_their_deadlines_and_is_given_up() throws Exception {
        try (var stopped = new LocalRedis()) {
            var redis = loop.connect(
                            stopped.address(), Resp.client(Hello.resp3()).dropAfter(Duration.ofMillis(500)))
                    .await();
            stopped.signal("STOP");
            try {
                Future<Reply> late = redis.call(Command.of("PING"), SOON);
                assertThatThrownBy(late::await)
                        .isInstanceOfSatisfying(
                                CallFailedException.class,
                                e -> assertThat(e.fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT))
                        .hasCauseInstanceOf(DeadlineException.class);
                assertThatThrownBy(() -> call(redis, "INCR", "n"))
                        .isInstanceOfSatisfying(
                                CallFailedException.class,
                                e -> assertThat(e.fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT));
                redis.closed().await();
                assertThat(redis.failure()).isNotNull();
            } finally {
                stopped.signal("CONT");
            }
        }
    }

    @Test
    void a_server_that_is_killed_fails_calls_and_subscriptions() throws Exception {
        try (var killed = new LocalRedis()) {
            var redis =
                    loop.connect(killed.address(), Resp.client(Hello.resp3())).await();
            var subscriber = loop.connect(killed.address(), Resp.clientPipeline())
                    .map(connection -> RespSubscriber.over(connection, message -> {}))
                    .await();
            subscriber.onFailure(failure -> {});
            subscriber.subscribe("a").await();
            Future<Reply> blocked = redis.call(Command.of("BLPOP", "queue", "0"));
            call(loop.connect(killed.address(), Resp.client()).await(), "PING");
            killed.signal("KILL");
            assertThatThrownBy(blocked::await)
                    .isInstanceOfSatisfying(
                            CallFailedException.class, e -> assertThat(e.fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT));
            subscriber.closed().await();
            assertThat(subscriber.failure()).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> subscriber.subscribe("b").await()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void something_that_is_no_redis_is_told_as_such() throws IOException {
        try (var other = new RunningServer(Echo::serve)) {
            assertThatThrownBy(() -> loop.connect(other.address(), Resp.client(Hello.resp3()))
                            .await())
                    .isInstanceOfAny(ProtocolException.class, IOException.class)
                    .hasMessageNotContaining("null");
        }
    }
}
