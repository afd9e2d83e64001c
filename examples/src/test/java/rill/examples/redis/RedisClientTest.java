package rill.examples.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import rill.CallFailedException;
import rill.Client;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.codec.resp.Command;
import rill.codec.resp.Hello;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.resp.RespException;
import rill.codec.resp.RespSubscriber;
import rill.codec.resp.RespSubscriber.Kind;
import rill.codec.resp.RespVersion;
import rill.examples.LocalRedis;
import rill.testing.RecordingReporter;
import rill.testkit.Leaks;

/** The client with a real Redis. */
@ExtendWith(Leaks.class)
class RedisClientTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static LocalRedis server;

    private final RecordingReporter reporter = new RecordingReporter();
    private final List<String> told = new ArrayList<>();
    private Loop loop;
    private RedisClient redis;

    private final Subscriptions.Receiver receiver = new Subscriptions.Receiver() {
        @Override
        public void message(RespSubscriber.Message message) {
            told.add(message.channel() + ": " + message.text());
        }

        @Override
        public void lost(Throwable why) {
            if (!told.contains("lost")) {
                told.add("lost");
            }
        }

        @Override
        public void restored() {
            told.add("restored");
        }
    };

    @BeforeAll
    static void start() throws IOException {
        server = new LocalRedis();
    }

    @AfterAll
    static void stop() throws IOException {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void connect() throws IOException {
        loop = Loop.open(LoopOptions.defaults().reporter(reporter).slowHandle(Duration.ZERO));
        redis = connect(RespVersion.RESP3);
        redis.call(Command.of("FLUSHALL")).await();
    }

    private RedisClient connect(RespVersion version) throws IOException {
        Hello hello = version == RespVersion.RESP2 ? Hello.resp2() : Hello.resp3();
        return RedisClient.connect(loop, server.address(), hello.clientName("client"))
                .await();
    }

    @AfterEach
    void close() {
        redis.close();
        loop.close();
        reporter.assertNone();
    }

    @ParameterizedTest
    @EnumSource
    void values_are_the_same_in_both_versions(RespVersion version) throws IOException {
        try (RedisClient client = connect(version)) {
            client.set("key", "value").await();
            assertThat(client.get("key").await()).isEqualTo("value");
            assertThat(client.get("none").await()).isNull();
            assertThat(client.increment("n").await()).isEqualTo(1);
            client.call(Command.of("HSET", "hash", "a", "1", "b", "2")).await();
            assertThat(client.hash("hash").await()).isEqualTo(Map.of("a", "1", "b", "2"));
            assertThat(client.delete("key").await()).isTrue();
            assertThat(client.delete("key").await()).isFalse();
            assertThat(client.version()).isEqualTo(version);
            assertThatThrownBy(() -> client.increment("hash").await())
                    .isInstanceOf(RespException.class)
                    .hasMessageStartingWith("WRONGTYPE");
        }
    }

    // ---- transactions

    @Test
    void a_transaction_is_one_call_among_others() throws IOException {
        List<Future<?>> all = new ArrayList<>();
        List<Future<List<Reply>>> transactions = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            transactions.add(redis.transaction(Command.of("INCR", "a"), Command.of("INCR", "b")));
            all.add(redis.increment("a"));
        }
        Future.all(all).await();
        for (int i = 0; i < 200; i++) {
            long a = ((Reply.Int) transactions.get(i).await().get(0)).number();
            long b = ((Reply.Int) transactions.get(i).await().get(1)).number();
            assertThat(a).isEqualTo(2 * i + 1);
            assertThat(b).isEqualTo(i + 1);
        }
    }

    @Test
    void a_transaction_of_which_a_command_is_refused_is_not_carried_out_and_says_why() throws IOException {
        assertThatThrownBy(() -> redis.transaction(Command.of("INCR", "a"), Command.of("GET"))
                        .await())
                .isInstanceOf(RespException.class)
                .hasMessageStartingWith("EXECABORT")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .anySatisfy(why -> assertThat(why).hasMessageContaining("wrong number of arguments")));
        assertThat(redis.get("a").await()).isNull();
    }

    @Test
    void a_transaction_that_could_not_begin_says_so() throws IOException {
        redis.call(Command.of("ACL", "SETUSER", "single", "on", ">secret", "~*", "+@all", "-multi"))
                .await();
        try (var single = RedisClient.connect(
                        loop, server.address(), Hello.resp3().user("single", "secret"))
                .await()) {
            assertThatThrownBy(() -> single.transaction(Command.of("INCR", "a")).await())
                    .isInstanceOf(RespException.class)
                    .hasMessageStartingWith("NOPERM")
                    .hasMessageContaining("multi");
            assertThat(single.get("a").await()).as("as the Javadoc says").isEqualTo("1");
        }
    }

    @Test
    void a_command_that_fails_within_a_transaction_undoes_nothing() throws IOException {
        redis.set("text", "abc").await();
        List<Reply> replies = redis.transaction(Command.of("INCR", "a"), Command.of("INCR", "text"))
                .await();
        assertThat(replies.get(0)).isEqualTo(Reply.of(1));
        assertThat(replies.get(1)).isInstanceOf(Reply.Failed.class);
        assertThat(redis.get("a").await()).isEqualTo("1");
    }

    @Test
    void what_would_change_a_connection_that_others_use_and_that_comes_and_goes_is_refused() throws IOException {
        for (Command each : List.of(
                Command.of("select", "2"),
                Command.of("AUTH", "secret"),
                Command.of("HELLO", "3", "SETNAME", "other"),
                Command.of("WATCH", "key"),
                Command.of("MULTI"),
                Command.of("EXEC"))) {
            for (Future<?> call : List.of(redis.call(each), redis.batch(List.of(each)), redis.block(each, LONG))) {
                assertThatThrownBy(call::await)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageStartingWith(each.name());
            }
        }
        assertThatThrownBy(() -> redis.transaction(Command.of("INCR", "a"), Command.of("DISCARD"))
                        .await())
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(redis.call(Command.of("HELLO")).await()).isInstanceOf(Reply.Map.class);
        assertThat(redis.batch(List.of(Command.of("MULTI"), Command.of("INCR", "a"), Command.of("DISCARD")))
                        .await())
                .hasSize(3);
        String self = String.valueOf(
                Reply.text(redis.call(Command.of("CLIENT", "LIST")).await()));
        assertThat(self).contains(" db=0 ", " multi=-1 ");
    }

    // ---- scripts, scans

    @Test
    void a_script_is_sent_as_a_whole_once() throws IOException {
        Script script = Script.of("return redis.call('INCRBY', KEYS[1], ARGV[1])");
        redis.call(Command.of("SCRIPT", "FLUSH")).await();
        redis.call(Command.of("CONFIG", "RESETSTAT")).await();
        assertThat(redis.run(script, List.of("n"), "5").await()).isEqualTo(Reply.of(5));
        assertThat(redis.run(script, List.of("n"), "5").await()).isEqualTo(Reply.of(10));
        String stats = Reply.text(redis.call(Command.of("INFO", "commandstats")).await());
        assertThat(stats).contains("cmdstat_eval:calls=1,", "cmdstat_evalsha:calls=2,");
        assertThatThrownBy(() ->
                        redis.run(Script.of("return nonsense("), List.of()).await())
                .isInstanceOf(RespException.class)
                .hasMessageContaining("compiling script");
    }

    @Test
    void a_scan_gives_every_key_page_by_page() throws IOException {
        Set<String> expected = new HashSet<>();
        List<Command> sets = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            expected.add("key:" + i);
            sets.add(Command.of("SET", "key:" + i, "x"));
            sets.add(Command.of("SET", "other:" + i, "x"));
        }
        redis.batch(sets).await();
        Set<String> found = new HashSet<>();
        redis.scan("key:*").forEach(found::add).await();
        assertThat(found).isEqualTo(expected);
        Scan scan = redis.scan("none*");
        while (scan.next().await() instanceof List<String> page) {
            assertThat(page).isEmpty();
        }
        assertThat(scan.next().await()).isNull();
    }

    // ---- commands that block

    @Test
    void commands_that_block_hold_up_nobody() throws IOException {
        Future<Reply> first = redis.block(Command.of("BLPOP", "queue", "20"), LONG);
        Future<Reply> second = redis.block(Command.of("BLPOP", "queue", "20"), LONG);
        assertThat(redis.increment("n").await()).isEqualTo(1);
        assertThat(redis.block(Command.of("BLPOP", "nothing", "0.01"), LONG).await())
                .isInstanceOf(Reply.Null.class);
        redis.call(Command.of("RPUSH", "queue", "a", "b")).await();
        assertThat(Set.of(first.await(), second.await()))
                .containsExactlyInAnyOrder(
                        Reply.array(Reply.bulk("queue"), Reply.bulk("a")),
                        Reply.array(Reply.bulk("queue"), Reply.bulk("b")));
        assertThat(clients()).as("connections are used again").isEqualTo(4);
        redis.block(Command.of("BLPOP", "nothing", "0.01"), LONG).await();
        assertThat(clients()).isEqualTo(4);
    }

    @Test
    void one_that_is_given_up_takes_no_element_with_it() throws IOException {
        Future<Reply> unwanted = redis.block(Command.of("BLPOP", "queue", "20"), LONG);
        awaitBlocked();
        unwanted.cancel();
        while (clients() > 1) {
            loop.delay(Duration.ofMillis(1)).await();
        }
        redis.call(Command.of("RPUSH", "queue", "a")).await();
        assertThat(redis.call(Command.of("LLEN", "queue")).await()).isEqualTo(Reply.of(1));
    }

    private void awaitBlocked() throws IOException {
        while (!String.valueOf(
                        Reply.text(redis.call(Command.of("INFO", "clients")).await()))
                .contains("blocked_clients:1")) {
            loop.delay(Duration.ofMillis(1)).await();
        }
    }

    private long clients() throws IOException {
        return String.valueOf(
                        Reply.text(redis.call(Command.of("CLIENT", "LIST")).await()))
                .lines()
                .count();
    }

    // ---- subscriptions

    @Test
    void subscriptions_survive_their_connection() throws IOException {
        Subscriptions subscriptions =
                loop.submit(() -> redis.subscriptions(receiver)).await();
        loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "a", "b"))
                .await()
                .await();
        loop.submit(() -> subscriptions.subscribe(Kind.PATTERN, "p*")).await().await();
        redis.call(Command.of("PUBLISH", "a", "1")).await();
        redis.call(Command.of("CLIENT", "KILL", "TYPE", "pubsub")).await();
        Future<?> meanwhile =
                loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "c")).await();
        meanwhile.await();
        awaitTold("restored");
        for (String each : List.of("a", "b", "c", "p1")) {
            assertThat(redis.call(Command.of("PUBLISH", each, "2")).await())
                    .as(each)
                    .isEqualTo(Reply.of(1));
        }
        awaitTold("p1: 2");
        assertThat(told).containsExactly("a: 1", "lost", "restored", "a: 2", "b: 2", "c: 2", "p1: 2");
        loop.submit(() -> subscriptions.unsubscribe(Kind.CHANNEL, "a", "b", "c"))
                .await()
                .await();
        assertThat(redis.call(Command.of("PUBLISH", "a", "3")).await()).isEqualTo(Reply.of(0));
        loop.submit(subscriptions::close).await();
    }

    private void awaitTold(String what) throws IOException {
        while (!told.contains(what)) {
            loop.delay(Duration.ofMillis(1)).await();
        }
    }

    @Test
    @Tag("slow")
    void a_server_that_is_killed_and_comes_back_is_found_again() throws Exception {
        InetSocketAddress address;
        RedisClient client;
        Subscriptions subscriptions;
        try (var first = new LocalRedis()) {
            address = first.address();
            client = RedisClient.connect(loop, address, Hello.resp3()).await();
            RedisClient mine = client;
            subscriptions = loop.submit(() -> mine.subscriptions(receiver)).await();
            loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "news"))
                    .await()
                    .await();
            client.set("key", "1").await();
            first.signal("KILL");
            awaitTold("lost");
        }
        Future<?> waits = client.set("key", "2");
        try (var second = new LocalRedis("--port", String.valueOf(address.getPort()))) {
            assertThat(second.address()).isNotNull();
            awaitTold("restored");
            waits.await();
            assertThat(client.get("key").await()).isEqualTo("2");
            client.call(Command.of("PUBLISH", "news", "again")).await();
            awaitTold("news: again");
        }
        client.close();
    }

    @Test
    void what_is_refused_is_not_asked_for_again() throws IOException {
        redis.call(Command.of("ACL", "SETUSER", "reader", "on", ">secret", "~*", "&news", "+@all"))
                .await();
        var reader = RedisClient.connect(loop, server.address(), Hello.resp3().user("reader", "secret"))
                .await();
        Subscriptions subscriptions =
                loop.submit(() -> reader.subscriptions(receiver)).await();
        loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "news")).await().await();
        assertThatThrownBy(() -> loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "secrets"))
                        .await()
                        .await())
                .isInstanceOf(RespException.class)
                .hasMessageStartingWith("NOPERM");
        redis.call(Command.of("CLIENT", "KILL", "TYPE", "pubsub")).await();
        awaitTold("restored");
        assertThat(redis.call(Command.of("PUBLISH", "news", "1")).await()).isEqualTo(Reply.of(1));
        reader.close();
    }

    @Test
    void what_prevents_the_first_connection_is_told_at_once() throws IOException {
        assertThatThrownBy(() -> RedisClient.connect(
                                loop, server.address(), Hello.resp3().user("nobody", "x"))
                        .await())
                .hasStackTraceContaining("WRONGPASS");
        redis.call(Command.of("CLIENT", "NO-EVICT", "OFF")).await();
    }

    @Test
    void a_connection_that_was_lost_is_made_again_and_what_only_reads_is_tried_again() throws IOException {
        Future<Reply> blocked = redis.call(Command.of("BLPOP", "queue", "0"));
        Future<String> behind = redis.get("key");
        Client<Command, Reply> other =
                loop.connect(server.address(), Resp.client()).await();
        other.call(Command.of("CLIENT", "KILL", "TYPE", "normal")).await();
        assertThatThrownBy(blocked::await)
                .isInstanceOfSatisfying(
                        CallFailedException.class,
                        e -> assertThat(e.fate()).isEqualTo(CallFailedException.Fate.PERHAPS_CARRIED_OUT));
        assertThat(behind.await()).isNull();
        redis.set("key", "again").await();
        assertThat(redis.get("key").await()).isEqualTo("again");
        other.close();
    }

    @Test
    void closing_it_closes_all_of_it() throws IOException {
        Future<Reply> blocked = redis.block(Command.of("BLPOP", "queue", "20"), LONG);
        awaitBlocked();
        redis.close();
        assertThatThrownBy(blocked::await).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> redis.get("key").await()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(
                        () -> loop.submit(() -> redis.subscriptions(receiver)).await())
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void subscriptions_that_are_closed_are_not_kept() throws IOException {
        for (int i = 0; i < 100; i++) {
            loop.submit(() -> {
                        redis.subscriptions(receiver).close();
                        return null;
                    })
                    .await();
        }
        assertThat(redis.open()).isLessThanOrEqualTo(1);
    }

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_the_client() throws IOException {
        var sources = new StringBuilder();
        try (Stream<Path> files = Files.list(Path.of("src/main/java/rill/examples/redis"))) {
            for (Path each : files.toList()) {
                sources.append(Files.readString(each));
            }
        }
        List<String> blocks = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("../docs/redis.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(3).allSatisfy(block -> assertThat(sources).contains(block));
    }

    // ---- slots

    @ParameterizedTest
    @CsvSource({"123456789, 12739", "foo, 12182", "{foo}bar, 12182", "a{foo}, 12182", "{}foo, 9500", "'', 0"})
    void a_key_has_the_slot_that_redis_gives_it(String key, int slot) throws IOException {
        assertThat(Slots.of(key.getBytes(StandardCharsets.UTF_8))).isEqualTo(slot);
    }
}
