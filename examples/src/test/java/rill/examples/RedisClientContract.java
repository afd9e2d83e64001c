package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.Client;
import rill.ClientProtocol;
import rill.Connection;
import rill.DeadlineException;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.Pipeline;
import rill.codec.Lines;
import rill.codec.Text;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.resp.RespException;
import rill.testing.RecordingReporter;

/** The client's behaviour with a real Redis, wherever that runs. */
abstract class RedisClientContract {
    private static final Duration SOON = Duration.ofMillis(50);
    private static final int LARGE = 5 * 1024 * 1024;

    private final RecordingReporter reporter = new RecordingReporter();
    private Loop loop;
    private Client<Command, Reply> redis;

    /** The server's address. */
    abstract SocketAddress address();

    @BeforeEach
    void connect() throws IOException {
        loop = Loop.open(LoopOptions.defaults().reporter(reporter).slowHandle(Duration.ZERO));
        redis = connect(Resp.client());
        assertThat(call("FLUSHALL")).isEqualTo(Reply.OK);
        loop.start();
    }

    @AfterEach
    void close() {
        loop.close();
        reporter.assertNone();
    }

    private Client<Command, Reply> connect(ClientProtocol<Command, Reply> protocol) throws IOException {
        return loop.connect(address(), protocol).await();
    }

    private Reply call(String... command) throws IOException {
        return redis.call(Command.of(command)).await();
    }

    // ---- values

    @Test
    void every_kind_of_reply_arrives_as_what_it_is() throws IOException {
        assertThat(call("PING")).isEqualTo(Reply.PONG);
        assertThat(call("SET", "key", "value")).isEqualTo(Reply.OK);
        assertThat(call("GET", "key")).isEqualTo(Reply.bulk("value"));
        assertThat(call("GET", "no such key")).isEqualTo(Reply.Null.BULK);
        assertThat(call("SET", "empty", "")).isEqualTo(Reply.OK);
        assertThat(call("GET", "empty")).isEqualTo(Reply.bulk(""));
        assertThat(call("INCRBY", "n", "-5")).isEqualTo(Reply.of(-5));
        assertThat(call("SET", "most", "9223372036854775807")).isEqualTo(Reply.OK);
        assertThat(call("INCRBY", "most", "0")).isEqualTo(Reply.of(Long.MAX_VALUE));
        assertThat(call("RPUSH", "list", "a", "b")).isEqualTo(Reply.of(2));
        assertThat(call("LRANGE", "list", "0", "-1")).isEqualTo(Reply.array(Reply.bulk("a"), Reply.bulk("b")));
        assertThat(call("LRANGE", "list", "5", "9")).isEqualTo(Reply.EMPTY);
        assertThat(call("BLPOP", "no such key", "0.01")).isEqualTo(Reply.Null.ARRAY);
    }

    @Test
    void nested_arrays_arrive_with_all_that_is_in_them() throws IOException {
        assertThat(call(
                        "EVAL",
                        "return {1, {'a', false, {}}, redis.status_reply('fine'), redis.error_reply('bad')}",
                        "0"))
                .isEqualTo(Reply.array(
                        Reply.of(1),
                        Reply.array(Reply.bulk("a"), Reply.NULL, Reply.EMPTY),
                        new Reply.Simple("fine"),
                        new Reply.Failed("ERR bad")));
    }

    @Test
    void every_byte_survives_in_keys_and_values() throws IOException {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        assertThat(redis.call(Command.of("SET").with(all).with(all)).await()).isEqualTo(Reply.OK);
        assertThat(redis.call(Command.of("GET").with(all)).await()).isEqualTo(Reply.bulk(all));
        assertThat(call("SET", "schlüssel", "wert €")).isEqualTo(Reply.OK);
        assertThat(call("GET", "schlüssel")).isEqualTo(Reply.bulk("wert €"));
    }

    @Test
    @Tag("slow")
    void several_large_values_on_their_way_at_once_arrive_whole() throws IOException {
        long seed = System.nanoTime();
        var random = new Random(seed);
        byte[][] values = new byte[4][LARGE];
        for (byte[] value : values) {
            random.nextBytes(value);
        }
        List<Reply> answers = loop.task(
                        () -> { // on the loop calls wait for room; from outside they would fail
                            var calls = new ArrayList<Future<Reply>>();
                            for (int i = 0; i < values.length; i++) {
                                calls.add(redis.call(
                                        Command.of("SET", "large" + i).with(values[i])));
                                calls.add(redis.call(Command.of("GET", "large" + i)));
                            }
                            return Future.all(calls).await();
                        })
                .await();
        for (int i = 0; i < values.length; i++) {
            assertThat(answers.get(2 * i)).isEqualTo(Reply.OK);
            assertThat(answers.get(2 * i + 1).equals(Reply.bulk(values[i])))
                    .as("value " + i + " of seed " + seed)
                    .isTrue();
        }
    }

    @Test
    void a_large_value_from_outside_arrives_whole() throws IOException {
        byte[] value = new byte[LARGE];
        assertThat(redis.call(Command.of("SET", "large").with(value)).await()).isEqualTo(Reply.OK);
        assertThat(call("GET", "large").equals(Reply.bulk(value))).isTrue();
    }

    @Test
    @Tag("slow")
    void ten_thousand_calls_in_flight_at_once_are_answered_in_order() throws IOException {
        List<Future<Reply>> calls = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            calls.add(redis.call(Command.of("INCR", "counter")));
        }
        for (int i = 0; i < calls.size(); i++) {
            assertThat(calls.get(i).await()).isEqualTo(Reply.of(i + 1));
        }
    }

    // ---- errors

    @Test
    void an_error_is_an_answer_and_the_connection_goes_on() throws IOException {
        assertThat(call("SET", "text", "abc")).isEqualTo(Reply.OK);
        Future<Reply> wrongType = redis.call(Command.of("LPUSH", "text", "x"));
        Future<Reply> noInteger = redis.call(Command.of("INCR", "text"));
        Future<Reply> unknown = redis.call(Command.of("NONESUCH"));
        Future<Reply> tooFew = redis.call(Command.of("GET"));
        Future<Reply> fine = redis.call(Command.of("GET", "text"));
        assertThat(wrongType.await())
                .isInstanceOfSatisfying(
                        Reply.Failed.class, e -> assertThat(e.code()).isEqualTo("WRONGTYPE"));
        assertThatThrownBy(() -> noInteger.await().orThrow())
                .isInstanceOf(RespException.class)
                .hasMessageContaining("not an integer");
        assertThat(unknown.await()).isInstanceOf(Reply.Failed.class);
        assertThat(tooFew.await()).isInstanceOf(Reply.Failed.class);
        assertThat(fine.await()).isEqualTo(Reply.bulk("abc"));
    }

    @Test
    void what_breaks_the_protocol_is_answered_before_the_server_hangs_up() throws IOException {
        var lines = Pipeline.of(Lines.of(Lines.Ending.CRLF).with(Text.utf8()));
        String[] answers = loop.task(() -> {
                    var connection = loop.connect(address(), lines).await();
                    connection.write("*1");
                    connection.write("$nonsense");
                    return new String[] {
                        connection.receive().await(), connection.receive().await()
                    };
                })
                .await();
        assertThat(answers[0]).startsWith("-ERR Protocol error");
        assertThat(answers[1]).as("after that").isNull();
    }

    // ---- deadlines and failures

    @Test
    void a_call_that_came_too_late_leaves_its_answer_to_nobody_and_the_next_one_has_its_own() throws IOException {
        var other = connect(Resp.client());
        Future<Reply> late = redis.call(Command.of("BLPOP", "queue", "0"), SOON);
        Future<Reply> next = redis.call(Command.of("ECHO", "next"));
        assertThatThrownBy(late::await).hasCauseInstanceOf(DeadlineException.class);
        assertThat(next.isDone()).isFalse();
        assertThat(other.call(Command.of("RPUSH", "queue", "for the tombstone")).await())
                .isEqualTo(Reply.of(1));
        assertThat(next.await()).isEqualTo(Reply.bulk("next"));
        assertThat(call("LLEN", "queue")).isEqualTo(Reply.of(0));
    }

    @Test
    void a_cancelled_call_leaves_its_answer_to_nobody_and_the_next_one_has_its_own() throws IOException {
        var other = connect(Resp.client());
        Future<Reply> unwanted = redis.call(Command.of("BLPOP", "queue", "0"));
        Future<Reply> next = redis.call(Command.of("ECHO", "next"));
        unwanted.cancel();
        assertThat(other.call(Command.of("RPUSH", "queue", "for the tombstone")).await())
                .isEqualTo(Reply.of(1));
        assertThat(next.await()).isEqualTo(Reply.bulk("next"));
    }

    @Test
    void when_the_server_drops_the_client_every_pending_call_fails_with_the_cause() throws IOException {
        var other = connect(Resp.client());
        Reply.Int id = (Reply.Int) call("CLIENT", "ID");
        Future<Reply> blocked = redis.call(Command.of("BLPOP", "queue", "0"));
        Future<Reply> behind = redis.call(Command.of("PING"));
        assertThat(other.call(Command.of("CLIENT", "KILL", "ID").with(id.number()))
                        .await())
                .isEqualTo(Reply.of(1));
        assertThatThrownBy(blocked::await).isInstanceOf(IOException.class);
        assertThatThrownBy(behind::await).isInstanceOf(IOException.class);
        redis.closed().await();
        assertThatThrownBy(() -> call("PING")).isInstanceOf(IOException.class).hasMessageContaining("closed");
        assertThat(other.call(Command.of("PING")).await()).isEqualTo(Reply.PONG);
    }

    @Test
    void finishing_waits_for_the_answers_that_are_due() throws IOException {
        List<Future<Reply>> calls = new ArrayList<>();
        for (int i = 1; i <= 100; i++) {
            calls.add(redis.call(Command.of("INCR", "counter")));
        }
        redis.finish().await();
        for (int i = 0; i < calls.size(); i++) {
            assertThat(calls.get(i).await()).isEqualTo(Reply.of(i + 1));
        }
    }

    // ---- pushes

    @ParameterizedTest
    @CsvSource({
        "SUBSCRIBE a b c, RespSubscriber",
        "PSUBSCRIBE a*, RespSubscriber",
        "UNSUBSCRIBE, RespSubscriber",
        "MONITOR, Resp.clientPipeline()",
        "CLIENT REPLY OFF, Resp.clientPipeline()",
        "CLIENT REPLY SKIP, Resp.clientPipeline()",
        "HELLO 3, Resp.client(Hello.resp3())"
    })
    void a_command_that_would_shift_the_answers_of_others_is_refused_and_says_why(String words, String instead)
            throws IOException {
        Future<Reply> before = redis.call(Command.of("ECHO", "before"));
        Future<Reply> refused = redis.call(Command.of(words.split(" ")));
        Future<Reply> after = redis.call(Command.of("ECHO", "after"));
        assertThat(before.await()).isEqualTo(Reply.bulk("before"));
        assertThatThrownBy(refused::await)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(words.split(" ")[0])
                .hasMessageContaining(instead);
        assertThat(after.await()).isEqualTo(Reply.bulk("after"));
    }

    @Test
    void over_a_connection_each_channel_is_confirmed_and_messages_and_replies_keep_their_order() throws IOException {
        List<Reply> received = loop.task(() -> {
                    var subscriber =
                            loop.connect(address(), Resp.clientPipeline()).await();
                    subscriber.write(Command.of("SUBSCRIBE", "a", "b", "c"));
                    List<Reply> replies = receive(subscriber, 3);
                    redis.call(Command.of("PUBLISH", "b", "first")).await();
                    redis.call(Command.of("PUBLISH", "c", "second")).await();
                    subscriber.write(Command.of("PING", "third"));
                    subscriber.write(Command.of("UNSUBSCRIBE"));
                    replies.addAll(receive(subscriber, 6));
                    subscriber.close();
                    return replies;
                })
                .await();
        assertThat(received.subList(0, 6))
                .containsExactly(
                        Reply.array(Reply.bulk("subscribe"), Reply.bulk("a"), Reply.of(1)),
                        Reply.array(Reply.bulk("subscribe"), Reply.bulk("b"), Reply.of(2)),
                        Reply.array(Reply.bulk("subscribe"), Reply.bulk("c"), Reply.of(3)),
                        Reply.array(Reply.bulk("message"), Reply.bulk("b"), Reply.bulk("first")),
                        Reply.array(Reply.bulk("message"), Reply.bulk("c"), Reply.bulk("second")),
                        Reply.array(Reply.bulk("pong"), Reply.bulk("third")));
        assertThat(received.subList(6, 9))
                .allSatisfy(each -> assertThat(((Reply.Array) each).elements()).startsWith(Reply.bulk("unsubscribe")));
    }

    @Test
    void over_a_connection_replies_can_be_switched_off_and_commands_monitored() throws IOException {
        List<Reply> received = loop.task(() -> {
                    var connection =
                            loop.connect(address(), Resp.clientPipeline()).await();
                    for (String each : List.of(
                            "CLIENT REPLY SKIP",
                            "ECHO a",
                            "ECHO b",
                            "CLIENT REPLY OFF",
                            "ECHO c",
                            "CLIENT REPLY ON",
                            "MONITOR")) {
                        connection.write(Command.of(each.split(" ")));
                    }
                    List<Reply> replies = receive(connection, 3);
                    redis.call(Command.of("ECHO", "seen")).await();
                    replies.addAll(receive(connection, 1));
                    connection.close();
                    return replies;
                })
                .await();
        assertThat(received).startsWith(Reply.bulk("b"), Reply.OK, Reply.OK);
        assertThat(((Reply.Simple) received.getLast()).text()).endsWith("\"ECHO\" \"seen\"");
    }

    private static List<Reply> receive(Connection<Reply, Command> connection, int count) throws IOException {
        var replies = new ArrayList<Reply>();
        while (replies.size() < count) {
            replies.add(connection.receive().await());
        }
        return replies;
    }
}
