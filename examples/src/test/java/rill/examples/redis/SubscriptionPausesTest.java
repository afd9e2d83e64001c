package rill.examples.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import rill.Connection;
import rill.Loop;
import rill.LoopOptions;
import rill.codec.resp.Command;
import rill.codec.resp.Hello;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.resp.RespSubscriber.Kind;
import rill.codec.resp.RespVersion;
import rill.transport.sim.Host;
import rill.transport.sim.Simulated;
import rill.transport.sim.Simulation;

/** How long subscriptions pause before they reconnect, in simulated time. */
class SubscriptionPausesTest {
    private static final SocketAddress SERVER = InetSocketAddress.createUnresolved("server", 6379);

    /** Pauses that start at 50 ms and grow by 1.6 up to 10 s are about fifteen in a minute; constant pauses of 50 ms are more than a thousand. */
    private static final int FEW = 20;

    private final List<Duration> connected = new ArrayList<>();

    @Simulated(seeds = 20)
    void a_server_that_closes_at_once_is_left_alone_for_longer_each_time_without_a_channel(Simulation simulation) {
        server(simulation, Connection::close);
        subscriptions(simulation, Hello.resp2());
        simulation.run(Duration.ofMinutes(1));
        assertThat(connected).hasSizeBetween(10, FEW);
    }

    @Simulated(seeds = 20)
    void a_server_that_confirms_and_closes_is_left_alone_for_longer_each_time(Simulation simulation) {
        server(simulation, connection -> confirming(connection, Connection::close));
        subscriptions(simulation, Hello.resp2(), "news");
        simulation.run(Duration.ofMinutes(1));
        assertThat(connected).hasSizeBetween(10, FEW);
    }

    /** Each confirmation is awaited for 10 s: with pauses of 50 ms that makes more than fifty connections in ten minutes. */
    @Simulated(seeds = 20)
    void a_server_that_never_confirms_is_left_alone_for_longer_each_time(Simulation simulation) {
        server(
                simulation,
                connection -> connection.onFailure(failure -> {}).onMessage(command -> {}, connection::close));
        subscriptions(simulation, Hello.resp2(), "news");
        simulation.run(Duration.ofMinutes(10));
        assertThat(connected).hasSizeBetween(20, 45);
    }

    @Simulated(seeds = 20)
    void a_connection_that_has_brought_a_message_is_made_again_soon(Simulation simulation) {
        server(
                simulation,
                connection -> confirming(connection, confirmed -> {
                    confirmed.write(RespVersion.RESP2.say(
                            new Reply.Push(List.of(Reply.bulk("message"), Reply.bulk("news"), Reply.bulk("text")))));
                    confirmed.close();
                }));
        subscriptions(simulation, Hello.resp2(), "news");
        simulation.run(Duration.ofSeconds(10));
        assertThat(connected).hasSizeGreaterThan(50);
    }

    @Simulated(seeds = 20)
    void a_connection_that_has_stood_for_long_is_made_again_soon(Simulation simulation) {
        server(simulation, connection -> {
            connection.onFailure(failure -> {}).onMessage(command -> {}, connection::close);
            if (connected.size() > 10) {
                connection.loop().schedule(Duration.ofSeconds(12), "enough", connection::close);
            } else {
                connection.close();
            }
        });
        subscriptions(simulation, Hello.resp2());
        simulation.runUntil(() -> connected.size() > 12, Duration.ofMinutes(5));
        Duration stood = Duration.ofSeconds(12);
        Duration between = connected.get(12).minus(connected.get(11));
        assertThat(between.minus(stood)).as("the pause").isLessThan(Duration.ofSeconds(1));
    }

    private void server(Simulation simulation, Consumer<Connection<Command, Reply>> accepted) {
        connected.clear(); // all seeds share the list
        Host host = simulation.host("server");
        loop(host).listen(host.address(6379), Resp.server(), connection -> {
            connected.add(simulation.elapsed());
            accepted.accept(connection);
        });
    }

    /** Confirms the subscription, and then runs {@code then}. */
    private static void confirming(
            Connection<Command, Reply> connection, Consumer<? super Connection<Command, Reply>> then) {
        connection
                .onFailure(failure -> {})
                .onMessage(
                        command -> {
                            connection.write(RespVersion.RESP2.say(new Reply.Push(
                                    List.of(Reply.bulk("subscribe"), Reply.bulk(command.string(1)), Reply.of(1)))));
                            then.accept(connection);
                        },
                        connection::close);
    }

    private static void subscriptions(Simulation simulation, Hello hello, String... channels) {
        Host host = simulation.host("client");
        Loop loop = loop(host);
        loop.schedule("subscribe", () -> {
            var made = new Subscriptions(loop, SERVER, hello, message -> {});
            if (channels.length > 0) {
                var _ = made.subscribe(Kind.CHANNEL, channels);
            }
        });
    }

    private static Loop loop(Host host) {
        return host.loop(LoopOptions.defaults().name(host.name()).reporter(report -> {}));
    }
}
