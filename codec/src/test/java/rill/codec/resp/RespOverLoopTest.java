package rill.codec.resp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Client;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.Pool;
import rill.PoolOptions;
import rill.PoolState;
import rill.testing.Loops;
import rill.testkit.Leaks;

/** Tests clients and subscribers on a loop, with a server that sends what the test says, byte by byte. */
class RespOverLoopTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private Connection<ByteBuf, ByteBuf> peer;
    private final StringBuilder heard = new StringBuilder(); // by the peer
    private int accepted;

    @AfterEach
    void close() {
        loop.execute(() -> peer.abort());
        ticks();
        loop.close(Duration.ZERO);
    }

    private void ticks() {
        for (int i = 0; i < 60; i++) {
            loop.tick();
        }
    }

    private void hears(ByteBuf bytes) {
        heard.append(bytes.toString(StandardCharsets.US_ASCII));
        bytes.release();
    }

    private Listener server(String greeting) {
        return loops.settle(loop.listen(ANY, Pipeline.bytes(), connection -> {
            accepted++;
            peer = connection;
            connection.onFailure(failure -> {}).onMessage(this::hears, connection::close);
            if (!greeting.isEmpty()) {
                connection.write(text(greeting));
                connection.close();
            }
        }));
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    private void says(String text) {
        loop.execute(() -> peer.write(text(text)));
        ticks();
    }

    /** Pushes go to their handler, whatever is outstanding. */
    @Test
    void a_push_among_the_answers_to_the_greeting_goes_to_its_handler() {
        List<Reply> pushes = new ArrayList<>();
        Hello hello = Hello.resp3()
                .then(Command.of("CLIENT", "TRACKING", "ON", "BCAST"))
                .then(Command.of("READONLY"));
        Future<Client<Command, Reply>> connecting =
                loop.connect(server("").address(), Resp.client(hello, RespOptions.defaults(), pushes::add));
        ticks();
        says("%1\r\n+proto\r\n:3\r\n+OK\r\n>2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n+OK\r\n");
        assertThat(connecting.isDone()).isTrue();
        assertThat(connecting.failure()).isNull();
        assertThat(pushes).hasSize(1);
        connecting.result().close();
    }

    @Test
    void a_push_to_a_client_of_batches_goes_to_its_handler_and_answers_none() {
        List<Reply> pushes = new ArrayList<>();
        var connecting =
                loop.connect(server("").address(), Resp.batches(Hello.resp3(), RespOptions.defaults(), pushes::add));
        ticks();
        says("%0\r\n");
        Client<List<Command>, List<Reply>> client = connecting.result();
        Future<List<Reply>> answer =
                loops.settle(loop.submit(() -> client.call(List.of(Command.of("GET", "a"), Command.of("PING")))));
        ticks();
        says(">2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n-ERR no\r\n+PONG\r\n");
        assertThat(answer.result()).containsExactly(new Reply.Failed("ERR no"), Reply.PONG);
        assertThat(pushes).hasSize(1);
        client.close();
    }

    @Test
    void a_call_that_fails_is_named_after_its_command_and_without_arguments() {
        for (var protocol : List.of(Resp.client(), Resp.client(Hello.resp2(), RespOptions.defaults(), push -> {}))) {
            Client<Command, Reply> client = loops.settle(loop.connect(server("").address(), protocol));
            Future<Reply> answer = loops.settle(loop.submit(() -> client.call(Command.of("set", "key", "secret"))));
            ticks();
            loop.execute(() -> peer.abort());
            ticks();
            assertThat(answer.failure()).hasMessageStartingWith("call of set: ").hasMessageNotContaining("secret");
        }
    }

    @Test
    void what_the_server_says_of_itself_is_known_as_soon_as_the_client_is_connected() {
        var connecting = loop.connect(server("").address(), Resp.client(Hello.resp3(), RespOptions.defaults()));
        ticks();
        says("%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.4.1\r\n$5\r\nproto\r\n:3\r\n");
        Client<Command, Reply> client = connecting.result();
        assertThat(loops.settle(loop.submit(() -> client.info(RespServer.class))))
                .hasValueSatisfying(server -> {
                    assertThat(server.name()).isEqualTo("redis");
                    assertThat(server.version()).isEqualTo("7.4.1");
                    assertThat(server.protocol()).isEqualTo(3);
                });
        client.close();
    }

    /** Users of Netty, ioredis and node-redis have seen this: a full server is flooded with connects. */
    @Test
    void a_server_that_is_full_is_connected_to_ever_more_seldom() {
        Listener server = server("-ERR max number of clients reached\r\n");
        Pool<Command, Reply> pool = loop.pool(server.address(), Resp.client(), PoolOptions.defaults());
        ticks();
        var calls = new ArrayList<Future<Reply>>();
        for (int ms = 0; ms < 10_000; ms += 10) {
            if (ms % 50 == 0) {
                calls.add(loops.settle(loop.submit(() -> pool.call(Command.of("GET", "a")))));
            }
            loops.clock().advance(Duration.ofMillis(10));
            for (int i = 0; i < 8; i++) {
                loop.tick();
            }
        }
        long answered = calls.stream()
                .filter(call -> call.isDone() && call.failure() == null)
                .count();
        pool.close();
        ticks();
        calls.forEach(Future::failure);
        assertThat(accepted)
                .as("attempts in ten seconds; calls answered: " + answered)
                .isLessThan(20);
    }

    /** {@link RespSubscriber#failure} is null if this side has closed the subscriber. */
    @Test
    void what_a_subscriber_has_survived_is_not_why_it_has_ended() {
        Connection<Reply, Command> connection =
                loops.settle(loop.connect(server("").address(), Resp.clientPipeline()));
        List<RespSubscriber> made = new ArrayList<>();
        loop.execute(() -> {
            RespSubscriber subscriber = RespSubscriber.over(connection, message -> {
                throw new IllegalStateException("on purpose");
            });
            subscriber.onFailure(failure -> failure.carryOn());
            made.add(subscriber);
            subscriber.subscribe("a");
        });
        ticks();
        says("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n");
        RespSubscriber subscriber = made.getFirst();
        assertThat(subscriber.isOpen()).isTrue();
        subscriber.close();
        ticks();
        assertThat(subscriber.failure()).isNull();
    }

    /** The Future of a command that could not be written settles, and later confirmations find their own requests. */
    @Test
    void a_subscription_that_was_not_written_fails_and_later_ones_are_confirmed() {
        Connection<Reply, Command> connection = loops.settle(loop.connect(
                server("").address(),
                Resp.clientPipeline(),
                rill.ConnectOptions.defaults()
                        .limits(rill.ConnectionLimits.defaults().waterMarks(512, 1024, 2048))));
        List<RespSubscriber> made = new ArrayList<>();
        List<Future<?>> asked = new ArrayList<>();
        loop.execute(() -> {
            RespSubscriber subscriber = RespSubscriber.over(connection, message -> {});
            subscriber.onFailure(failure -> failure.carryOn());
            made.add(subscriber);
            connection.write(Command.of("ECHO", "x".repeat(3000))); // by somebody else, who leaves no room
            asked.add(subscriber.subscribe("a"));
        });
        ticks();
        loop.execute(() -> asked.add(made.getFirst().subscribe("b")));
        ticks();
        says("*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:1\r\n");
        assertThat(asked).allMatch(Future::isDone);
        assertThat(asked.getFirst().failure()).hasMessageContaining("hard limit");
        assertThat(asked.getLast().failure()).isNull();
        made.getFirst().close();
    }

    /** {@link RespOptions#unfinishedBytes} covers all unfinished messages, and the answer to a batch is one message. */
    @Test
    void what_has_come_of_the_answer_to_a_batch_counts_as_unfinished() {
        var options = RespOptions.defaults().bulkBytes(256 * 1024).unfinishedBytes(1024 * 1024);
        Client<List<Command>, List<Reply>> client =
                loops.settle(loop.connect(server("").address(), Resp.batches(Hello.resp2(), options)));
        List<Future<?>> calls = new ArrayList<>();
        loop.execute(() -> calls.add(client.call(java.util.Collections.nCopies(100, Command.of("GET", "a")))));
        ticks();
        String reply = "$102400\r\n" + "x".repeat(102_400) + "\r\n";
        for (int i = 0; i < 99; i++) { // ten megabytes, of which nothing is delivered yet
            says(reply);
            if (calls.getFirst().isDone()) {
                break;
            }
        }
        assertThat(calls.getFirst().isDone())
                .as("the connection that wants more fails")
                .isTrue();
        assertThat(calls.getFirst().failure()).hasMessageContaining("unfinished");
    }

    // ---- values in buffers that reach no receiver

    private static final String LARGE = "$40000\r\n" + "x".repeat(40_000) + "\r\n";
    private static final RespOptions HANDING_OUT = RespOptions.defaults().handOut(1);

    @Test
    @ExtendWith(Leaks.class)
    void an_answer_to_the_greeting_is_given_to_nobody_and_so_it_is_released() {
        Hello hello = Hello.resp2().then(Command.of("CLIENT", "INFO"));
        Future<Client<Command, Reply>> connecting = loop.connect(server("").address(), Resp.client(hello, HANDING_OUT));
        ticks();
        says(LARGE);
        assertThat(connecting.isDone()).isTrue();
        assertThat(connecting.failure()).isNull();
        connecting.result().close();
    }

    @Test
    @ExtendWith(Leaks.class)
    void what_answers_nothing_to_a_subscriber_is_released() {
        Connection<Reply, Command> connection =
                loops.settle(loop.connect(server("").address(), Resp.clientPipeline(Hello.resp2(), HANDING_OUT)));
        loop.execute(() -> RespSubscriber.over(connection, message -> {}).onFailure(failure -> {}));
        ticks();
        says(LARGE);
        assertThat(connection.isOpen()).isFalse();
    }

    @Test
    @ExtendWith(Leaks.class)
    void a_reply_that_answers_no_command_is_released_where_pushes_are_taken() {
        List<Reply> pushes = new ArrayList<>();
        Client<Command, Reply> client =
                loops.settle(loop.connect(server("").address(), Resp.client(Hello.resp2(), HANDING_OUT, pushes::add)));
        loop.execute(() -> client.onFailure(failure -> {}));
        ticks();
        says(LARGE);
        assertThat(client.isOpen()).isFalse();
        assertThat(pushes).isEmpty();
    }

    @Test
    void a_reply_that_answers_no_command_ends_the_connection_of_a_pool_that_takes_pushes() {
        List<Reply> pushes = new ArrayList<>();
        Pool<Command, Reply> pool = loop.pool(
                server("").address(),
                Resp.client(Hello.resp2(), RespOptions.defaults(), pushes::add),
                PoolOptions.defaults());
        ticks();
        assertThat(pool.state()).isInstanceOf(PoolState.Ready.class);
        says("+OK\r\n");
        assertThat(pool.state())
                .isInstanceOfSatisfying(
                        PoolState.Failing.class,
                        failing -> assertThat(failing.why()).hasMessageContaining("a reply that answers no command: "));
        pool.close();
        ticks();
    }

    @Test
    void subscriptions_made_at_once_wait_until_the_server_has_taken_those_before() {
        Listener listener = server("");
        RespSubscriber subscriber = loops.settle(loop.connect(listener.address(), Resp.clientPipeline())
                .map(connection -> RespSubscriber.over(connection, message -> {})));
        ticks();
        loop.execute(() -> peer.pause());
        ticks();
        int number = 40_000; // 1.5 MB, and the connection's hard limit is less
        List<Future<?>> all = new ArrayList<>();
        loop.execute(() -> {
            for (int i = 0; i < number; i++) {
                all.add(subscriber.subscribe("channel " + i));
            }
            all.add(subscriber.unsubscribe());
        });
        ticks();
        assertThat(subscriber.isOpen()).isTrue();
        assertThat(all).noneMatch(Future::isDone);
        loop.execute(peer::resume);
        for (int n = 0; n < 1000 && heard.lastIndexOf("channel 39999") <= heard.indexOf("UNSUBSCRIBE"); n++) {
            ticks();
        }
        String[] commands = heard.toString().split("\\*");
        assertThat(commands).hasSize(number + 2);
        assertThat(commands[1]).startsWith("2\r\n$9\r\nSUBSCRIBE\r\n$9\r\nchannel 0\r\n");
        assertThat(commands[number]).startsWith("2\r\n$9\r\nSUBSCRIBE\r\n$13\r\nchannel 39999\r\n");
        assertThat(commands[number + 1]).startsWith("40001\r\n$11\r\nUNSUBSCRIBE\r\n$9\r\nchannel 0\r\n");
        subscriber.close();
        ticks();
        assertThat(all).allMatch(each -> each.failure() != null);
    }
}
