package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.CallFailedException.Fate;
import rill.PoolOptions.WhenDown;
import rill.PoolState.Closed;
import rill.PoolState.Connecting;
import rill.PoolState.Failing;
import rill.PoolState.Idle;
import rill.PoolState.Ready;
import rill.testing.Faults;

/** A pool's connections: when they are made, chosen, lost, made again and released; each transition in virtual time. */
class PoolTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final PoolOptions ONE = PoolOptions.defaults();

    // ---- connecting

    @Test
    void a_pool_that_is_asked_late_to_grow_has_no_more_than_its_most_connections() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(
                    PoolRig.protocol(), PoolOptions.defaults().connections(1, 2).busyAt(1));
            ReadyClients<String, String> seen = pool.ready(); // by another thread, which goes on later
            var calls = List.of(rig.call(pool, "a"), rig.call(pool, "b"), rig.call(pool, "c"));
            assertThat(pool.state()).isEqualTo(new PoolState.Ready(2));
            rig.onLoop(() -> pool.choose(seen));
            rig.settle();
            assertThat(rig.attempts()).isEqualTo(2);
            calls.forEach(Future::cancel);
        }
    }

    @Test
    void calls_that_wait_behind_one_whose_naming_ends_the_connection_get_the_next_one() {
        var clients = new ArrayList<Client<String, String>>();
        var protocol = PoolRig.protocol()
                .first(client -> {
                    clients.add(client);
                    return client.loop().done("ready");
                })
                .naming(request -> {
                    if (clients.size() == 1) {
                        clients.getFirst().finish();
                    }
                    return request;
                });
        try (var rig = new PoolRig().answering()) {
            rig.refuses();
            var pool = rig.pool(protocol, PoolOptions.defaults());
            var calls = List.of(rig.call(pool, "a"), rig.call(pool, "b"), rig.call(pool, "c"));
            rig.comesBack();
            rig.passes(Duration.ofSeconds(1));
            rig.passes(Duration.ofSeconds(1));
            assertThat(calls.stream().map(Future::result)).containsExactly("answer to a", "answer to b", "answer to c");
        }
    }

    @Test
    void a_pool_connects_by_itself_and_a_call_is_answered() {
        try (var rig = new PoolRig().answering()) {
            Pool<String, String> pool = rig.loop.pool(rig.address, PoolRig.protocol(), ONE.onState(rig.states::add));
            assertThat(pool.state()).isEqualTo(new Connecting());
            rig.settle();
            assertThat(pool.state()).isEqualTo(new Ready(1));
            assertThat(rig.loops.settle(rig.call(pool, "a"))).isEqualTo("answer to a");
            assertThat(rig.kinds()).containsExactly(Ready.class);
            pool.close();
            assertThat(pool.state()).isEqualTo(new Closed());
        }
    }

    @Test
    void a_call_made_before_it_is_connected_waits_for_that() {
        try (var rig = new PoolRig().answering()) {
            Pool<String, String> pool = rig.loop.pool(rig.address, PoolRig.protocol(), ONE);
            Future<String> early = pool.call("early"); // from outside: nothing has run yet
            rig.settle();
            assertThat(early.result()).isEqualTo("answer to early");
            pool.close();
            rig.settle();
        }
    }

    @Test
    void with_none_at_least_nothing_is_connected_until_a_call_needs_it() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(0, 2));
            assertThat(rig.peers).isEmpty();
            assertThat(pool.state()).isEqualTo(new Idle());
            assertThat(rig.call(pool, "a").result()).isEqualTo("answer to a");
            assertThat(rig.peers).hasSize(1);
            assertThat(rig.kinds()).containsExactly(Connecting.class, Ready.class);
        }
    }

    @Test
    void bytes_that_have_waited_count_no_longer() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol().waitingBytes(1000), ONE.backOff(SECOND, SECOND));
            for (int round = 0; round < 3; round++) {
                rig.goesDown();
                Future<String> call = rig.call(pool, "x".repeat(200), Duration.ofHours(1));
                Future<String> givenUp = rig.call(pool, "y".repeat(5), Duration.ofHours(1));
                assertThat(call.isDone() || givenUp.isDone()).isFalse();
                rig.onLoop(givenUp::cancel);
                rig.comesBack();
                rig.passes(SECOND.multipliedBy(3));
                assertThat(call.result()).isEqualTo("answer to " + "x".repeat(200));
            }
        }
    }

    @Test
    void the_least_are_made_one_after_another_and_never_two_at_once() {
        try (var rig = new PoolRig()) {
            rig.loops.transport().nextConnection(Faults.unanswered());
            var pool = rig.pool(
                    PoolRig.protocol(),
                    ONE.connections(3).connect(ConnectOptions.defaults().timeout(SECOND)));
            assertThat(rig.loops.selector().wires()).as("attempts").hasSize(1);
            rig.passes(SECOND);
            rig.passes(SECOND);
            assertThat(pool.state()).isEqualTo(new Ready(3));
            assertThat(rig.peers).hasSize(3);
        }
    }

    // ---- losing, and connecting again

    @Test
    void a_lost_connection_is_made_again_after_a_pause_and_the_states_are_told() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE);
            rig.call(pool, "a");
            rig.lastPeer().aborts();
            assertThat(pool.state()).isInstanceOf(Failing.class);
            assertThat(rig.peers).hasSize(1);
            rig.passes(Duration.ofMillis(61)); // 50, and a fifth more
            assertThat(rig.peers).hasSize(2);
            assertThat(pool.state()).isEqualTo(new Ready(1));
            assertThat(rig.call(pool, "b").result()).isEqualTo("answer to b");
            assertThat(rig.kinds()).containsExactly(Ready.class, Failing.class, Ready.class);
        }
    }

    @Test
    void a_peer_that_closes_in_good_order_is_connected_to_again() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE);
            rig.call(pool, "a");
            rig.lastPeer().closes();
            assertThat(pool.state())
                    .isInstanceOfSatisfying(
                            Failing.class,
                            failing -> assertThat(failing.why()).hasMessageContaining("the peer has ended its stream"));
            rig.passes(Duration.ofMillis(61));
            assertThat(pool.state()).isEqualTo(new Ready(1));
        }
    }

    /** The pauses between attempts while every attempt is refused. */
    private static List<Duration> pauses(PoolRig rig, int count) {
        var pauses = new ArrayList<Duration>();
        long since = rig.loops.clock().nanoTime();
        int attempts = attempts(rig);
        while (pauses.size() < count) {
            rig.loops.clock().advance(Duration.ofMillis(1));
            for (int i = 0; i < 8; i++) {
                rig.loop.tick();
            }
            if (attempts(rig) > attempts) {
                attempts = attempts(rig);
                pauses.add(Duration.ofNanos(rig.loops.clock().nanoTime() - since));
                since = rig.loops.clock().nanoTime();
            }
        }
        return pauses;
    }

    private static int attempts(PoolRig rig) {
        return rig.attempts();
    }

    @Test
    void the_pause_grows_by_six_tenths_up_to_the_longest_and_varies_by_a_fifth() {
        try (var rig = new PoolRig()) {
            rig.refuses();
            rig.pool(PoolRig.protocol(), ONE.backOff(Duration.ofMillis(100), SECOND));
            List<Duration> pauses = pauses(rig, 30); // enough that they hardly all fall on one side
            double expected = 100;
            var deviations = new ArrayList<Double>();
            for (Duration pause : pauses) {
                double millis = pause.toNanos() / 1e6;
                assertThat(millis).isBetween(expected * 0.8 - 2, expected * 1.2 + 2);
                deviations.add(millis / expected);
                expected = Math.min(expected * 1.6, 1_000);
            }
            assertThat(deviations).as("jitter").anyMatch(each -> each < 0.95).anyMatch(each -> each > 1.05);
        }
    }

    @Test
    void a_connection_that_has_answered_resets_the_pause_and_one_that_was_only_accepted_does_not() {
        try (var rig = new PoolRig()) {
            rig.greets(peer -> peer.connection.abort());
            rig.pool(PoolRig.protocol(), ONE);
            rig.passes(Duration.ofSeconds(20));
            int flaps = rig.peers.size();
            assertThat(flaps)
                    .as("connections to a peer that closes at once, in 20 s")
                    .isBetween(8, 16);
            rig.answering();
            rig.passes(Duration.ofSeconds(13));
            var pool = rig.pools().getFirst();
            assertThat(rig.call(pool, "a").result()).isEqualTo("answer to a");
            rig.lastPeer().aborts();
            rig.passes(Duration.ofMillis(61));
            assertThat(pool.state()).isEqualTo(new Ready(1));
        }
    }

    @Test
    void a_connection_that_has_stood_for_long_resets_the_pause_though_it_was_never_called() {
        try (var rig = new PoolRig()) {
            rig.greets(peer -> peer.connection.abort());
            var pool = rig.pool(PoolRig.protocol(), ONE);
            rig.passes(Duration.ofSeconds(20));
            rig.greets(peer -> {});
            rig.passes(Duration.ofSeconds(13));
            assertThat(pool.state()).isEqualTo(new Ready(1));
            rig.passes(Duration.ofSeconds(13));
            rig.lastPeer().closes();
            rig.passes(Duration.ofMillis(61));
            assertThat(pool.state()).isEqualTo(new Ready(1));
        }
    }

    @Test
    void while_it_is_down_there_is_one_attempt_at_a_time_however_large_the_pool() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(8));
            assertThat(pool.state()).isEqualTo(new Ready(8));
            rig.goesDown();
            int before = rig.attempts();
            rig.passes(Duration.ofSeconds(10));
            assertThat(rig.attempts() - before).isBetween(6, 14);
            rig.comesBack();
            rig.passes(Duration.ofSeconds(13));
            assertThat(pool.state()).isEqualTo(new Ready(8));
        }
    }

    @Test
    void failing_tells_since_when_why_and_how_often() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.backOff(SECOND, SECOND));
            rig.goesDown();
            rig.passes(Duration.ofSeconds(6));
            assertThat(pool.state()).isInstanceOfSatisfying(Failing.class, failing -> {
                assertThat(failing.why()).hasMessageContaining("Connection refused");
                assertThat(failing.lasted()).isBetween(Duration.ofSeconds(6), Duration.ofMillis(6_100));
                assertThat(failing.attempts()).isBetween(4, 7);
            });
        }
    }

    // ---- calls while it is down

    @Test
    void while_it_is_down_a_call_waits_and_is_sent_when_it_is_back() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE);
            rig.goesDown();
            Future<String> first = rig.call(pool, "first");
            Future<String> second = rig.call(pool, "second");
            Future<?> sent = rig.onLoop(() -> pool.send("(third)"));
            rig.passes(SECOND);
            assertThat(first.isDone()).isFalse();
            rig.comesBack();
            rig.passes(Duration.ofSeconds(3));
            assertThat(first.result()).isEqualTo("answer to first");
            assertThat(second.result()).isEqualTo("answer to second");
            assertThat(sent.failure()).isNull();
            assertThat(rig.lastPeer().heard).containsExactly("first", "second", "(third)");
        }
    }

    @Test
    void a_call_that_waits_fails_at_its_deadline_and_tells_since_when_and_why_nothing_is_connected() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol().naming(request -> "GET"), ONE);
            rig.goesDown();
            rig.passes(SECOND);
            Future<String> call = rig.call(pool, "a", SECOND);
            rig.passes(SECOND.minusMillis(1));
            assertThat(call.isDone()).isFalse();
            rig.passes(Duration.ofMillis(1));
            CallFailedException failure = rig.failureOf(call);
            assertThat(failure.fate()).isEqualTo(Fate.NEVER_SENT);
            assertThat(failure)
                    .hasMessageContaining("call of GET: pool to")
                    .hasMessageContaining("not sent within 1 s")
                    .hasMessageContaining("nothing has been connected for 2 s")
                    .hasMessageContaining("Connection refused")
                    .cause()
                    .isInstanceOf(DeadlineException.class)
                    .cause()
                    .isInstanceOf(IOException.class);
            rig.comesBack();
            rig.passes(Duration.ofSeconds(3));
            assertThat(rig.lastPeer().heard)
                    .as("what nobody waits for is not sent")
                    .isEmpty();
        }
    }

    @Test
    void the_deadline_counts_from_the_call_while_it_waits_and_after() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol().deadline(Duration.ofSeconds(10)), ONE);
            rig.goesDown();
            Future<String> call = rig.call(pool, "a");
            rig.passes(Duration.ofSeconds(4));
            rig.comesBack();
            rig.passes(Duration.ofSeconds(4));
            assertThat(rig.lastPeer().heard).containsExactly("a");
            rig.passes(Duration.ofSeconds(2));
            assertThat(rig.failureOf(call)).hasMessageContaining("no answer within 10 s");
            assertThat(rig.failureOf(call).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
        }
    }

    @Test
    void calls_fail_at_once_while_it_is_down_if_they_are_to() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.whenDown(WhenDown.FAIL));
            assertThat(rig.call(pool, "a").result()).isEqualTo("answer to a");
            rig.goesDown();
            CallFailedException failure = rig.failureOf(rig.call(pool, "b"));
            assertThat(failure.fate()).isEqualTo(Fate.NEVER_SENT);
            assertThat(failure).hasMessageContaining("nothing has been connected for");
            rig.comesBack();
            rig.passes(Duration.ofSeconds(3));
            assertThat(rig.call(pool, "c").result()).isEqualTo("answer to c");
        }
    }

    @Test
    void as_many_wait_as_the_protocol_lets_wait_and_the_next_one_is_told_that_it_is_full() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol().waiting(3), ONE);
            rig.goesDown();
            var calls = new ArrayList<Future<String>>();
            for (int i = 0; i < 3; i++) {
                calls.add(rig.call(pool, "a" + i));
            }
            CallFailedException failure = rig.failureOf(rig.call(pool, "one too many"));
            assertThat(failure.fate()).isEqualTo(Fate.NEVER_SENT);
            assertThat(failure).hasMessageContaining("is full: 3 calls wait").hasMessageContaining("nothing has been");
            calls.getFirst().cancel();
            rig.settle();
            Future<String> inItsPlace = rig.call(pool, "a3");
            rig.comesBack();
            rig.passes(Duration.ofSeconds(3));
            assertThat(inItsPlace.result()).isEqualTo("answer to a3");
            assertThat(rig.lastPeer().heard).containsExactly("a1", "a2", "a3");
        }
    }

    @Test
    void a_call_of_another_thread_that_was_cancelled_on_its_way_is_not_sent() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE);
            rig.goesDown();
            Future<String> cancelled = pool.call("a");
            cancelled.cancel();
            rig.settle();
            assertThat(pool.members().waiting()).isZero();
            rig.comesBack();
            rig.passes(Duration.ofSeconds(3));
            assertThat(rig.lastPeer().heard).isEmpty();
        }
    }

    // ---- which connection

    @Test
    void each_call_goes_to_the_connection_with_the_fewest() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(3));
            for (int i = 0; i < 9; i++) {
                rig.call(pool, "a" + i).onDone((answer, failure) -> {});
            }
            assertThat(rig.peers).allSatisfy(peer -> assertThat(peer.heard).hasSize(3));
            rig.peers.get(1).says("one");
            rig.call(pool, "next").onDone((answer, failure) -> {});
            assertThat(rig.peers.get(1).heard).contains("next");
        }
    }

    @Test
    void another_connection_is_made_when_all_are_busy_and_no_more_than_the_most() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(1, 3).busyAt(2));
            for (int i = 0; i < 2; i++) {
                rig.call(pool, "a").onDone((answer, failure) -> {});
            }
            assertThat(rig.peers).as("not busy before").hasSize(1);
            for (int i = 0; i < 20; i++) {
                rig.call(pool, "a").onDone((answer, failure) -> {});
            }
            assertThat(rig.peers).hasSize(3);
            assertThat(pool.state()).isEqualTo(new Ready(3));
        }
    }

    @Test
    void what_is_lost_beyond_the_least_is_made_again_only_when_it_is_needed() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(1, 2).busyAt(1));
            rig.call(pool, "a").onDone((answer, failure) -> {});
            rig.call(pool, "b").onDone((answer, failure) -> {});
            assertThat(pool.state()).isEqualTo(new Ready(2));
            rig.peers.get(1).aborts();
            rig.passes(SECOND);
            assertThat(pool.state()).isEqualTo(new Ready(1));
        }
    }

    @Test
    void the_listener_that_throws_is_reported_and_nothing_else() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(rig.address, PoolRig.protocol(), ONE.onState(state -> {
                throw new IllegalStateException("on purpose");
            }));
            assertThat(rig.call(pool, "a").result()).isEqualTo("answer to a");
            assertThat(rig.loops.reporter().take(Report.Thrown.class))
                    .singleElement()
                    .satisfies(report -> assertThat(report.message())
                            .contains("the listener to the state of pool to", "on purpose"));
            pool.close();
            rig.settle();
            assertThat(rig.loops.reporter().take(Report.Thrown.class)).hasSize(1);
        }
    }

    @Test
    void on_the_path_of_a_call_a_pool_allocates_no_more_than_a_client() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE);
            Client<String, String> only = pool.choose();
            assertThat(only).isNotNull();
            assertThat(pool.ready().only).isSameAs(only);
            Future<String> call = rig.onLoop(() -> pool.call("a"));
            assertThat(call).isInstanceOf(Offer.class);
            assertThat(rig.loops.settle(call)).isEqualTo("answer to a");
        }
    }

    // ---- order

    @Test
    void a_call_made_when_the_pool_is_ready_does_not_overtake_those_that_have_waited_for_that() {
        try (var rig = new PoolRig().answering()) {
            var pools = new ArrayList<Pool<String, String>>();
            var options = ONE.onState(state -> {
                if (state instanceof Ready) {
                    pools.getFirst().call("set k 2");
                }
            });
            pools.add(rig.loop.pool(rig.address, PoolRig.protocol(), options));
            pools.getFirst().call("set k 1");
            rig.settle();
            pools.getFirst().close();
            rig.settle();
            assertThat(rig.peers.getFirst().heard).containsExactly("set k 1", "set k 2");
        }
    }

    @Test
    void nor_does_one_that_another_handle_makes_in_that_tick() {
        try (var rig = new PoolRig().answering()) {
            Pool<String, String> pool = rig.loop.pool(rig.address, PoolRig.protocol(), ONE);
            pool.call("first");
            var sent = new ArrayList<Future<String>>();
            for (int i = 0; i < 40; i++) {
                rig.loop.execute(() -> {
                    if (sent.isEmpty() && pool.state() instanceof Ready) {
                        sent.add(pool.call("second"));
                    }
                });
                rig.loop.tick();
            }
            pool.close();
            rig.settle();
            assertThat(rig.peers.getFirst().heard).containsExactly("first", "second");
        }
    }

    @Test
    void nor_do_later_calls_overtake_those_of_another_thread_that_arrive_when_it_is_ready() {
        try (var rig = new PoolRig().answering()) {
            Pool<String, String> pool = rig.loop.pool(rig.address, PoolRig.protocol(), ONE);
            var made = new ArrayList<String>();
            for (int i = 0; !(pool.state() instanceof Ready); i++) {
                String number = " of tick " + i;
                pool.call("first" + number); // on its way to the loop
                made.add("first" + number);
                rig.loop.execute(() -> {
                    if (pool.state() instanceof Ready) {
                        pool.call("second" + number);
                        made.add("second" + number);
                    }
                });
                rig.loop.tick();
            }
            rig.settle();
            pool.close();
            rig.settle();
            assertThat(made.getLast()).startsWith("second");
            assertThat(rig.peers.getFirst().heard).containsExactlyElementsOf(made);
        }
    }

    @Test
    void calls_that_wait_for_another_connection_are_sent_before_later_ones() {
        try (var rig = new PoolRig()) {
            var pools = new ArrayList<Pool<String, String>>();
            var more = new ArrayList<String>();
            var options = ONE.onState(state -> {
                if (state instanceof Ready && !more.isEmpty()) {
                    pools.getFirst().call(more.removeFirst());
                }
            });
            pools.add(rig.pool(PoolRig.protocol().inFlight(1, ClientProtocol.WhenFull.WAIT), options));
            rig.call(pools.getFirst(), "a").onDone((answer, failure) -> {});
            rig.call(pools.getFirst(), "set k 1");
            more.add("set k 2");
            rig.answering();
            rig.lastPeer().aborts();
            rig.passes(Duration.ofMillis(61));
            assertThat(rig.peers).hasSize(2);
            assertThat(rig.lastPeer().heard).containsExactly("set k 1", "set k 2");
        }
    }

    // ---- idle

    @Test
    void with_none_at_least_a_connection_that_the_peer_closes_when_idle_makes_it_idle_and_not_failing() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(0, 2));
            assertThat(rig.call(pool, "a").result()).isEqualTo("answer to a");
            rig.lastPeer().closes(); // as servers do with idle connections
            assertThat(pool.state()).isEqualTo(new Idle());
            rig.passes(Duration.ofMinutes(10));
            assertThat(rig.attempts()).as("nothing is tried").isEqualTo(1);
            assertThat(pool.state()).isEqualTo(new Idle());
            assertThat(rig.kinds()).doesNotContain(Failing.class);
            assertThat(rig.call(pool, "b").result()).isEqualTo("answer to b");
        }
    }

    @Test
    void with_none_at_least_it_fails_for_as_long_as_a_call_waits() {
        try (var rig = new PoolRig()) {
            rig.refuses();
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(0, 2));
            Future<String> call = rig.call(pool, "a", SECOND);
            assertThat(pool.state()).isInstanceOf(Failing.class);
            rig.passes(SECOND);
            assertThat(rig.failureOf(call)).hasMessageContaining("Connection refused");
            assertThat(pool.state()).isEqualTo(new Idle());
            int attempts = rig.attempts();
            rig.passes(Duration.ofMinutes(10));
            assertThat(rig.attempts()).isEqualTo(attempts);
        }
    }

    @Test
    void a_pool_for_which_a_call_waits_is_not_idle() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(0, 1));
            var seen = new ArrayList<PoolState>();
            Future<String> again = rig.onLoop(() -> pool.call("a")).recoverWith(failure -> {
                Future<String> second = pool.call("b");
                seen.add(pool.state()); // in the tick in which it was idle
                return second;
            });
            rig.settle();
            rig.greets(peer -> peer.answers = true);
            rig.lastPeer().aborts();
            assertThat(seen).containsExactly(new Connecting());
            assertThat(pool.state()).as("during the pause").isEqualTo(new Connecting());
            rig.passes(Duration.ofSeconds(1));
            assertThat(again.result()).isEqualTo("answer to b");
        }
    }
}
