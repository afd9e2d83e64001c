package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import rill.CallFailedException.Fate;
import rill.ClientProtocol.WhenFull;
import rill.PoolState.Closed;
import rill.PoolState.Ready;
import rill.spi.Environment;
import rill.testing.Faults;
import rill.testing.Loops;

/** How a pool ends: closed, finished, or with its loop; and what a name may do to it. */
class PoolEndTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final PoolOptions ONE = PoolOptions.defaults();

    @Test
    void finished_while_it_connects_it_does_not_wait_for_that() {
        try (var rig = new PoolRig()) {
            rig.loops.transport().nextConnection(Faults.unanswered());
            Pool<String, String> pool = rig.pool(PoolRig.protocol(), ONE);
            assertThat(pool.state()).isEqualTo(new PoolState.Connecting());
            pool.finish();
            rig.settle();
            assertThat(pool.closed().isDone()).isTrue();
        }
    }

    @Test
    void what_it_gives_up_when_it_is_finished_is_no_failure() {
        try (var rig = new PoolRig()) {
            rig.loops.transport().nextConnection(Faults.unanswered());
            Pool<String, String> pool = rig.pool(PoolRig.protocol(), ONE);
            pool.finish();
            rig.settle();
            assertThat(pool.metrics().connectsFailed()).isZero();
            assertThat(rig.kinds()).containsExactly(Closed.class);
        }
    }

    @Test
    void closed_it_fails_what_has_no_answer_and_every_later_call_and_its_connections_go() {
        try (var rig = new PoolRig()) {
            Pool<String, String> pool = rig.pool(PoolRig.protocol().inFlight(1, WhenFull.WAIT), ONE.connections(2));
            List<Future<String>> calls =
                    List.of(rig.call(pool, "a"), rig.call(pool, "b"), rig.call(pool, "c"), rig.call(pool, "d"));
            Future<?> gone = pool.closed();
            pool.close();
            assertThat(pool.isOpen()).isFalse();
            assertThat(pool.state()).isEqualTo(new Closed());
            assertThat(gone.isDone()).isFalse();
            rig.settle();
            assertThat(gone.isDone()).isTrue();
            assertThat(calls)
                    .extracting(call -> rig.failureOf(call).fate())
                    .containsExactly(
                            Fate.PERHAPS_CARRIED_OUT, Fate.PERHAPS_CARRIED_OUT, Fate.NEVER_SENT, Fate.NEVER_SENT);
            assertThat(rig.failureOf(rig.call(pool, "e")))
                    .hasMessageContaining("pool to")
                    .hasMessageContaining("is closed: by this side");
            assertThat(rig.kinds()).containsExactly(Ready.class, Closed.class);
            pool.close();
            assertThat(pool.closed().isDone()).isTrue();
        }
    }

    @Test
    void closed_while_it_connects_or_pauses_it_leaves_nothing() {
        try (var rig = new PoolRig()) {
            rig.loops.transport().nextConnection(Faults.unanswered());
            var connecting = rig.pool(PoolRig.protocol(), ONE);
            Future<String> waits = rig.call(connecting, "a");
            connecting.close();
            rig.settle();
            assertThat(connecting.closed().isDone()).isTrue();
            assertThat(rig.failureOf(waits).fate()).isEqualTo(Fate.NEVER_SENT);
            assertThat(rig.loops.selector().wires()).isEmpty();

            rig.refuses();
            var pausing = rig.pool(PoolRig.protocol(), ONE);
            pausing.close();
            rig.settle();
            assertThat(rig.loop.nextTimer()).isEmpty();
        }
    }

    @Test
    void finished_it_waits_for_its_answers_and_takes_no_more_calls() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(2));
            Future<String> call = rig.call(pool, "a");
            Future<?> gone = pool.finish();
            rig.settle();
            assertThat(gone.isDone()).isFalse();
            assertThat(rig.failureOf(rig.call(pool, "b"))).hasMessageContaining("is closed: it was to finish");
            rig.peers.getFirst().says("one");
            assertThat(call.result()).isEqualTo("one");
            rig.settle();
            assertThat(gone.isDone()).isTrue();
            assertThat(pool.state()).isEqualTo(new Closed());
            assertThat(rig.livePeers()).isEmpty();
        }
    }

    /** On a thread outside, which is not faster than the loop only by chance. */
    @Test
    void finished_before_the_loop_has_seen_a_call_made_earlier_it_still_answers_it() {
        try (var rig = new PoolRig().answering()) {
            Pool<String, String> pool = rig.loop.pool(rig.address, PoolRig.protocol(), ONE);
            Future<String> before = pool.call("a");
            Future<?> gone = pool.finish();
            Future<String> after = pool.call("b");
            rig.settle();
            assertThat(before.result()).isEqualTo("answer to a");
            assertThat(rig.failureOf(after)).hasMessageContaining("is closed: it was to finish");
            assertThat(gone.isDone()).isTrue();
        }
    }

    @Test
    void finished_while_a_call_of_another_thread_is_on_its_way_it_does_not_end_before() {
        try (var rig = new PoolRig().answering()) {
            Pool<String, String> pool = rig.pool(PoolRig.protocol(), ONE);
            rig.goesDown();
            rig.loop.execute(() -> pool.members().later()); // a look at what is next, ahead of the call
            rig.loop.tick();
            Future<String> before = pool.call("a");
            Future<?> gone = pool.finish();
            rig.settle();
            assertThat(gone.isDone()).isFalse();
            rig.comesBack();
            rig.passes(SECOND.multipliedBy(3));
            assertThat(before.result()).isEqualTo("answer to a");
            assertThat(gone.isDone()).isTrue();
        }
    }

    @Test
    void finished_while_it_is_down_it_still_connects_for_the_calls_that_wait() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE);
            rig.goesDown();
            Future<String> waits = rig.call(pool, "a");
            Future<?> gone = pool.finish();
            rig.passes(SECOND);
            assertThat(gone.isDone()).isFalse();
            rig.comesBack();
            rig.passes(SECOND.multipliedBy(3));
            assertThat(waits.result()).isEqualTo("answer to a");
            assertThat(gone.isDone()).isTrue();
        }
    }

    @Test
    void finished_while_it_is_down_it_is_over_when_the_calls_that_wait_are_late() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol(), ONE);
            rig.goesDown();
            Future<String> waits = rig.call(pool, "a", SECOND);
            Future<?> gone = pool.finish();
            rig.passes(SECOND.multipliedBy(12));
            assertThat(rig.failureOf(waits).fate()).isEqualTo(Fate.NEVER_SENT);
            assertThat(gone.isDone()).isTrue();
            assertThat(rig.loop.nextTimer()).isEmpty();
        }
    }

    @Test
    void a_loop_that_closes_lets_the_pool_have_its_answers() {
        var rig = new PoolRig();
        rig.greets(peer -> peer.connection.onFinish(() -> {
            peer.connection.write("one\n");
            peer.connection.close();
        }));
        var pool = rig.pool(PoolRig.protocol(), ONE);
        Future<String> call = rig.call(pool, "a");
        var answers = new ArrayList<String>();
        call.onDone((answer, failure) -> answers.add(answer));
        Future<?> gone = pool.closed();
        rig.loop.close(SECOND);
        assertThat(answers).containsExactly("one");
        assertThat(gone.isDone()).isTrue();
        rig.close();
    }

    @Test
    void a_pool_of_a_loop_that_is_closed_is_closed() {
        var rig = new PoolRig();
        rig.loop.close(Duration.ZERO);
        Pool<String, String> pool = rig.loop.pool(rig.address, PoolRig.protocol(), ONE);
        assertThat(pool.state()).isEqualTo(new Closed());
        assertThat(pool.closed().isDone()).isTrue();
        assertThat(rig.failureOf(pool.call("a"))).hasMessageContaining("closed");
        assertThat(rig.failureOf(pool.send("a"))).hasMessageContaining("closed");
        rig.close();
    }

    @Test
    void a_caller_does_not_tell_what_it_is() throws Exception {
        try (var rig = new PoolRig().answering()) {
            Client<String, String> client = rig.loops.settle(rig.loop.connect(rig.address, PoolRig.protocol()));
            for (Caller<String, String> each : List.of(client, rig.pool(PoolRig.protocol(), ONE))) {
                assertThat(rig.loops.settle(rig.onLoop(() -> each.call("a")))).isEqualTo("answer to a");
                assertThat(rig.loops.settle(rig.onLoop(() -> each.call("a", SECOND))))
                        .isEqualTo("answer to a");
                rig.loops.settle(rig.onLoop(() -> each.send("(a)")));
                assertThat(each.isOpen()).isTrue();
                each.finish();
                rig.loops.settle(each.closed());
                assertThat(each.isOpen()).isFalse();
                each.close();
            }
        }
    }

    // ---- names

    @Test
    void connections_are_spread_over_the_addresses_of_a_name_which_is_looked_up_for_each() {
        var loops = Loops.manual();
        var real = Environment.production();
        List<InetAddress> known = new ArrayList<>(List.of(
                InetAddress.ofLiteral("192.0.2.1"),
                InetAddress.ofLiteral("192.0.2.2"),
                InetAddress.ofLiteral("192.0.2.3")));
        var lookUps = new ArrayList<String>();
        loops.transport()
                .environment(new Environment(
                        loops.clock(),
                        new Random(1),
                        (asking, name) -> {
                            lookUps.add(name);
                            return asking.done(List.copyOf(known));
                        },
                        real.blocking(),
                        real.memory(),
                        null));
        try (var rig = new PoolRig(loops)) {
            var at = new ArrayList<String>();
            var listeners = new ArrayList<Listener>();
            for (int last = 1; last <= 4; last++) {
                String address = "192.0.2." + last;
                listeners.add(loops.settle(rig.loop.listen(
                        new java.net.InetSocketAddress(InetAddress.ofLiteral(address), 7), PoolRig.asItIs(), each -> {
                            at.add(address);
                            each.onFailure(failure -> {}).onMessage(line -> {}, each::close);
                            if (at.size() == 1) {
                                rig.loop.schedule(SECOND.multipliedBy(5), each::abort);
                            }
                        })));
            }
            Pool<String, String> pool = rig.loop.pool("the.name", 7, PoolRig.protocol(), ONE.connections(3));
            rig.settle();
            assertThat(at).containsExactly("192.0.2.1", "192.0.2.2", "192.0.2.3");
            assertThat(lookUps).hasSize(3).containsOnly("the.name");
            known.clear(); // the name has moved
            known.add(InetAddress.ofLiteral("192.0.2.4"));
            rig.passes(SECOND.multipliedBy(6));
            assertThat(at).hasSize(4).endsWith("192.0.2.4");
            assertThat(pool.state()).isEqualTo(new Ready(3));
            pool.close();
            rig.settle();
            listeners.forEach(Listener::close);
        }
    }

    // ---- neither earlier nor later

    @Test
    void a_pool_that_is_made_while_its_loop_is_closing_is_over_at_once() {
        try (var rig = new PoolRig()) {
            Loop mine = rig.loops.open();
            Future<Client<String, String>> connecting = mine.connect(rig.address, PoolRig.protocol());
            both(rig, mine);
            Future<String> call = connecting.result().call("a"); // keeps the loop from being closed at once
            both(rig, mine);
            mine.closing().start(SECOND.multipliedBy(20));
            both(rig, mine);
            assertThat(mine.isClosed()).isFalse();
            Pool<String, String> late = mine.pool(rig.address, PoolRig.protocol(), ONE);
            Future<?> gone = late.closed();
            both(rig, mine);
            assertThat(late.state()).isEqualTo(new Closed());
            assertThat(gone.isDone()).isTrue();
            assertThat(mine.isClosed()).isFalse();
            rig.lastPeer().says("answer");
            both(rig, mine);
            assertThat(call.result()).isEqualTo("answer");
        }
    }

    private static void both(PoolRig rig, Loop other) {
        for (int i = 0; i < 60; i++) {
            rig.loop.tick();
            if (!other.isClosed()) {
                other.tick();
            }
        }
    }

    @Test
    void one_that_is_closed_before_it_has_begun_leaves_nothing() {
        try (var rig = new PoolRig()) {
            Loop mine = rig.loops.open();
            var pools = new ArrayList<Pool<String, String>>();
            mine.execute(() -> pools.getFirst().close());
            pools.add(mine.pool(rig.address, PoolRig.protocol(), ONE)); // this one begins later
            Future<?> gone = pools.getFirst().closed();
            both(rig, mine);
            assertThat(gone.isDone()).isTrue();
            assertThat(mine.links().isEmpty()).isTrue();
            assertThat(rig.attempts()).isZero();
        }
    }

    @Test
    void closed_is_not_done_while_bytes_of_a_send_have_not_left() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol(), ONE);
            Client<String, String> client = rig.onLoop(pool::choose);
            rig.onLoop(() -> {
                rig.lastPeer().connection.pause();
                return null;
            });
            rig.onLoop(() -> pool.send("(" + "x".repeat(5_000_000)));
            rig.settle();
            Future<?> gone = pool.finish();
            Future<?> clientGone = client.closed();
            rig.settle();
            assertThat(clientGone.isDone()).isFalse();
            assertThat(gone.isDone()).as("its connection is still there").isFalse();
            assertThat(pool.isOpen()).isFalse();
            rig.onLoop(() -> {
                rig.lastPeer().connection.resume();
                return null;
            });
            rig.loops.tickUntil(gone::isDone);
            assertThat(rig.lastPeer().heard)
                    .singleElement()
                    .satisfies(line -> assertThat(line).hasSize(5_000_001));
            assertThat(clientGone.isDone()).isTrue();
            assertThat(gone.isDone()).isTrue();
        }
    }

    @Test
    void closed_during_a_first_step_it_is_gone_with_that_connection() {
        try (var rig = new PoolRig()) {
            var made = new ArrayList<Client<String, String>>();
            var pool = rig.pool(
                    PoolRig.protocol().first(client -> {
                        made.add(client);
                        return rig.loop.promise();
                    }),
                    ONE);
            Future<?> gone = pool.closed();
            Future<?> clientGone = made.getFirst().closed();
            pool.close();
            for (int i = 0; i < 40; i++) {
                rig.loop.tick();
                assertThat(gone.isDone() && !clientGone.isDone()).isFalse();
            }
            assertThat(gone.isDone()).isTrue();
        }
    }

    @Test
    void finished_it_is_over_when_the_last_call_that_waits_is_given_up_or_late() {
        try (var rig = new PoolRig()) {
            rig.refuses();
            var options = ONE.backOff(SECOND.multipliedBy(100), SECOND.multipliedBy(100));
            var pool = rig.pool(PoolRig.protocol(), options);
            Future<String> call = rig.call(pool, "a");
            Future<?> gone = pool.finish();
            rig.settle();
            assertThat(gone.isDone()).isFalse();
            call.cancel();
            rig.settle();
            assertThat(gone.isDone()).isTrue();

            var another = rig.pool(PoolRig.protocol(), options);
            rig.call(another, "a", SECOND).onDone((answer, failure) -> {});
            Future<?> anotherGone = another.finish();
            rig.settle();
            assertThat(anotherGone.isDone()).isFalse();
            rig.passes(SECOND);
            assertThat(anotherGone.isDone()).isTrue();
        }
    }
}
