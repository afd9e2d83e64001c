package rill.codec.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.ProtocolException;
import rill.codec.resp.RespSubscriber.Kind;
import rill.testing.RecordingReporter;
import rill.testkit.Leaks;

/** Tests subscriptions, with a server that sends what the test says. */
@ExtendWith(Leaks.class)
final class RespSubscriberTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final RecordingReporter reporter = new RecordingReporter();
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final List<Command> commands = new ArrayList<>();
    private Loop loop;
    private Connection<Command, Reply> server;
    private RespSubscriber subscriber;

    private final RespSubscriber.Receiver receiver = new RespSubscriber.Receiver() {
        @Override
        public void message(RespSubscriber.Message message) {
            if (message.text().equals("throw")) {
                throw new IllegalStateException("thrown by the receiver");
            }
            told.add(message.kind() + " " + message.subscription() + " " + message.channel() + " " + message.text());
        }

        @Override
        public void subscribed(Kind kind, String name) {
            told.add("+" + kind + " " + name);
        }

        @Override
        public void unsubscribed(Kind kind, String name, boolean asked) {
            told.add("-" + kind + " " + name + (asked ? "" : " unasked"));
        }

        @Override
        public void pushed(Reply.Push push) {
            told.add("push " + push.kind());
        }
    };

    @BeforeEach
    void connect() throws IOException {
        loop = Loop.open(LoopOptions.defaults().reporter(reporter).slowHandle(Duration.ZERO));
        var accepted = loop.<Connection<Command, Reply>>promise();
        Listener listener = loop.listen(ANY_PORT, Resp.server(), connection -> {
                    connection.onMessage(commands::add);
                    accepted.complete(connection);
                })
                .await();
        subscriber = loop.connect(listener.address(), Resp.clientPipeline())
                .map(connection -> RespSubscriber.over(connection, receiver))
                .await();
        server = accepted.await();
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private void say(Reply... replies) {
        for (Reply each : replies) {
            server.write(each);
        }
    }

    private static Reply array(String kind, @Nullable String name, long count) {
        return Reply.array(Reply.bulk(kind), name == null ? Reply.NULL : Reply.bulk(name), Reply.of(count));
    }

    private static Reply push(String kind, String name, long count) {
        return Reply.push(kind, Reply.bulk(name), Reply.of(count));
    }

    private static Reply message(String channel, String text) {
        return Reply.array(Reply.bulk("message"), Reply.bulk(channel), Reply.bulk(text));
    }

    /** Waits until everything sent so far has arrived. */
    private void settle() throws IOException {
        Future<@Nullable Void> pong = subscriber.ping();
        say(Reply.PONG);
        pong.await();
    }

    @Test
    void a_future_is_done_once_all_of_its_channels_are_confirmed() throws IOException {
        Future<@Nullable Void> both = subscriber.subscribe("a", "b");
        Future<@Nullable Void> third = subscriber.subscribe("c");
        say(array("subscribe", "a", 1));
        loop.delay(Duration.ofMillis(1)).await();
        assertThat(both.isDone()).isFalse();
        say(array("subscribe", "b", 2), message("a", "first"), array("subscribe", "c", 3));
        both.await();
        third.await();
        assertThat(told).containsExactly("+CHANNEL a", "+CHANNEL b", "CHANNEL a a first", "+CHANNEL c");
        assertThat(commands).containsExactly(Command.of("SUBSCRIBE", "a", "b"), Command.of("SUBSCRIBE", "c"));
        assertThat(subscriber.subscriptions(Kind.CHANNEL)).containsExactly("a", "b", "c");
    }

    @Test
    void pushes_of_resp3_are_understood_as_well() throws IOException {
        Future<@Nullable Void> all = subscriber.subscribe(Kind.PATTERN, "a*");
        Future<@Nullable Void> shard = subscriber.subscribe(Kind.SHARD, "s");
        say(
                push("psubscribe", "a*", 1),
                new Reply.Attributed(
                        Reply.map(Reply.of(1), Reply.of(2)),
                        Reply.push("pmessage", Reply.bulk("a*"), Reply.bulk("ab"), Reply.bulk("hi"))),
                push("ssubscribe", "s", 1),
                Reply.push("smessage", Reply.bulk("s"), Reply.bulk("ho")),
                Reply.push("invalidate", Reply.array(Reply.bulk("key"))));
        all.await();
        shard.await();
        settle();
        assertThat(told)
                .containsExactly("+PATTERN a*", "PATTERN a* ab hi", "+SHARD s", "SHARD s s ho", "push invalidate");
    }

    @Test
    void ending_several_at_once_waits_for_each_of_them() throws IOException {
        subscriber.subscribe("a", "b", "c");
        say(array("subscribe", "a", 1), array("subscribe", "b", 2), array("subscribe", "c", 3));
        settle();
        Future<@Nullable Void> two = subscriber.unsubscribe("a", "x", "a");
        Future<@Nullable Void> rest = subscriber.unsubscribe();
        Future<@Nullable Void> again = subscriber.subscribe("a");
        say(array("unsubscribe", "a", 2), array("unsubscribe", "x", 2), array("unsubscribe", "a", 2));
        two.await();
        assertThat(rest.isDone()).isFalse();
        say(
                array("unsubscribe", "b", 1),
                message("c", "last"),
                array("unsubscribe", "c", 0),
                array("subscribe", "a", 1));
        rest.await();
        again.await();
        assertThat(commands.get(3)).as("named one by one").isEqualTo(Command.of("UNSUBSCRIBE", "b", "c"));
        assertThat(told.subList(3, told.size()))
                .containsExactly(
                        "-CHANNEL a",
                        "-CHANNEL x",
                        "-CHANNEL a",
                        "-CHANNEL b",
                        "CHANNEL c c last",
                        "-CHANNEL c",
                        "+CHANNEL a");
        assertThat(subscriber.subscriptions(Kind.CHANNEL)).containsExactly("a");
    }

    @Test
    void ending_all_ends_those_that_are_not_confirmed_yet_too() throws IOException {
        subscriber.subscribe("a");
        Future<@Nullable Void> all = subscriber.unsubscribe();
        say(array("subscribe", "a", 1), array("unsubscribe", "a", 0));
        all.await();
        assertThat(subscriber.subscriptions(Kind.CHANNEL)).isEmpty();
    }

    @Test
    void ending_all_where_there_is_none_asks_nobody() throws IOException {
        subscriber.unsubscribe().await();
        subscriber.unsubscribe(Kind.PATTERN).await();
        settle();
        assertThat(commands).containsExactly(Command.of("PING"));
    }

    @Test
    void what_the_server_ends_by_itself_is_told_and_shifts_nothing() throws IOException {
        subscriber.subscribe(Kind.SHARD, "s", "t").onDone((nothing, failure) -> {});
        say(push("ssubscribe", "s", 1), push("ssubscribe", "t", 2));
        settle();
        Future<@Nullable Void> asked = subscriber.unsubscribe(Kind.SHARD, "s");
        Future<@Nullable Void> next = subscriber.subscribe("a");
        say(push("sunsubscribe", "t", 1)); // unasked: its slot has moved
        say(push("sunsubscribe", "s", 0)); // likewise unasked, but taken for the answer
        say(push("sunsubscribe", "s", 0)); // the real answer
        say(array("subscribe", "a", 1));
        asked.await();
        next.await();
        assertThat(told.subList(2, told.size()))
                .containsExactly("-SHARD t unasked", "-SHARD s", "-SHARD s unasked", "+CHANNEL a");
    }

    @Test
    void what_is_refused_fails_that_request_alone() throws IOException {
        subscriber.subscribe("a");
        Future<@Nullable Void> refused = subscriber.subscribe("a", "secret");
        Future<@Nullable Void> next = subscriber.subscribe("b");
        say(
                array("subscribe", "a", 1),
                new Reply.Failed("NOPERM No permissions to access a channel"),
                array("subscribe", "b", 2));
        assertThatThrownBy(refused::await)
                .isInstanceOf(RespException.class)
                .hasMessageContaining("NOPERM")
                .hasMessageContaining("access control list");
        next.await();
        assertThat(subscriber.subscriptions(Kind.CHANNEL)).containsExactly("a", "b");
    }

    @Test
    void a_ping_is_answered_in_either_way() throws IOException {
        Future<@Nullable Void> first = subscriber.ping();
        Future<@Nullable Void> second = subscriber.ping();
        say(Reply.array(Reply.bulk("pong"), Reply.bulk("")), Reply.PONG);
        first.await();
        second.await();
    }

    @Test
    void from_another_thread_it_works_as_well() throws Exception {
        loop.start();
        Future<@Nullable Void> subscribed = subscriber.subscribe("a");
        loop.submit(() -> say(array("subscribe", "a", 1))).await();
        subscribed.await();
        assertThat(told).containsExactly("+CHANNEL a");
    }

    // ---- failures

    @Test
    void a_confirmation_that_nobody_waits_for_breaks_the_protocol() throws IOException {
        for (Reply each : List.of(
                array("subscribe", "other", 1),
                Reply.of(1),
                Reply.PONG,
                new Reply.Failed("ERR a"),
                Reply.array(Reply.bulk("message"), Reply.bulk("a")),
                Reply.array(Reply.bulk("what"), Reply.bulk("a")),
                array("unsubscribe", null, 0))) {
            close();
            connect();
            var failures = new ArrayList<Throwable>();
            subscriber.onFailure(failure -> failures.add(failure.cause()));
            say(each);
            subscriber.closed().await();
            assertThat(failures).as("%s", each).singleElement().isInstanceOf(ProtocolException.class);
            assertThat(subscriber.failure()).as("%s", each).isSameAs(failures.getFirst());
        }
        reporter.assertNone();
    }

    @Test
    void a_reply_that_answers_nothing_is_placed_in_the_stream() throws IOException {
        Future<@Nullable Void> confirmed = subscriber.subscribe("a");
        say(array("subscribe", "a", 1));
        confirmed.await();
        var failures = new ArrayList<Throwable>();
        subscriber.onFailure(failure -> failures.add(failure.cause()));
        say(Reply.of(7));
        subscriber.closed().await();
        int before = "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n".length();
        assertThat(failures)
                .singleElement()
                .isInstanceOfSatisfying(
                        ProtocolException.class, e -> assertThat(e.offset()).isEqualTo(before));
    }

    @Test
    void a_reply_that_answers_nothing_is_shown_in_part_and_on_one_line() throws IOException {
        Reply[] many = new Reply[10_000];
        Arrays.fill(many, Reply.bulk("x".repeat(40)));
        for (Reply each : List.of(
                Reply.array(many),
                Reply.array(Reply.array(many)),
                Reply.bulk("\n\u001b".repeat(50_000)),
                new Reply.Simple("y".repeat(50_000)))) {
            close();
            connect();
            var failures = new ArrayList<Throwable>();
            subscriber.onFailure(failure -> failures.add(failure.cause()));
            say(each);
            subscriber.closed().await();
            assertThat(failures)
                    .singleElement()
                    .satisfies(failure -> assertThat(failure.getMessage())
                            .contains("a reply that answers nothing here")
                            .doesNotContain("\n", "\u001b")
                            .hasSizeLessThan(1_024));
        }
    }

    @Test
    void when_the_connection_goes_whoever_waits_is_told_and_everybody_later() throws IOException {
        Future<@Nullable Void> confirmed = subscriber.subscribe("a");
        say(array("subscribe", "a", 1));
        confirmed.await();
        Future<@Nullable Void> waiting = subscriber.subscribe("b");
        server.abort();
        assertThatThrownBy(waiting::await).isInstanceOf(IOException.class).hasMessageContaining("closed");
        subscriber.closed().await();
        assertThat(subscriber.isOpen()).isFalse();
        assertThat(subscriber.failure()).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> subscriber.subscribe("c").await()).isInstanceOf(IOException.class);
        assertThat(subscriber.subscriptions(Kind.CHANNEL))
                .as("for whoever connects again")
                .containsExactly("a");
        reporter.assertNone();
    }

    @Test
    void the_end_of_the_peers_stream_ends_it() throws IOException {
        Future<@Nullable Void> waiting = subscriber.subscribe("b");
        server.close();
        assertThatThrownBy(waiting::await).isInstanceOf(IOException.class).hasMessageContaining("ended its stream");
        subscriber.closed().await();
        assertThat(subscriber.failure()).hasMessageContaining("ended its stream");
    }

    @Test
    void a_failure_that_nobody_waits_for_is_reported() throws IOException {
        server.abort();
        subscriber.closed().await();
        assertThat(reporter.reports()).hasSize(1);
    }

    @Test
    void what_the_receiver_throws_is_told_and_it_goes_on_if_its_owner_wants() throws IOException {
        subscriber.onFailure(failure -> {
            told.add(String.valueOf(failure.cause().getMessage()));
            failure.carryOn();
        });
        say(message("a", "throw"), message("a", "next"));
        settle();
        assertThat(told).containsExactly("thrown by the receiver", "CHANNEL a a next");
        assertThat(subscriber.failure()).isNull();
    }

    @Test
    void closing_it_fails_what_is_pending_and_reports_nothing() throws IOException {
        Future<@Nullable Void> waiting = subscriber.subscribe("a");
        subscriber.close();
        assertThatThrownBy(waiting::await).isInstanceOf(IOException.class);
        subscriber.closed().await();
        assertThat(subscriber.failure()).isNull();
        reporter.assertNone();
    }

    @Test
    void finishing_it_waits_for_what_was_asked_for_and_takes_no_more() throws Exception {
        Future<@Nullable Void> subscribed = subscriber.subscribe("a");
        Future<@Nullable Void> pong = subscriber.ping();
        Future<@Nullable Void> closed = subscriber.finish();
        loop.delay(Duration.ZERO).await();
        assertThat(subscriber.isOpen()).isFalse();
        assertThatThrownBy(() -> subscriber.ping().await())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is finishing");
        assertThat(closed.isDone()).isFalse();
        say(array("subscribe", "a", 1), message("a", "the last one"), Reply.PONG);

        closed.await();

        assertThat(subscribed.isDone() && pong.isDone()).isTrue();
        assertThat(subscribed.failure()).isNull();
        assertThat(pong.failure()).isNull();
        assertThat(told).containsExactly("+CHANNEL a", "CHANNEL a a the last one");
        assertThat(subscriber.failure()).isNull();
        reporter.assertNone();
    }

    @Test
    void finishing_it_with_nothing_pending_closes_it() throws IOException {
        subscriber.finish().await();
        assertThat(subscriber.isOpen()).isFalse();
        assertThat(subscriber.failure()).isNull();
        subscriber.finish().await();
    }

    @Test
    void names_that_can_not_be_written_are_refused_before_anything_is_sent() throws IOException {
        assertThatIllegalArgumentException().isThrownBy(() -> subscriber.subscribe("a", "\uD800"));
        assertThatIllegalArgumentException().isThrownBy(() -> subscriber.subscribe());
        assertThatIllegalArgumentException().isThrownBy(() -> subscriber.unsubscribe("\uDC00"));
        settle();
        assertThat(subscriber.isOpen()).isTrue();
    }

    @Test
    void aborted_it_is_gone_at_once_and_that_is_no_failure() throws IOException {
        var reset = loop.<Throwable>promise();
        server.onFailure(failure -> reset.complete(failure.cause()));
        Future<@Nullable Void> pending = subscriber.subscribe("a");
        subscriber.abort().await();
        assertThat(reset.await()).isInstanceOf(IOException.class);
        assertThat(subscriber.isOpen()).isFalse();
        assertThat(subscriber.failure()).isNull();
        assertThatThrownBy(pending::await).hasMessageContaining("is closed");
    }
}
