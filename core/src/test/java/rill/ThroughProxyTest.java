package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import rill.spi.Environment;
import rill.testing.TextLines;

/** Connections through a proxy: what is looked up, which parts know the target, and how each kind of failure is reported. */
class ThroughProxyTest extends SpokenByHand {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
    private static final InetSocketAddress TARGET = InetSocketAddress.createUnresolved("target.example", 80);
    private static final String ASKED = "connect to target.example:80 through the proxy at ";

    private final List<String> lookedUp = new ArrayList<>();

    /** The server stands in for the proxy; the proxy's name is the only one that can be looked up. */
    @Override
    void prepare() {
        var real = Environment.production();
        loops.transport()
                .environment(new Environment(
                        loops.clock(), new Random(1), this::lookUp, real.blocking(), real.memory(), null));
    }

    private Future<List<InetAddress>> lookUp(Loop on, String name) {
        lookedUp.add(name);
        return name.equals("proxy.example")
                ? Future.of(List.of(InetAddress.ofLiteral("127.0.0.1")))
                : Future.failed(new UnknownHostException(name));
    }

    /** A proxy whose layer says hello, and is through once the peer has said {@code !}. */
    private record Greeting(SocketAddress address, List<SocketAddress> targets) implements Proxy {
        @Override
        public ByteLayer to(SocketAddress target) {
            targets.add(target);
            return new HoldingLayer();
        }
    }

    private final List<SocketAddress> targets = new ArrayList<>();

    private ConnectOptions through(SocketAddress proxy) {
        return ConnectOptions.defaults().timeout(LIMIT).proxy(new Greeting(proxy, targets));
    }

    private Future<Connection<String, String>> connect() {
        return loop.connect(TARGET, TextLines.pipeline(), through(server.address()));
    }

    private String proxy() {
        return server.address() + ": ";
    }

    @Test
    void the_proxy_is_connected_to_and_nothing_of_the_pipeline_leaves_before_it_is_through() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        assertThat(heard).containsExactly("hello;");
        assertThat(targets).containsExactly(TARGET);
        assertThat(connecting.isDone()).isFalse();
        says("!early\n");
        Connection<String, String> connection = loops.settle(connecting);
        assertThat(connection.remoteAddress()).isEqualTo(server.address());
        loop.execute(() -> connection.write("a line"));
        assertThat(loops.settle(connection.receive())).isEqualTo("early");
        ticks();
        assertThat(String.join("", heard)).isEqualTo("hello;a line\n");
        loop.execute(connection::abort);
        assertNothingIsLeft();
    }

    @Test
    void a_name_is_left_to_the_proxy_and_the_proxys_own_is_looked_up() {
        int port = server.port();
        Future<Connection<String, String>> connecting = loop.connect(
                TARGET, TextLines.pipeline(), through(InetSocketAddress.createUnresolved("proxy.example", port)));
        ticks();
        says("!");
        assertThat(lookedUp).containsExactly("proxy.example");
        loop.execute(loops.settle(connecting)::abort);
        assertNothingIsLeft();
    }

    /** Records what its sessions know. */
    private final class Curious implements ByteLayer {
        private final List<SocketAddress> targetsSeen = new ArrayList<>();

        @Override
        public Session<ByteBuf, ByteBuf> open(Context context) {
            targetsSeen.add(context.target());
            assertThat(context.remoteAddress()).isEqualTo(server.address());
            return new Session<>() {
                @Override
                public ByteBuf decode(ByteBuf in, Context decoding) {
                    return in;
                }

                @Override
                public void encode(ByteBuf message, Outgoing out) {
                    out.pass(message.retainedSlice());
                }
            };
        }
    }

    @Test
    void a_layer_above_knows_the_target_with_its_name() {
        var curious = new Curious();
        Future<Connection<String, String>> connecting =
                loop.connect(TARGET, TextLines.pipeline().over(curious), through(server.address()));
        ticks();
        assertThat(curious.targetsSeen).containsExactly(TARGET);
        loop.execute(connecting::cancel);
        assertNothingIsLeft();
    }

    @Test
    void a_layer_knows_the_target_without_a_proxy_as_well_and_none_where_the_connection_was_accepted() {
        var curious = new Curious();
        var there = new ArrayList<SocketAddress>();
        Listener other = loops.settle(loop.listen(
                ANY,
                Pipeline.<ByteBuf, ByteBuf>of(context -> {
                    there.add(context.target());
                    return Pipeline.bytes().codec().open(context);
                }),
                each -> each.onMessage(ByteBuf::release, each::close)));
        Connection<String, String> connection =
                loops.settle(loop.connect(server.address(), TextLines.pipeline().over(curious)));
        assertThat(curious.targetsSeen).containsExactly(server.address());
        Connection<ByteBuf, ByteBuf> second = loops.settle(loop.connect(other.address(), Pipeline.bytes()));
        ticks();
        assertThat(there).containsExactly((SocketAddress) null);
        loop.execute(connection::close);
        loop.execute(second::close);
        ticks();
        assertNothingIsLeft();
    }

    @Test
    void become_keeps_the_tunnel() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        says("!");
        Connection<String, String> connection = loops.settle(connecting);
        var curious = new Curious();
        var bytes = new ArrayList<Connection<ByteBuf, ByteBuf>>();
        loop.execute(() -> bytes.add(connection.become(Pipeline.bytes().over(curious))));
        ticks();
        loop.execute(() -> bytes.getFirst().write(Unpooled.copiedBuffer("raw", StandardCharsets.US_ASCII)));
        ticks();
        says("more!");
        ByteBuf received = loops.settle(bytes.getFirst().receive());
        assertThat(received.toString(StandardCharsets.US_ASCII)).isEqualTo("more!");
        received.release();
        assertThat(heard).as("no second hello").containsExactly("hello;", "raw");
        assertThat(curious.targetsSeen).containsExactly(TARGET);
        loop.execute(bytes.getFirst()::abort);
        assertNothingIsLeft();
    }

    @Test
    void a_client_goes_through_a_proxy_as_well() {
        Future<Client<String, String>> connecting =
                loop.connect(TARGET, ClientProtocol.inOrder(TextLines.pipeline()), through(server.address()));
        ticks();
        says("!");
        Client<String, String> client = loops.settle(connecting);
        Future<String> answer = client.call("what?");
        ticks();
        says("that\n");
        assertThat(loops.settle(answer)).isEqualTo("that");
        loop.execute(client::abort);
        assertNothingIsLeft();
    }

    // ---- failures

    @Test
    void a_proxy_that_nobody_listens_at_is_told_with_the_target() {
        var nowhere = new InetSocketAddress("127.0.0.1", 1);
        Throwable failure = loops.failureOf(loop.connect(TARGET, TextLines.pipeline(), through(nowhere)));
        assertThat(failure)
                .isInstanceOf(ConnectException.class)
                .hasMessageStartingWith(ASKED + nowhere + ": ")
                .hasMessageContaining("refused");
        assertNothingIsLeft();
    }

    @Test
    void a_proxy_whose_name_is_unknown_is_told_with_the_target() {
        var unknown = InetSocketAddress.createUnresolved("unknown.example", 1);
        Throwable failure = loops.failureOf(loop.connect(TARGET, TextLines.pipeline(), through(unknown)));
        assertThat(failure).isInstanceOf(IOException.class).hasMessage(ASKED + "unknown.example:1: unknown.example");
        assertThat(failure.getCause()).isInstanceOf(UnknownHostException.class);
        assertNothingIsLeft();
    }

    @Test
    void a_proxy_that_resets_before_it_is_through_is_told_with_the_target() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        says("?");
        loop.execute(() -> accepted.getFirst().abort());
        ticks();
        assertThat(connecting.failure())
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(ASKED + proxy())
                .hasMessageContaining("reset");
        assertNothingIsLeft();
    }

    @Test
    void what_the_layer_of_the_proxy_says_is_told_as_it_is() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        loop.execute(() -> accepted.getFirst().close());
        ticks();
        assertThat(connecting.failure())
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("the stream ended within the handshake");
        assertNothingIsLeft();
    }

    @Test
    void a_reset_once_it_is_through_is_the_connections_own() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        says("!");
        Connection<String, String> connection = loops.settle(connecting);
        Future<String> line = connection.receive();
        loop.execute(() -> accepted.getFirst().abort());
        Throwable failure = loops.failureOf(line);
        assertThat(failure).isInstanceOf(IOException.class).hasMessageNotContaining("through");
        assertNothingIsLeft();
    }

    @Test
    void a_proxy_that_does_not_answer_has_the_time_that_connect_has_and_is_told() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        loops.clock().advance(LIMIT.minusNanos(1));
        ticks();
        assertThat(connecting.isDone()).isFalse();
        loops.clock().advance(Duration.ofNanos(1));
        ticks();
        assertThat(connecting.failure())
                .isInstanceOf(DeadlineException.class)
                .hasMessage(ASKED + proxy() + "connected, but its layer HoldingLayer was not ready within 3 s");
        assertNothingIsLeft();
    }

    @Test
    void a_proxy_whose_name_takes_too_long_is_told_with_the_target() {
        var real = Environment.production();
        loops.transport()
                .environment(new Environment(
                        loops.clock(),
                        new Random(1),
                        (on, name) -> on.promise(),
                        real.blocking(),
                        real.memory(),
                        null));
        Loop patient = loops.open();
        var slow = InetSocketAddress.createUnresolved("slow.example", 1);
        Future<Connection<String, String>> connecting = patient.connect(TARGET, TextLines.pipeline(), through(slow));
        patient.tick();
        loops.clock().advance(LIMIT);
        assertThat(loops.failureOf(connecting))
                .isInstanceOf(DeadlineException.class)
                .hasMessage(ASKED + "slow.example:1: looking up the name took longer than 3 s");
    }

    @Test
    void a_target_that_the_proxy_has_no_words_for_fails_at_once() {
        ConnectOptions hopeless = ConnectOptions.defaults().proxy(new Proxy() {
            @Override
            public SocketAddress address() {
                return server.address();
            }

            @Override
            public ByteLayer to(SocketAddress target) {
                throw new IllegalArgumentException("no words for " + target);
            }
        });
        Future<Connection<String, String>> connecting = loop.connect(TARGET, TextLines.pipeline(), hopeless);
        ticks();
        assertThat(connecting.failure())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no words for " + TARGET);
        assertThat(accepted).isEmpty();
        assertNothingIsLeft();
    }

    @Test
    void a_failure_is_told_as_one_of_its_kind() {
        Route route = Route.to(TARGET, new Greeting(ANY, targets));
        for (IOException failure :
                List.of(new DeadlineException("late"), new ConnectException("refused"), new IOException("lost"))) {
            assertThat(route.told(failure))
                    .isExactlyInstanceOf(failure.getClass())
                    .hasMessage(ASKED + ANY + ": " + failure.getMessage())
                    .hasCause(failure);
        }
        var slip = new IllegalStateException("slip");
        assertThat(route.told(slip)).isSameAs(slip);
        var direct = new IOException("lost");
        assertThat(Route.to(TARGET, null).told(direct)).isSameAs(direct);
    }

    @Test
    void giving_up_before_it_is_through_closes_the_connection_to_the_proxy() {
        Future<Connection<String, String>> connecting = connect();
        ticks();
        loop.execute(connecting::cancel);
        ticks();
        assertThat(heard).containsExactly("hello;", "failed");
        assertNothingIsLeft();
    }
}
