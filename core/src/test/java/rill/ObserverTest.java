package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import rill.testing.Loops;
import rill.testing.TextLines;

/** What an observer is notified of, and what becomes of what it does and throws. */
class ObserverTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
    private static final Duration SECOND = Duration.ofSeconds(1);

    /** Records each notification. */
    private static class Noting implements Observer {
        final List<String> told = new ArrayList<>();
        final List<Observed> connections = new ArrayList<>();
        final List<Duration> latencies = new ArrayList<>();

        @Nullable
        Throwable lastFailure;

        private String name(Observed connection) {
            if (!connections.contains(connection)) {
                connections.add(connection);
            }
            return (connection.cameIn() ? "in " : "out ") + connections.indexOf(connection);
        }

        @Override
        public void connectionOpened(Observed connection) {
            told.add("opened " + name(connection));
        }

        @Override
        public void connectionReady(Observed connection) {
            told.add("ready " + name(connection));
        }

        @Override
        public void connectionClosed(Observed connection, @Nullable Throwable cause) {
            told.add("closed " + name(connection) + (cause == null ? "" : " failed"));
            lastFailure = cause;
        }

        @Override
        public void callEnded(
                @Nullable Observed connection,
                Object request,
                CallOutcome outcome,
                Duration latency,
                @Nullable Throwable failure) {
            told.add(outcome + " " + request + (connection == null ? " on none" : " on " + name(connection)));
            latencies.add(latency);
            lastFailure = failure;
        }

        @Override
        public void callRetried(Pool<?, ?> pool, Object request, int tries, CallFailedException failure) {
            told.add("retried " + request + " after " + tries);
            lastFailure = failure;
        }
    }

    @Test
    void a_connection_is_opened_and_ready_and_closed_at_both_ends() {
        try (var loops = Loops.manual()) {
            var server = new Noting();
            var client = new Noting();
            Loop serving = loops.open(options -> options.observer(server));
            Loop calling = loops.open(options -> options.observer(client));
            var accepted = new ArrayList<Connection<String, String>>();
            Listener listener = loops.settle(serving.listen(ANY, TextLines.pipeline(), accepted::add));
            Connection<String, String> connection =
                    loops.settle(calling.connect(listener.address(), TextLines.pipeline()));
            loops.tickUntil(() -> accepted.size() == 1 && server.told.size() == 2);
            assertThat(client.told).containsExactly("opened out 0", "ready out 0");
            assertThat(server.told).containsExactly("opened in 0", "ready in 0");
            Observed seen = client.connections.getFirst();
            assertThat(seen.loop()).isSameAs(calling);
            assertThat(seen.target()).isEqualTo(listener.address());
            assertThat(seen.remoteAddress()).isEqualTo(connection.remoteAddress());
            assertThat(seen.localAddress()).isEqualTo(connection.localAddress());
            assertThat(server.connections.getFirst().target()).isNull();
            connection.abort();
            loops.tickUntil(() -> client.told.size() == 3 && server.told.size() == 3);
            assertThat(client.told).endsWith("closed out 0");
            assertThat(server.told).endsWith("closed in 0 failed");
            assertThat(server.lastFailure).hasMessageContaining("reset");
            loops.reporter().take(Report.ConnectionFailed.class);
            listener.close();
        }
    }

    @Test
    void a_connection_whose_handshake_fails_is_opened_and_closed_and_never_ready() {
        try (var loops = Loops.manual()) {
            var noting = new Noting();
            Loop loop = loops.open(options -> options.observer(noting));
            Listener listener = loops.settle(loop.listen(
                    ANY,
                    TextLines.pipeline(),
                    connection -> connection.onFailure(failure -> {}).onMessage(message -> {})));
            Pipeline<String, String> never = TextLines.pipeline().over(new HoldingLayer());
            var options = ConnectOptions.defaults().timeout(SECOND);
            Future<Connection<String, String>> connecting = loop.connect(listener.address(), never, options);
            loops.tickUntil(() -> noting.told.size() == 3);
            loops.clock().advance(SECOND);
            loops.failureOf(connecting);
            loops.tickUntil(() -> noting.told.size() == 5);
            assertThat(noting.told.stream().filter(each -> each.contains("out")))
                    .hasSize(2)
                    .noneMatch(each -> each.startsWith("ready"));
            listener.close();
        }
    }

    /** A layer that never becomes ready, whatever arrives. */
    private static ByteLayer waiting() {
        return context -> new Session<ByteBuf, ByteBuf>() {
            @Override
            public @Nullable ByteBuf opened(Context opening) {
                opening.holdWrites();
                return null;
            }

            @Override
            public @Nullable ByteBuf decode(ByteBuf in, Context decoding) {
                in.skipBytes(in.readableBytes());
                return null;
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) {
                out.pass(message.retainedSlice());
            }
        };
    }

    @Test
    void a_connection_whose_peer_ends_before_its_layers_are_ready_is_handed_on_and_never_told_as_ready() {
        try (var loops = Loops.manual()) {
            var noting = new Noting();
            Loop serving = loops.open(options -> options.observer(noting));
            Loop calling = loops.open();
            var accepted = new ArrayList<Connection<String, String>>();
            Pipeline<String, String> never = TextLines.pipeline().over(waiting());
            Listener listener = loops.settle(serving.listen(ANY, never, accepted::add));
            Connection<String, String> connection =
                    loops.settle(calling.connect(listener.address(), TextLines.pipeline()));
            connection.shutdownOutput();
            loops.tickUntil(() -> accepted.size() == 1);
            connection.abort();
            accepted.getFirst().abort();
            loops.tickUntil(() -> noting.told.size() == 2);
            assertThat(noting.told).containsExactly("opened in 0", "closed in 0");
            listener.close();
        }
    }

    @Test
    void a_loop_that_closes_tells_of_the_end_of_each_connection() {
        var noting = new Noting();
        try (var loops = Loops.manual()) {
            Loop loop = loops.open(options -> options.observer(noting));
            Listener listener = loops.settle(loop.listen(ANY, TextLines.pipeline(), connection -> {}));
            for (int n = 0; n < 3; n++) {
                loops.settle(loop.connect(listener.address(), TextLines.pipeline()));
            }
            loops.tickUntil(() -> loop.connections() == 6);
            loops.close();
            loops.reporter().take(Report.Survivors.class);
            loops.reporter().take(Report.ConnectionFailed.class);
        }
        assertThat(noting.told.stream().filter(each -> each.startsWith("opened")))
                .hasSize(6);
        assertThat(noting.told.stream().filter(each -> each.startsWith("closed")))
                .hasSize(6);
    }

    @Test
    void what_a_loop_that_has_closed_has_left_is_told_all_the_same() {
        var noting = new Noting();
        try (var loops = Loops.manual()) {
            Loop loop = loops.open(options -> options.observer(noting));
            loop.close(Duration.ZERO);
            loop.observing().callEnded(null, "left", CallOutcome.CANCELLED, loop.nanoTime(), null);
            assertThat(noting.told).containsExactly("CANCELLED left on none");
        }
    }

    // ---- calls

    private record Spoken(Loops loops, Loop loop, Client<String, String> client, Connection<String, String> peer) {
        static Spoken over(Observer observer) {
            var loops = Loops.manual();
            Loop loop = loops.open(options -> options.observer(observer));
            var peers = new ArrayList<Connection<String, String>>();
            Listener listener = loops.settle(loop.listen(ANY, TextLines.pipeline(), connection -> {
                peers.add(connection);
                connection.onFailure(failure -> {}).onMessage(message -> {});
            }));
            var protocol = ClientProtocol.inOrder(TextLines.pipeline()).naming(request -> "<" + request + ">");
            Client<String, String> client = loops.settle(loop.connect(listener.address(), protocol));
            loops.tickUntil(() -> !peers.isEmpty());
            listener.close();
            return new Spoken(loops, loop, client, peers.getFirst());
        }

        Future<String> call(String request) {
            return loops.settle(loop.submit(() -> client.call(request)));
        }

        void settle() {
            for (int n = 0; n < 20; n++) {
                loop.tick();
            }
        }
    }

    @Test
    void a_call_ends_with_its_outcome_its_name_and_its_latency() {
        var noting = new Noting();
        Spoken spoken = Spoken.over(noting);
        try (var loops = spoken.loops) {
            Future<String> answered = spoken.call("a");
            Future<String> given = spoken.call("b");
            spoken.settle();
            noting.told.clear();
            loops.clock().advance(Duration.ofMillis(30));
            spoken.peer.write("A");
            loops.settle(answered);
            loops.clock().advance(Duration.ofMillis(12));
            given.cancel();
            Future<String> bad = spoken.call("two\nlines");
            assertThat(loops.failureOf(bad)).isInstanceOf(IllegalArgumentException.class);
            Future<String> lost = spoken.call("c");
            spoken.peer.abort();
            loops.failureOf(lost);
            spoken.settle();
            assertThat(noting.told.stream().filter(each -> each.contains("<")))
                    .containsExactly(
                            "ANSWERED <a> on out 0",
                            "REJECTED <two\nlines> on out 0",
                            "CANCELLED <b> on out 0",
                            "PERHAPS_CARRIED_OUT <c> on out 0");
            assertThat(noting.latencies)
                    .containsExactly(Duration.ofMillis(30), Duration.ZERO, Duration.ofMillis(42), Duration.ZERO);
            loops.reporter().take(Report.ConnectionFailed.class);
        }
    }

    @Test
    void calls_that_never_come_to_their_loop_end_as_well() {
        var noting = new Noting();
        Spoken spoken = Spoken.over(noting);
        try (var loops = spoken.loops) {
            spoken.settle();
            noting.told.clear();
            Future<String> call = spoken.client.call("from outside"); // on its way
            spoken.loop.close(Duration.ZERO);
            assertThat(call.failure()).isInstanceOf(CallFailedException.class);
            Future<String> late = spoken.client.call("too late");
            assertThat(late.failure()).isInstanceOf(CallFailedException.class);
            assertThat(noting.told.stream().filter(each -> !each.startsWith("closed")))
                    .containsExactly(
                            "PERHAPS_CARRIED_OUT <from outside> on out 0",
                            "NEVER_SENT class java.lang.String on out 0");
            assertThat(spoken.loop.metrics().calls().turnedAway()).isEqualTo(1);
            loops.reporter().take(Report.Survivors.class);
        }
    }

    @Test
    void a_call_of_a_pool_is_told_once_however_often_it_is_tried() {
        var noting = new Noting();
        var loops = Loops.manual();
        try (var rig = new PoolRig(loops, noting)) {
            var pool = rig.pool(
                    PoolRig.protocol().idempotent(request -> request.startsWith("get")), PoolOptions.defaults());
            Future<String> get = rig.call(pool, "get it");
            Future<String> put = rig.call(pool, "put it");
            loops.clock().advance(SECOND);
            rig.lastPeer().aborts();
            rig.failureOf(put);
            rig.answering().passes(SECOND);
            assertThat(get.result()).isEqualTo("answer to get it");
            rig.goesDown();
            rig.passes(SECOND);
            Future<String> waits = rig.call(pool, "waits", SECOND);
            rig.passes(SECOND.plus(SECOND));
            rig.failureOf(waits);
            assertThat(noting.told.stream().filter(each -> !each.contains(" in ") && !each.contains(" out ")))
                    .containsExactly("retried class java.lang.String after 1", "LATE class java.lang.String on none");
            assertThat(noting.told.stream().filter(each -> each.contains("class java.lang.String on out")))
                    .hasSize(2)
                    .satisfiesExactly(
                            first -> assertThat(first).startsWith("PERHAPS_CARRIED_OUT"),
                            second -> assertThat(second).startsWith("ANSWERED"));
            assertThat(noting.latencies.get(1)).isGreaterThanOrEqualTo(SECOND);
        }
    }

    // ---- what an observer does

    @Test
    void what_an_observer_throws_is_reported_and_has_no_other_effect() {
        var throwing = new Observer() {
            @Override
            public void connectionOpened(Observed connection) {
                throw new IllegalStateException("opened");
            }

            @Override
            public void connectionReady(Observed connection) {
                throw new StackOverflowError("ready");
            }

            @Override
            public void callEnded(
                    @Nullable Observed connection,
                    Object request,
                    CallOutcome outcome,
                    Duration latency,
                    @Nullable Throwable failure) {
                throw new OutOfMemoryError("call");
            }

            @Override
            public void connectionClosed(Observed connection, @Nullable Throwable cause) {
                throw new AssertionError("closed");
            }
        };
        Spoken spoken = Spoken.over(throwing);
        try (var loops = spoken.loops) {
            Future<String> call = spoken.call("a");
            spoken.peer.write("A");
            assertThat(loops.settle(call)).isEqualTo("A");
            spoken.client.close();
            spoken.peer.close();
            loops.tickUntil(() -> spoken.loop.connections() == 0);
            spoken.settle();
            assertThat(loops.reporter().take(Report.Thrown.class))
                    .extracting(report -> report.what() + ": " + report.cause().getMessage())
                    .containsExactlyInAnyOrder(
                            "the observer: opened",
                            "the observer: opened",
                            "the observer: ready",
                            "the observer: ready",
                            "the observer: call",
                            "the observer: closed",
                            "the observer: closed");
        }
    }

    @Test
    void an_observer_may_call_what_it_is_told_of() {
        var client = new ArrayList<Client<String, String>>();
        var answers = new ArrayList<Future<String>>();
        var calling = new Observer() {
            @Override
            public void callEnded(
                    @Nullable Observed connection,
                    Object request,
                    CallOutcome outcome,
                    Duration latency,
                    @Nullable Throwable failure) {
                if (answers.size() < 3 && outcome == CallOutcome.CANCELLED) {
                    answers.add(client.getFirst().call("again", SECOND)); // so that giving it up is seen at once
                    answers.getLast().cancel();
                }
            }
        };
        Spoken spoken = Spoken.over(calling);
        client.add(spoken.client);
        try (var loops = spoken.loops) {
            Future<String> first = loops.settle(spoken.loop.submit(() -> spoken.client.call("a", SECOND)));
            first.cancel();
            loops.tickUntil(() -> answers.size() == 3);
            Future<String> call = spoken.call("b");
            spoken.settle();
            spoken.peer.write("A");
            LoopMetrics.Calls made = spoken.loop.metrics().calls();
            for (long n = made.tombstones(); n > 1; n--) {
                spoken.peer.write("tombstone");
            }
            spoken.peer.write("B");
            assertThat(loops.settle(call)).isEqualTo("B");
            assertThat(spoken.loop.metrics().calls().cancelled()).isEqualTo(4);
        }
    }

    @Test
    @Timeout(30)
    void a_group_tells_one_observer_on_each_of_its_loops() throws Exception {
        var closed = new CountDownLatch(4);
        var wrong = new ArrayList<String>();
        var watching = new Observer() {
            @Override
            public void connectionOpened(Observed connection) {
                if (Loop.current() != connection.loop()) {
                    synchronized (wrong) {
                        wrong.add("told on " + Loop.current());
                    }
                }
            }

            @Override
            public void connectionClosed(Observed connection, @Nullable Throwable cause) {
                closed.countDown();
            }
        };
        try (var loops = Loops.realTime();
                var group = LoopGroup.open(
                        2,
                        LoopOptions.defaults()
                                .transport(loops.transport())
                                .reporter(loops.reporter())
                                .observer(watching))) {
            Listener listener =
                    group.listen(ANY, TextLines.pipeline(), Connection::close).await();
            for (int n = 0; n < 2; n++) {
                Connection<String, String> connection = group.next()
                        .connect(listener.address(), TextLines.pipeline())
                        .await();
                connection.close();
            }
            Await.latch(closed);
            listener.close();
            assertThat(group.metrics().connections().opened()).isEqualTo(4);
            assertThat(wrong).isEmpty();
        }
    }
}
