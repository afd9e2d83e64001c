package rill.examples.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.codec.resp.Command;
import rill.codec.resp.Hello;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.resp.RespSubscriber;
import rill.codec.resp.RespSubscriber.Kind;
import rill.testing.Loops;

/** How long calls and subscriptions take at most, in virtual time. */
class RedisClientTimeTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final List<Connection<Command, Reply>> accepted = new ArrayList<>();
    private final List<Command> heard = new ArrayList<>(); // by the server

    @AfterEach
    void close() {
        loop.execute(() -> accepted.forEach(Connection::abort));
        settle();
        loops.close();
    }

    /** A server that keeps its side of a connection open whatever happens. */
    private InetSocketAddress server(BiConsumer<Connection<Command, Reply>, Command> answers) {
        return (InetSocketAddress) loops.settle(loop.listen(ANY, Resp.server(), connection -> {
                    accepted.add(connection);
                    connection
                            .onFailure(failure -> {})
                            .onMessage(
                                    command -> {
                                        heard.add(command);
                                        answers.accept(connection, command);
                                    },
                                    () -> {});
                }))
                .address();
    }

    private static void confirm(Connection<Command, Reply> connection, Command command) {
        connection.write(Reply.array(Reply.bulk("subscribe"), Reply.bulk(command.bytes(1)), Reply.of(1)));
    }

    private void passes(Duration time) {
        loops.clock().advance(time);
        settle();
    }

    private void settle() {
        for (int i = 0; i < 60; i++) {
            loop.tick();
        }
    }

    private static void assertNeverSent(Future<?> call) {
        assertThat(call.isDone()).isTrue();
        assertThat(call.failure())
                .isInstanceOfSatisfying(
                        CallFailedException.class,
                        failed -> assertThat(failed.fate()).isEqualTo(Fate.NEVER_SENT));
    }

    @Test
    void a_call_has_one_deadline_however_often_it_is_sent() {
        InetSocketAddress address =
                server((connection, command) -> loop.schedule(Duration.ofSeconds(20), "the answer", () -> {
                    var _ = connection.write(
                            new Reply.Failed("TRYAGAIN Multiple keys request during rehashing of slot"));
                }));
        RedisClient client = loops.settle(RedisClient.connect(loop, address, Hello.resp2()));
        Future<?> call = client.call(Command.of("MGET", "a", "b"));
        settle();
        for (int i = 0; i < 59; i++) {
            passes(Duration.ofSeconds(1));
        }
        assertThat(call.isDone()).isFalse();
        assertThat(heard).hasSize(3);
        passes(Duration.ofSeconds(1));
        assertThat(call.failure()).isInstanceOf(CallFailedException.class);
        client.close();
    }

    @Test
    void the_time_of_a_call_from_outside_begins_when_it_is_made() {
        InetSocketAddress address = server((connection, command) -> connection.write(Reply.PONG));
        RedisClient client = loops.settle(RedisClient.connect(loop, address, Hello.resp2()));
        Future<?> call = client.get("a");
        Future<?> blocks = client.block(Command.of("BLPOP", "a", "1"), Duration.ofSeconds(2));
        passes(Duration.ofSeconds(61)); // in which the loop did not run
        assertNeverSent(call);
        assertNeverSent(blocks);
        assertThat(heard).noneMatch(command -> command.size() > 1);
        client.close();
    }

    @Test
    void a_connection_whose_probe_is_not_answered_is_lost_at_once() {
        InetSocketAddress address = server((connection, command) -> {
            if (command.name().equals("SUBSCRIBE")) {
                confirm(connection, command);
            }
        });
        var lost = new ArrayList<Throwable>();
        var receiver = new Subscriptions.Receiver() {
            @Override
            public void message(RespSubscriber.Message message) {}

            @Override
            public void lost(Throwable why) {
                lost.add(why);
            }
        };
        Subscriptions subscriptions =
                loops.settle(loop.submit(() -> new Subscriptions(loop, address, Hello.resp2(), receiver)));
        loops.settle(loops.settle(loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "a"))));
        passes(Duration.ofSeconds(15));
        assertThat(heard).contains(Command.of("PING"));
        assertThat(lost).isEmpty();
        passes(Duration.ofSeconds(10));
        assertThat(lost).hasSize(1);
        loop.execute(subscriptions::close);
        settle();
    }

    @Test
    void subscriptions_may_take_long_as_long_as_one_after_the_other_is_confirmed() {
        InetSocketAddress address = server((connection, command) -> loop.schedule(
                Duration.ofSeconds(heard.size()), "the confirmation", () -> confirm(connection, command)));
        Subscriptions subscriptions =
                loops.settle(loop.submit(() -> new Subscriptions(loop, address, Hello.resp2(), message -> {})));
        settle();
        String[] names = new String[30];
        for (int i = 0; i < names.length; i++) {
            names[i] = "channel " + i;
        }
        Future<?> all = loops.settle(loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, names)));
        settle();
        for (int i = 0; i < 30; i++) {
            assertThat(all.isDone()).isFalse();
            passes(Duration.ofSeconds(1));
        }
        assertThat(all.isDone()).isTrue();
        assertThat(accepted).hasSize(1);
        loop.execute(subscriptions::close);
        settle();
    }
}
