package rill.examples.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.CallFailedException;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.codec.resp.Command;
import rill.codec.resp.Hello;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.resp.RespException;
import rill.codec.resp.RespSubscriber;
import rill.codec.resp.RespSubscriber.Kind;
import rill.testing.RecordingReporter;

/** The client with servers that refuse, move and vanish as each test requires. */
class RedisClientFaultsTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final RecordingReporter reporter = new RecordingReporter();
    private final Loop loop = open();
    private final List<Connection<Command, Reply>> accepted = new ArrayList<>();

    private Loop open() {
        try {
            return Loop.open(LoopOptions.defaults().reporter(reporter).slowHandle(Duration.ZERO));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @AfterEach
    void close() {
        loop.close(Duration.ZERO);
    }

    private InetSocketAddress server(BiConsumer<Connection<Command, Reply>, Command> answers) throws IOException {
        Listener listener = loop.listen(ANY, Resp.server(), connection -> {
                    accepted.add(connection);
                    connection
                            .onFailure(failure -> {})
                            .onMessage(command -> answers.accept(connection, command), connection::close);
                })
                .await();
        return (InetSocketAddress) listener.address();
    }

    private void passes(long ms) throws IOException {
        loop.delay(Duration.ofMillis(ms)).await();
    }

    @Test
    void blocking_commands_that_are_given_up_before_they_begin_leave_their_places() throws IOException {
        InetSocketAddress address = server((connection, command) ->
                connection.write(command.name().equals("BLPOP") ? Reply.bulk("an element") : Reply.PONG));
        RedisClient client = RedisClient.connect(loop, address, Hello.resp2()).await();
        Command command = Command.of("BLPOP", "list", "1");
        loop.run(() -> {
            for (int i = 0; i < 65; i++) {
                client.block(command, Duration.ofSeconds(5)).cancel();
            }
            passes(1);
            assertThat(client.block(command, Duration.ofSeconds(5)).await()).isEqualTo(Reply.bulk("an element"));
            return null;
        });
        client.close();
    }

    @Test
    void a_client_is_closed_without_a_word_after_its_loop() throws IOException {
        InetSocketAddress address = server((connection, command) -> connection.write(Reply.PONG));
        RedisClient client = RedisClient.connect(loop, address, Hello.resp2()).await();
        loop.close(Duration.ZERO);
        client.close();
        assertThat(client.open()).isZero();
    }

    // ---- a cluster

    @Test
    void a_command_of_a_batch_is_carried_out_once_though_another_belongs_elsewhere() throws IOException {
        var counts = new AtomicInteger[] {new AtomicInteger(), new AtomicInteger()};
        var addresses = new InetSocketAddress[2];
        for (int i = 0; i < 2; i++) {
            int mine = i;
            addresses[i] = server((connection, command) -> {
                int owner = command.size() > 1 && command.string(1).equals("b")
                        ? 1
                        : 0; // a belongs to the first, b to the second
                if (!command.name().equals("INCR")) {
                    connection.write(Reply.PONG);
                } else if (owner == mine) {
                    connection.write(Reply.of(counts[mine].incrementAndGet()));
                } else {
                    connection.write(new Reply.Failed(
                            "MOVED " + Slots.of(command.bytes(1)) + " 127.0.0.1:" + addresses[owner].getPort()));
                }
            });
        }
        RedisClient client =
                RedisClient.connect(loop, addresses[0], Hello.resp2()).await();
        List<Reply> replies = client.batch(List.of(Command.of("INCR", "a"), Command.of("INCR", "b")))
                .await();
        assertThat(counts[0].get() + " of a, " + counts[1].get() + " of b, " + replies)
                .satisfies(shown -> assertThat(counts[0].get()).as(shown).isLessThanOrEqualTo(1));
        client.close();
    }

    @Test
    void a_batch_that_begins_with_a_read_and_changes_something_is_not_sent_again() throws IOException {
        var changed = new AtomicInteger();
        InetSocketAddress address = server((connection, command) -> {
            if (command.name().equals("INCR")) {
                changed.incrementAndGet();
                connection.abort();
            } else {
                connection.write(Reply.PONG);
            }
        });
        RedisClient client = RedisClient.connect(loop, address, Hello.resp2()).await();
        Future<?> batch = client.batch(List.of(Command.of("GET", "a"), Command.of("INCR", "b")));
        passes(300); // long enough to be sent again
        assertThat(batch.failure())
                .isInstanceOfSatisfying(
                        CallFailedException.class,
                        failed -> assertThat(failed.fate()).isEqualTo(CallFailedException.Fate.PERHAPS_CARRIED_OUT));
        assertThat(changed).hasValue(1);
        client.close();
    }

    @Test
    void a_node_that_does_not_know_its_own_name_is_where_the_redirection_came_from() {
        var from = new InetSocketAddress("10.1.2.3", 6379);
        assertThat(Redirection.of(new Reply.Failed("MOVED 7 :7001"), from))
                .isEqualTo(new Redirection(true, 7, InetSocketAddress.createUnresolved("10.1.2.3", 7001)));
        for (String nonsense : List.of("MOVED 7 a:65536", "MOVED 16384 a:1", "MOVED 7 a", "MOVED x a:1")) {
            assertThat(Redirection.of(new Reply.Failed(nonsense), from))
                    .as(nonsense)
                    .isNull();
        }
    }

    @Test
    void what_has_moved_is_asked_for_where_it_is_from_then_on() throws IOException {
        var redirected = new AtomicInteger();
        InetSocketAddress second = server((connection, command) -> connection.write(Reply.bulk("from the second")));
        InetSocketAddress first = server((connection, command) -> {
            redirected.incrementAndGet();
            connection.write(
                    new Reply.Failed("MOVED " + Slots.of(command.bytes(1)) + " 127.0.0.1:" + second.getPort()));
        });
        RedisClient client = RedisClient.connect(loop, first, Hello.resp2()).await();
        for (int n = 0; n < 3; n++) {
            assertThat(client.get("b").await()).isEqualTo("from the second");
        }
        assertThat(redirected).hasValue(1);
        client.close();
    }

    @Test
    void what_has_no_key_is_asked_of_the_first_whatever_has_moved() throws IOException {
        InetSocketAddress second = server((connection, command) -> connection.write(Reply.bulk("from the second")));
        List<String> cursors = new ArrayList<>();
        InetSocketAddress first = server((connection, command) -> {
            switch (command.name()) {
                case "GET" ->
                    connection.write(
                            new Reply.Failed("MOVED " + Slots.of(command.bytes(1)) + " 127.0.0.1:" + second.getPort()));
                case "CLUSTER" -> connection.write(new Reply.Failed("ERR This instance has cluster support disabled"));
                case "SCAN" -> {
                    cursors.add(command.string(1));
                    String next = command.string(1).equals("0") ? "18446744073709551615" : "0";
                    connection.write(Reply.array(Reply.bulk(next), Reply.array(Reply.bulk("of " + next))));
                }
                default -> connection.write(Reply.bulk("from the first"));
            }
        });
        RedisClient client = RedisClient.connect(loop, first, Hello.resp2()).await();
        for (String key : List.of("18446744073709551615", "GET")) {
            assertThat(client.get(key).await()).isEqualTo("from the second");
        }
        List<String> found = new ArrayList<>();
        loop.submit(() -> client.scan("*").forEach(found::add)).await().await();
        assertThat(cursors).containsExactly("0", "18446744073709551615");
        assertThat(found).containsExactly("of 18446744073709551615", "of 0");
        assertThat(client.call(Command.of("CONFIG", "GET", "save")).await()).isEqualTo(Reply.bulk("from the first"));
        client.close();
    }

    @Test
    void redirections_in_a_circle_end_with_the_last_one() throws IOException {
        var asked = new AtomicInteger();
        var addresses = new InetSocketAddress[2];
        for (int i = 0; i < 2; i++) {
            int other = 1 - i;
            addresses[i] = server((connection, command) -> {
                if (command.name().equals("GET")) {
                    asked.incrementAndGet();
                    connection.write(new Reply.Failed("MOVED 1 127.0.0.1:" + addresses[other].getPort()));
                } else {
                    connection.write(Reply.PONG);
                }
            });
        }
        RedisClient client =
                RedisClient.connect(loop, addresses[0], Hello.resp2()).await();
        List<Reply> replies = client.batch(List.of(Command.of("GET", "a"))).await();
        assertThat(replies).singleElement().isInstanceOf(Reply.Failed.class);
        assertThat(asked).hasValue(6);
        client.close();
    }

    // ---- subscriptions

    private static void confirm(Connection<Command, Reply> connection, Command command) {
        for (int i = 1; i < command.size(); i++) {
            connection.write(Reply.array(
                    Reply.bulk(command.name().toLowerCase(java.util.Locale.ROOT)),
                    Reply.bulk(command.bytes(i)),
                    Reply.of(i)));
        }
    }

    @Test
    void a_subscription_that_is_not_confirmed_when_all_are_closed_is_settled() throws IOException {
        InetSocketAddress address = server((connection, command) -> {
            if (!command.string(1).equals("late")) {
                confirm(connection, command);
            }
        });
        loop.run(() -> {
            var subscriptions = new Subscriptions(loop, address, Hello.resp2(), message -> {});
            subscriptions.subscribe(Kind.CHANNEL, "early").await();
            Future<?> late = subscriptions.subscribe(Kind.CHANNEL, "late");
            loop.delay(Duration.ofMillis(20)).await();
            subscriptions.close();
            loop.delay(Duration.ofMillis(200)).await();
            assertThat(late.isDone()).isTrue();
            return null;
        });
    }

    @Test
    void a_receiver_that_throws_when_told_of_the_loss_does_not_end_the_subscriptions() throws IOException {
        InetSocketAddress address = server(RedisClientFaultsTest::confirm);
        loop.run(() -> {
            var receiver = new Subscriptions.Receiver() {
                int restored;

                @Override
                public void message(RespSubscriber.Message message) {}

                @Override
                public void lost(Throwable why) {
                    throw new IllegalStateException("on purpose");
                }

                @Override
                public void restored() {
                    restored++;
                }
            };
            var subscriptions = new Subscriptions(loop, address, Hello.resp2(), receiver);
            subscriptions.subscribe(Kind.CHANNEL, "a").await();
            accepted.getFirst().abort();
            loop.delay(Duration.ofMillis(500)).await();
            int connections = accepted.size();
            subscriptions.close();
            assertThat(connections).as("connections in all").isEqualTo(2);
            assertThat(receiver.restored).isEqualTo(1);
            return null;
        });
    }

    @Test
    void a_receiver_that_throws_at_a_message_gets_the_next_one_on_the_same_connection() throws IOException {
        InetSocketAddress address = server(RedisClientFaultsTest::confirm);
        loop.run(() -> {
            var texts = new ArrayList<String>();
            var subscriptions = new Subscriptions(loop, address, Hello.resp2(), message -> {
                texts.add(message.text());
                if (texts.size() == 1) {
                    throw new IllegalStateException("on purpose");
                }
            });
            subscriptions.subscribe(Kind.CHANNEL, "a").await();
            for (String text : List.of("first", "second")) {
                accepted.getFirst().write(Reply.array(Reply.bulk("message"), Reply.bulk("a"), Reply.bulk(text)));
            }
            loop.delay(Duration.ofMillis(200)).await();
            subscriptions.close();
            assertThat(texts).containsExactly("first", "second");
            assertThat(accepted).hasSize(1);
            assertThat(reporter.take(Report.Thrown.class))
                    .singleElement()
                    .satisfies(thrown -> assertThat(thrown.what()).isEqualTo("the receiver of subscriptions"));
            return null;
        });
    }

    @Test
    void a_subscription_that_is_refused_at_the_beginning_fails_and_the_others_go_on() throws IOException {
        InetSocketAddress address = server((connection, command) -> {
            for (int i = 1; i < command.size(); i++) {
                if (command.string(i).equals("forbidden")) {
                    connection.write(new Reply.Failed("NOPERM no permissions to access a channel"));
                    return;
                }
            }
            confirm(connection, command);
        });
        loop.run(() -> {
            var subscriptions = new Subscriptions(loop, address, Hello.resp2(), message -> {});
            Future<?> allowed = subscriptions.subscribe(Kind.CHANNEL, "allowed");
            Future<?> refused = subscriptions.subscribe(Kind.CHANNEL, "forbidden");
            loop.delay(Duration.ofMillis(1500)).await();
            int connections = accepted.size();
            boolean settled = refused.isDone() && allowed.isDone();
            subscriptions.close();
            assertThat(settled)
                    .as("both are settled; " + connections + " connections were made")
                    .isTrue();
            return null;
        });
    }

    @Test
    void shard_channels_of_several_slots_are_subscribed_to_again_one_by_one() throws IOException {
        InetSocketAddress address = server((connection, command) -> {
            if (command.size() > 2) {
                connection.write(new Reply.Failed("CROSSSLOT Keys in request don't hash to the same slot"));
            } else {
                confirm(connection, command);
            }
        });
        loop.run(() -> {
            var restored = new AtomicInteger();
            var receiver = new Subscriptions.Receiver() {
                @Override
                public void message(RespSubscriber.Message message) {}

                @Override
                public void restored() {
                    restored.incrementAndGet();
                }
            };
            var subscriptions = new Subscriptions(loop, address, Hello.resp2(), receiver);
            subscriptions.subscribe(Kind.SHARD, "a").await();
            subscriptions.subscribe(Kind.SHARD, "b").await();
            accepted.getFirst().abort();
            loop.delay(Duration.ofMillis(1500)).await();
            int connections = accepted.size();
            subscriptions.close();
            assertThat(restored.get())
                    .as("restored, with " + connections + " connections made")
                    .isEqualTo(1);
            return null;
        });
    }

    /** A server that records its commands, and gives the test's answer, or confirms. */
    private InetSocketAddress subscribed(List<Command> seen, Function<Command, @Nullable Reply> otherwise)
            throws IOException {
        return server((connection, command) -> {
            seen.add(command);
            Reply said = otherwise.apply(command);
            if (said == null) {
                confirm(connection, command);
            } else if (said != Reply.NULL) {
                connection.write(said);
            }
        });
    }

    private void until(BooleanSupplier condition) throws IOException {
        long patience = loop.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean() && loop.nanoTime() < patience) {
            passes(5);
        }
    }

    private static final class Told implements Subscriptions.Receiver {
        final List<String> all = new ArrayList<>();

        @Override
        public void message(RespSubscriber.Message message) {
            all.add(message.channel() + ": " + message.text());
        }

        @Override
        public void restored() {
            all.add("restored");
        }

        @Override
        public void refused(Kind kind, String name, RespException why) {
            all.add(kind + " " + name + " " + why.code());
        }
    }

    @Test
    void what_is_given_up_before_it_is_confirmed_is_unsubscribed_from_all_the_same() throws IOException {
        List<Command> seen = new ArrayList<>();
        InetSocketAddress address =
                subscribed(seen, command -> command.equals(Command.of("SUBSCRIBE", "a")) ? Reply.NULL : null);
        var subscriptions = loop.submit(() -> {
                    var made = new Subscriptions(loop, address, Hello.resp2(), message -> {});
                    var _ = made.subscribe(Kind.CHANNEL, "a"); // before it is connected
                    return made;
                })
                .await();
        until(() -> !seen.isEmpty());
        loop.submit(() -> subscriptions.unsubscribe(Kind.CHANNEL, "a")).await();
        accepted.getFirst().write(Reply.array(Reply.bulk("subscribe"), Reply.bulk("a"), Reply.of(1)));
        until(() -> seen.size() > 1);
        assertThat(seen).containsExactly(Command.of("SUBSCRIBE", "a"), Command.of("UNSUBSCRIBE", "a"));
        loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "b")).await().await();
        loop.execute(subscriptions::close);
        passes(1);
    }

    @Test
    void what_is_wanted_again_at_once_is_subscribed_to_again() throws IOException {
        List<Command> seen = new ArrayList<>();
        InetSocketAddress address = subscribed(seen, command -> null);
        var subscriptions = loop.submit(() -> new Subscriptions(loop, address, Hello.resp2(), message -> {}))
                .await();
        loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "a", "b"))
                .await()
                .await();
        loop.submit(() -> {
                    var _ = subscriptions.unsubscribe(Kind.CHANNEL, "a");
                    return subscriptions.subscribe(Kind.CHANNEL, "a");
                })
                .await()
                .await();
        assertThat(seen)
                .containsExactly(
                        Command.of("SUBSCRIBE", "a"),
                        Command.of("SUBSCRIBE", "b"),
                        Command.of("UNSUBSCRIBE", "a"),
                        Command.of("SUBSCRIBE", "a"));
        loop.execute(subscriptions::close);
        passes(1);
    }

    @Test
    void a_server_that_is_busy_when_it_is_asked_again_is_asked_once_more() throws IOException {
        List<Command> seen = new ArrayList<>();
        InetSocketAddress address = subscribed(
                seen,
                command -> accepted.size() == 2 ? new Reply.Failed("BUSY Redis is busy running a script.") : null);
        var told = new Told();
        var subscriptions = loop.submit(() -> new Subscriptions(loop, address, Hello.resp2(), told))
                .await();
        loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "a")).await().await();
        accepted.getFirst().abort();
        until(() -> !told.all.isEmpty());
        assertThat(told.all).containsExactly("restored");
        assertThat(accepted).hasSize(3);
        assertThat(seen).hasSize(3).allMatch(Command.of("SUBSCRIBE", "a")::equals);
        loop.execute(subscriptions::close);
        passes(1);
    }

    @Test
    void what_is_refused_on_a_later_connection_is_told() throws IOException {
        InetSocketAddress address = subscribed(
                new ArrayList<>(),
                command -> accepted.size() == 2 && command.string(1).equals("a")
                        ? new Reply.Failed("NOPERM No permissions to access a channel")
                        : null);
        var told = new Told();
        var subscriptions = loop.submit(() -> new Subscriptions(loop, address, Hello.resp2(), told))
                .await();
        loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "a", "b"))
                .await()
                .await();
        accepted.getFirst().abort();
        until(() -> told.all.contains("restored"));
        assertThat(told.all).containsExactly("CHANNEL a NOPERM", "restored");
        loop.execute(subscriptions::close);
        passes(1);
    }

    @Test
    void a_channel_whose_slot_moves_away_is_told_and_one_that_is_still_there_is_subscribed_to_again()
            throws IOException {
        List<Command> seen = new ArrayList<>();
        InetSocketAddress address =
                subscribed(seen, command -> seen.size() == 4 ? new Reply.Failed("MOVED 1 127.0.0.1:1") : null);
        var told = new Told();
        var subscriptions = loop.submit(() -> new Subscriptions(loop, address, Hello.resp2(), told))
                .await();
        loop.submit(() -> subscriptions.subscribe(Kind.SHARD, "a", "b")).await().await();
        accepted.getFirst().write(Reply.array(Reply.bulk("sunsubscribe"), Reply.bulk("a"), Reply.of(1)));
        until(() -> seen.size() == 3);
        accepted.getFirst().write(Reply.array(Reply.bulk("sunsubscribe"), Reply.bulk("b"), Reply.of(1)));
        until(() -> !told.all.isEmpty());
        assertThat(told.all).containsExactly("SHARD b MOVED");
        assertThat(seen)
                .containsExactly(
                        Command.of("SSUBSCRIBE", "a"),
                        Command.of("SSUBSCRIBE", "b"),
                        Command.of("SSUBSCRIBE", "a"),
                        Command.of("SSUBSCRIBE", "b"));
        loop.execute(subscriptions::close);
        passes(1);
    }

    @Test
    void a_name_that_can_not_be_sent_is_refused_and_harms_no_other() throws IOException {
        InetSocketAddress address = subscribed(new ArrayList<>(), command -> null);
        var subscriptions = loop.submit(() -> new Subscriptions(loop, address, Hello.resp2(), message -> {}))
                .await();
        for (String[] names : new String[][] {{}, {"a", "\ud83d"}}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, names))
                            .await());
        }
        Future<?> other =
                loop.submit(() -> subscriptions.subscribe(Kind.CHANNEL, "b")).await();
        until(other::isDone);
        assertThat(other.isDone()).isTrue();
        loop.execute(subscriptions::close);
        passes(1);
    }

    // ---- blocking, connecting

    @Test
    void no_more_than_so_many_commands_block_at_once() throws IOException {
        InetSocketAddress address = server((connection, command) -> {
            if (!command.name().equals("BLPOP")) {
                connection.write(Reply.PONG);
            }
        });
        RedisClient client = RedisClient.connect(loop, address, Hello.resp2()).await();
        loop.run(() -> {
            for (int i = 0; i < 200; i++) {
                client.block(Command.of("BLPOP", "a", "0"), Duration.ofSeconds(5))
                        .onDone((reply, failure) -> {});
            }
            loop.delay(Duration.ofMillis(500)).await();
            return null;
        });
        int connections = accepted.size() - 1;
        client.close();
        passes(50);
        assertThat(connections).as("connections for commands that block").isLessThanOrEqualTo(64);
    }

    @Test
    void the_time_of_a_command_that_blocks_begins_before_it_has_a_connection() throws IOException {
        InetSocketAddress address = server((connection, command) -> {
            if (connection == accepted.getFirst()) {
                connection.write(Reply.OK); // and no other AUTH is answered
            }
        });
        RedisClient client = RedisClient.connect(loop, address, Hello.resp2().password("secret"))
                .await();
        Future<?> blocked = client.block(Command.of("BLPOP", "a", "0"), Duration.ofMillis(100));
        long patience = loop.nanoTime() + Duration.ofSeconds(5).toNanos(); // half of what connecting may take
        while (!blocked.isDone() && loop.nanoTime() < patience) {
            passes(5);
        }
        assertThat(blocked.isDone()).isTrue();
        assertThat(blocked.failure())
                .isInstanceOfSatisfying(
                        CallFailedException.class,
                        failed -> assertThat(failed.fate()).isEqualTo(CallFailedException.Fate.NEVER_SENT));
        client.close();
        passes(50);
        assertThat(accepted).noneMatch(Connection::isOpen);
    }

    @Test
    void a_connect_that_is_given_up_leaves_no_connection() throws IOException {
        InetSocketAddress address = server((connection, command) -> {
            var _ = loop.schedule(Duration.ofMillis(200), () -> connection.write(Reply.OK)); // AUTH takes a while
        });
        var connecting = RedisClient.connect(loop, address, Hello.resp2().password("secret"));
        passes(50);
        connecting.cancel();
        passes(600);
        assertThat(accepted.stream().filter(Connection::isOpen).count())
                .as("connections that are left")
                .isZero();
    }

    @Test
    void a_slot_whose_node_is_gone_is_looked_for_elsewhere() throws IOException {
        var addresses = new InetSocketAddress[2];
        var taken = new boolean[1]; // the first has taken over
        addresses[0] = server((connection, command) -> connection.write(
                !command.name().equals("GET")
                        ? Reply.PONG
                        : taken[0]
                                ? Reply.bulk("from the first")
                                : new Reply.Failed("MOVED " + Slots.of(command.bytes(1)) + " 127.0.0.1:"
                                        + addresses[1].getPort())));
        var second = new ArrayList<Connection<Command, Reply>>();
        Listener listener = loop.listen(ANY, Resp.server(), connection -> {
                    second.add(connection);
                    connection
                            .onFailure(failure -> {})
                            .onMessage(command -> connection.write(Reply.bulk("from the second")), connection::close);
                })
                .await();
        addresses[1] = (InetSocketAddress) listener.address();
        RedisClient client =
                RedisClient.connect(loop, addresses[0], Hello.resp2()).await();
        assertThat(client.get("b").await()).isEqualTo("from the second");
        taken[0] = true;
        listener.close();
        loop.run(() -> {
            second.forEach(Connection::abort);
            loop.delay(Duration.ofMillis(100)).await();
            return null;
        });
        Future<String> get = client.get("b");
        passes(3000);
        assertThat(get.isDone()).as("answered by who has the slot now").isTrue();
        assertThat(get.result()).isEqualTo("from the first");
        client.close();
    }

    @Test
    void a_slot_whose_node_is_gone_is_asked_for_until_the_cluster_names_another_one() throws IOException {
        Listener gone = loop.listen(ANY, Resp.server(), Connection::close).await();
        gone.close();
        var address = (InetSocketAddress) gone.address();
        var asked = new AtomicInteger();
        InetSocketAddress first = server((connection, command) -> connection.write(
                asked.incrementAndGet() <= 3
                        ? new Reply.Failed("MOVED " + Slots.of(command.bytes(1)) + " 127.0.0.1:" + address.getPort())
                        : Reply.bulk("from the first")));
        RedisClient client = RedisClient.connect(loop, first, Hello.resp2()).await();
        client.get("b").onDone((value, failure) -> {}); // waits for the one that is gone
        passes(200);
        Future<String> get = client.get("b");
        until(get::isDone);
        assertThat(get.result()).isEqualTo("from the first");
        assertThat(asked).hasValue(4);
        client.close();
    }

    @Test
    void a_command_that_is_repeated_as_soon_as_it_has_failed_waits_for_the_next_connection() throws IOException {
        var sets = new AtomicInteger();
        InetSocketAddress second = server((connection, command) -> {
            if (sets.incrementAndGet() == 1) {
                connection.abort();
            } else {
                connection.write(Reply.OK);
            }
        });
        InetSocketAddress first = server((connection, command) -> connection.write(
                new Reply.Failed("MOVED " + Slots.of(command.bytes(1)) + " 127.0.0.1:" + second.getPort())));
        RedisClient client = RedisClient.connect(loop, first, Hello.resp2()).await();
        Future<?> set = loop.submit(() ->
                        client.set("b", "1").recoverWith(CallFailedException.class, failed -> client.set("b", "1")))
                .await();
        until(set::isDone);
        assertThat(set.failure()).isNull();
        assertThat(sets).hasValue(2);
        client.close();
    }

    @Test
    void a_node_that_is_gone_is_not_connected_to_again_until_an_answer_names_it() throws IOException {
        var second = new ArrayList<Connection<Command, Reply>>();
        Consumer<Connection<Command, Reply>> serving = connection -> {
            second.add(connection);
            connection
                    .onFailure(failure -> {})
                    .onMessage(command -> connection.write(Reply.bulk("from the second")), connection::close);
        };
        Listener listener = loop.listen(ANY, Resp.server(), serving).await();
        int port = listener.port();
        InetSocketAddress first = server((connection, command) ->
                connection.write(new Reply.Failed("MOVED " + Slots.of(command.bytes(1)) + " 127.0.0.1:" + port)));
        RedisClient client = RedisClient.connect(loop, first, Hello.resp2()).await();
        assertThat(client.get("b").await()).isEqualTo("from the second");
        listener.close();
        second.getFirst().abort();
        passes(100);
        loop.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Resp.server(), serving)
                .await();
        passes(1500); // long enough to connect, with pauses of 50 ms and more
        assertThat(second).hasSize(1);
        assertThat(client.get("b").await()).isEqualTo("from the second");
        assertThat(second).hasSize(2);
        client.close();
    }

    @Test
    void while_the_first_is_gone_another_node_is_asked_where_things_are() throws IOException {
        InetSocketAddress second = server((connection, command) -> connection.write(Reply.bulk("from the second")));
        var first = new ArrayList<Connection<Command, Reply>>();
        Listener listener = loop.listen(ANY, Resp.server(), connection -> {
                    first.add(connection);
                    connection
                            .onFailure(failure -> {})
                            .onMessage(
                                    command -> connection.write(new Reply.Failed(
                                            "MOVED " + Slots.of(command.bytes(1)) + " 127.0.0.1:" + second.getPort())),
                                    connection::close);
                })
                .await();
        RedisClient client =
                RedisClient.connect(loop, listener.address(), Hello.resp2()).await();
        assertThat(client.get("b").await()).isEqualTo("from the second");
        listener.close();
        loop.run(() -> {
            first.forEach(Connection::abort);
            loop.delay(Duration.ofMillis(100)).await();
            return null;
        });
        Future<String> get = client.get("of another slot");
        passes(300);
        assertThat(get.isDone()).isTrue();
        assertThat(get.result()).isEqualTo("from the second");
        client.close();
    }
}
