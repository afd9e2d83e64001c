package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import rill.CallFailedException.Fate;
import rill.PoolState.Failing;
import rill.PoolState.Idle;
import rill.PoolState.Ready;

/** What a connection needs first, and what becomes of connections that are idle, old, or silent. */
class PoolHealthTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final PoolOptions ONE = PoolOptions.defaults();

    /** Authenticates first; the password is accepted if the answer is "answer to AUTH". */
    private static ClientProtocol<String, String> authenticating() {
        return PoolRig.protocol()
                .first(client -> client.call("AUTH").map(answer -> {
                    if (!answer.equals("answer to AUTH")) {
                        throw new IOException("refused: " + answer);
                    }
                    return answer;
                }));
    }

    private static ClientProtocol<String, String> probing() {
        return PoolRig.protocol().probe(client -> client.call("PING"));
    }

    // ---- the first step

    @Test
    void what_a_connection_needs_first_is_done_before_any_call_and_again_after_each_reconnect() {
        try (var rig = new PoolRig()) {
            Pool<String, String> pool = rig.pool(authenticating(), ONE);
            Future<String> early = rig.call(pool, "a");
            assertThat(rig.lastPeer().heard).containsExactly("AUTH");
            assertThat(pool.state()).isEqualTo(new PoolState.Connecting());
            rig.answering();
            rig.lastPeer().answers = true;
            rig.lastPeer().says("answer to AUTH");
            assertThat(pool.state()).isEqualTo(new Ready(1));
            assertThat(early.result()).isEqualTo("answer to a");
            rig.lastPeer().aborts();
            rig.passes(SECOND);
            assertThat(rig.lastPeer().heard).containsExactly("AUTH");
            assertThat(rig.call(pool, "b").result()).isEqualTo("answer to b");
            assertThat(rig.lastPeer().heard).containsExactly("AUTH", "b");
        }
    }

    @Test
    void a_first_step_that_is_refused_is_why_nothing_is_connected_and_is_tried_again() {
        try (var rig = new PoolRig()) {
            rig.greets(peer -> peer.connection.write("WRONGPASS\n"));
            var pool = rig.pool(authenticating().unsolicited(line -> false, line -> {}), ONE.backOff(SECOND, SECOND));
            assertThat(pool.state())
                    .isInstanceOfSatisfying(
                            Failing.class,
                            failing -> assertThat(failing.why())
                                    .hasMessageContaining("connect to")
                                    .hasMessageContaining("what it needs first has failed")
                                    .hasMessageContaining("refused: WRONGPASS"));
            assertThat(rig.livePeers()).as("its connection is gone").isEmpty();
            Future<String> call = rig.call(pool, "a", SECOND.dividedBy(2));
            rig.passes(SECOND.dividedBy(2));
            assertThat(rig.failureOf(call)).hasMessageContaining("refused: WRONGPASS");
            assertThat(rig.failureOf(call).fate()).isEqualTo(Fate.NEVER_SENT);
            rig.answering().passes(SECOND);
            assertThat(pool.state()).isEqualTo(new Ready(1));
        }
    }

    @Test
    void a_first_step_that_throws_is_reported_and_counts_as_a_failure_to_connect() {
        try (var rig = new PoolRig()) {
            var broken = new boolean[] {true};
            var pool = rig.pool(
                    PoolRig.protocol().first(client -> {
                        if (broken[0]) {
                            throw new IllegalStateException("on purpose");
                        }
                        return rig.loop.done("done");
                    }),
                    ONE);
            assertThat(pool.state()).isInstanceOf(Failing.class);
            assertThat(rig.loops.reporter().take(Report.Thrown.class))
                    .singleElement()
                    .satisfies(
                            report -> assertThat(report.message()).contains("the first step of pool to", "on purpose"));
            broken[0] = false;
            rig.passes(SECOND);
            assertThat(pool.state()).isEqualTo(new Ready(1));
            assertThat(rig.livePeers()).hasSize(1);
        }
    }

    @Test
    void a_first_step_that_never_ends_has_the_time_that_connecting_has() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(
                    authenticating(), ONE.connect(ConnectOptions.defaults().timeout(SECOND)));
            rig.passes(SECOND);
            assertThat(pool.state())
                    .isInstanceOfSatisfying(
                            Failing.class,
                            failing -> assertThat(failing.why())
                                    .isInstanceOf(DeadlineException.class)
                                    .hasMessageContaining("what it needs first was not done within 1 s"));
            assertThat(rig.peers.getFirst().ended).isTrue();
        }
    }

    @Test
    void the_calls_of_a_first_step_stay_on_their_connection() {
        try (var rig = new PoolRig()) {
            var protocol = PoolRig.protocol()
                    .inFlight(1, ClientProtocol.WhenFull.WAIT)
                    .idempotent(any -> true)
                    .first(client -> {
                        client.call("AUTH").onDone((answer, failure) -> {});
                        return client.call("SELECT"); // has to wait
                    });
            var pool = rig.pool(protocol, ONE);
            rig.lastPeer().aborts();
            assertThat(pool.members().waiting()).isZero();
            rig.passes(SECOND);
            assertThat(rig.lastPeer().heard)
                    .as("one for itself, none of another")
                    .containsExactly("AUTH");
            assertThat(pool.members().waiting()).isZero();
        }
    }

    @Test
    void connect_does_what_a_connection_needs_first_and_fails_with_it() {
        try (var rig = new PoolRig()) {
            Future<Client<String, String>> connecting = rig.loop.connect(rig.address, authenticating());
            rig.settle();
            assertThat(connecting.isDone()).isFalse();
            rig.lastPeer().says("answer to AUTH");
            assertThat(connecting.result().isOpen()).isTrue();
            rig.onLoop(() -> connecting.result().abort());

            Future<Client<String, String>> refused = rig.loop.connect(rig.address, authenticating());
            rig.settle();
            rig.lastPeer().says("no");
            assertThat(refused.failure())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("what it needs first has failed: refused: no");
            assertThat(rig.lastPeer().ended).isTrue();

            Future<Client<String, String>> cancelled = rig.loop.connect(rig.address, authenticating());
            rig.settle();
            cancelled.cancel();
            rig.settle();
            assertThat(rig.lastPeer().ended).isTrue();

            Future<?> throwing =
                    rig.loop.connect(rig.address, PoolRig.protocol().first(client -> {
                        throw new IllegalStateException("on purpose");
                    }));
            rig.settle();
            assertThat(throwing.failure())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("on purpose");
            assertThat(rig.livePeers()).isEmpty();
        }
    }

    // ---- probes

    @Test
    void an_idle_connection_is_probed_and_one_that_answers_stays() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(probing(), ONE.probe(MINUTE, SECOND));
            rig.passes(MINUTE.minusSeconds(1));
            assertThat(rig.lastPeer().heard).isEmpty();
            rig.passes(Duration.ofSeconds(17)); // a quarter more
            assertThat(rig.lastPeer().heard).containsExactly("PING");
            rig.passes(MINUTE.multipliedBy(3));
            assertThat(rig.lastPeer().heard).hasSizeBetween(3, 4);
            assertThat(rig.loop.metrics().calls().made())
                    .as("calls, probes included")
                    .isEqualTo(rig.lastPeer().heard.size());
            assertThat(pool.state()).isEqualTo(new Ready(1));
            assertThat(rig.peers).hasSize(1);
        }
    }

    @Test
    void a_connection_in_use_is_not_probed() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(probing(), ONE.probe(MINUTE, SECOND));
            for (int i = 0; i < 10; i++) {
                rig.passes(MINUTE.dividedBy(2));
                rig.call(pool, "a");
            }
            assertThat(rig.lastPeer().heard).containsOnly("a");
        }
    }

    @Test
    void a_connection_whose_probe_is_not_answered_is_replaced() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(probing(), ONE.probe(MINUTE, SECOND));
            rig.passes(MINUTE.plusSeconds(16));
            rig.passes(SECOND);
            assertThat(rig.states.getLast()).isInstanceOf(Ready.class);
            assertThat(rig.states)
                    .anySatisfy(state -> assertThat(state)
                            .isInstanceOfSatisfying(
                                    Failing.class,
                                    failing -> assertThat(failing.why()).hasMessageContaining("its probe has failed")));
            assertThat(rig.peers).hasSize(2);
            assertThat(rig.peers.getFirst().ended).isTrue();
            assertThat(pool.state()).isEqualTo(new Ready(1));
        }
    }

    @Test
    void a_probe_that_throws_or_gives_nothing_is_reported_and_nothing_else() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(
                    PoolRig.protocol().probe(client -> {
                        throw new IllegalStateException("on purpose");
                    }),
                    ONE.probe(MINUTE, SECOND));
            rig.passes(MINUTE.multipliedBy(2));
            assertThat(pool.state()).isEqualTo(new Ready(1));
            assertThat(rig.peers).hasSize(1);
            assertThat(rig.loops.reporter().take(Report.Thrown.class))
                    .hasSizeBetween(1, 2)
                    .allSatisfy(report -> assertThat(report.message()).contains("the probe of pool to", "on purpose"));
        }
    }

    @Test
    void a_probe_of_a_connection_that_is_lost_is_not_made_on_another_one() {
        try (var rig = new PoolRig()) {
            rig.pool(probing().idempotent(any -> true), ONE.probe(MINUTE, SECOND.multipliedBy(30)));
            rig.passes(MINUTE.plusSeconds(16));
            assertThat(rig.lastPeer().heard).containsExactly("PING");
            rig.lastPeer().aborts();
            rig.passes(SECOND);
            assertThat(rig.peers).hasSize(2);
            assertThat(rig.lastPeer().heard).isEmpty();
        }
    }

    // ---- age and idleness

    @Test
    void a_connection_is_replaced_at_its_age_and_no_call_fails_for_it() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.maxAge(MINUTE));
            Future<String> slow = rig.call(pool, "slow", MINUTE.multipliedBy(5));
            rig.passes(MINUTE.multipliedBy(8).dividedBy(10).minusSeconds(1));
            assertThat(rig.peers).as("before four fifths of it").hasSize(1);
            rig.passes(MINUTE.dividedBy(5).plusSeconds(2));
            assertThat(rig.peers).as("at the age").hasSize(2);
            assertThat(pool.state()).isEqualTo(new Ready(1));
            rig.call(pool, "next").onDone((answer, failure) -> {});
            assertThat(rig.lastPeer().heard).containsExactly("next");
            assertThat(rig.peers.getFirst().ended)
                    .as("it waits for its answers")
                    .isFalse();
            rig.peers.getFirst().says("done");
            assertThat(slow.result()).isEqualTo("done");
            assertThat(rig.peers.getFirst().ended).isTrue();
            assertThat(rig.kinds()).as("it was ready all the time").containsExactly(Ready.class);
        }
    }

    @Test
    void an_old_connection_stays_while_no_new_one_can_be_had() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.maxAge(MINUTE));
            rig.refuses();
            rig.passes(MINUTE.multipliedBy(2));
            assertThat(rig.call(pool, "a").result()).isEqualTo("answer to a");
            assertThat(pool.state()).isEqualTo(new Ready(1));
            rig.comesBack();
            rig.passes(Duration.ofSeconds(15));
            assertThat(rig.peers).hasSize(2);
            assertThat(rig.peers.getFirst().ended).isTrue();
        }
    }

    @Test
    void connections_that_were_made_together_do_not_end_together() {
        try (var rig = new PoolRig()) {
            rig.pool(PoolRig.protocol(), ONE.connections(12).maxAge(MINUTE));
            var ends = new ArrayList<Integer>();
            for (int second = 0; second < 62; second++) {
                rig.passes(SECOND);
                int count = (int) rig.peers.subList(0, 12).stream()
                        .filter(peer -> peer.ended)
                        .count();
                while (ends.size() < count) {
                    ends.add(second);
                }
            }
            assertThat(ends).hasSize(12).allSatisfy(second -> assertThat(second).isBetween(47, 61));
            assertThat(ends.stream().distinct().count()).isGreaterThan(2);
            assertThat(rig.livePeers()).hasSize(12);
        }
    }

    @Test
    void though_it_is_probed_seldom_a_connection_is_replaced_at_its_age() {
        try (var rig = new PoolRig().answering()) {
            rig.pool(probing(), ONE.connections(12).maxAge(MINUTE).probe(SECOND.multipliedBy(59), SECOND));
            var ends = new TreeSet<Integer>();
            for (int second = 0; second < 62; second++) {
                long before = rig.livePeers().size();
                rig.passes(SECOND);
                if (rig.peers.subList(0, 12).stream().anyMatch(peer -> peer.ended) && before > 0) {
                    ends.add((int) rig.peers.subList(0, 12).stream()
                            .filter(peer -> peer.ended)
                            .count());
                }
            }
            assertThat(ends)
                    .as("how many were gone, as time went by")
                    .hasSizeGreaterThan(2)
                    .last()
                    .isEqualTo(12);
        }
    }

    @Test
    void what_is_not_needed_becomes_idle_and_is_closed_down_to_the_least() {
        try (var rig = new PoolRig()) {
            var pool =
                    rig.pool(PoolRig.protocol(), ONE.connections(1, 4).busyAt(1).idleTime(MINUTE));
            var calls = new ArrayList<Future<String>>();
            for (int i = 0; i < 8; i++) {
                calls.add(rig.call(pool, "a"));
            }
            assertThat(pool.state()).isEqualTo(new Ready(4));
            rig.passes(MINUTE.dividedBy(2));
            List.copyOf(rig.peers).forEach(peer -> peer.heard.forEach(line -> peer.says("one")));
            assertThat(calls).allMatch(Future::isDone);
            rig.passes(MINUTE.dividedBy(2));
            assertThat(pool.state()).as("it was in use half a minute ago").isEqualTo(new Ready(4));
            rig.passes(MINUTE);
            assertThat(pool.state()).isEqualTo(new Ready(1));
            assertThat(rig.livePeers()).hasSize(1);
            assertThat(rig.kinds()).containsExactly(Ready.class);
        }
    }

    @Test
    void with_none_at_least_the_last_idle_connection_is_closed_too_and_made_again_when_needed() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(0, 1).idleTime(MINUTE));
            rig.call(pool, "a");
            rig.passes(MINUTE.multipliedBy(2));
            assertThat(pool.state()).isEqualTo(new Idle());
            assertThat(rig.livePeers()).isEmpty();
            assertThat(rig.call(pool, "b").result()).isEqualTo("answer to b");
            assertThat(rig.kinds()).doesNotContain(Failing.class);
        }
    }

    @Test
    void probes_do_not_keep_an_idle_connection_from_being_closed() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(
                    probing(), ONE.connections(1, 2).busyAt(1).idleTime(MINUTE).probe(SECOND.multipliedBy(10), SECOND));
            rig.peers.getFirst().answers = false;
            rig.call(pool, "a").onDone((answer, failure) -> {});
            rig.call(pool, "b").onDone((answer, failure) -> {});
            assertThat(pool.state()).isEqualTo(new Ready(2));
            rig.peers.getFirst().answers = true;
            rig.peers.getFirst().says("done\ndone");
            rig.passes(MINUTE.multipliedBy(2));
            assertThat(pool.state()).isEqualTo(new Ready(1));
            assertThat(rig.peers).allSatisfy(peer -> assertThat(peer.heard).contains("PING"));
        }
    }

    @Test
    void an_old_connection_of_a_pool_that_needs_none_leaves_when_it_is_idle() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(0, 1).maxAge(MINUTE));
            Future<String> call = rig.call(pool, "a", MINUTE.multipliedBy(9));
            rig.passes(MINUTE.plusSeconds(2));
            assertThat(rig.peers).as("it was in use, and so replaced").hasSize(2);
            rig.peers.getFirst().says("done");
            assertThat(call.result()).isEqualTo("done");
            rig.passes(MINUTE.plusSeconds(2));
            assertThat(pool.state()).isEqualTo(new Idle());
            assertThat(rig.peers).hasSize(2);
        }
    }

    // ---- silence

    @Test
    void a_connection_on_which_nothing_comes_is_given_up_and_another_is_made() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(
                    PoolRig.protocol().deadline(SECOND.multipliedBy(4)).dropAfter(SECOND.multipliedBy(8)), ONE);
            Future<String> call = rig.call(pool, "a");
            rig.passes(SECOND.multipliedBy(4));
            assertThat(rig.failureOf(call)).hasMessageContaining("no answer within 4 s");
            rig.passes(SECOND.multipliedBy(7));
            assertThat(rig.peers).hasSize(2);
            assertThat(rig.peers.getFirst().ended).isTrue();
            rig.lastPeer().answers = true;
            assertThat(rig.call(pool, "b").result()).isEqualTo("answer to b");
        }
    }

    @Test
    void an_old_connection_that_stays_for_want_of_another_is_still_probed() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(probing(), ONE.maxAge(MINUTE).probe(SECOND.multipliedBy(10), SECOND));
            rig.passes(MINUTE.dividedBy(2));
            rig.refuses(); // no other connection can be made
            rig.passes(MINUTE);
            int before = rig.peers.getFirst().heard.size();
            rig.passes(MINUTE);
            assertThat(pool.state()).isEqualTo(new Ready(1));
            assertThat(rig.peers.getFirst().heard.size()).as("probes").isGreaterThan(before);
        }
    }

    @Test
    void nor_do_probes_that_are_answered_a_little_later() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(
                    probing(),
                    ONE.connections(0, 1)
                            .idleTime(SECOND.multipliedBy(20))
                            .probe(SECOND.multipliedBy(4), SECOND.multipliedBy(3)));
            rig.call(pool, "a");
            rig.lastPeer().says("answer");
            for (int second = 0; second < 90 && !rig.livePeers().isEmpty(); second++) {
                int pings = rig.lastPeer().heard.size();
                rig.passes(SECOND);
                if (rig.lastPeer().heard.size() > pings) {
                    rig.passes(SECOND.multipliedBy(2));
                    rig.lastPeer().says("pong");
                }
            }
            assertThat(rig.livePeers())
                    .as("connections after a minute and a half without a call")
                    .isEmpty();
        }
    }

    @Test
    void a_call_that_is_made_while_a_probe_is_under_way_is_use() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(
                    probing(),
                    ONE.connections(0, 1)
                            .idleTime(SECOND.multipliedBy(20))
                            .probe(SECOND.multipliedBy(4), SECOND.multipliedBy(3)));
            rig.call(pool, "a");
            rig.lastPeer().says("answer");
            for (int second = 0; second < 90; second++) {
                int heard = rig.lastPeer().heard.size();
                rig.passes(SECOND);
                if (rig.lastPeer().heard.size() > heard) {
                    Future<String> call = rig.call(pool, "b");
                    rig.passes(SECOND);
                    rig.lastPeer().says("pong");
                    rig.lastPeer().says("answer");
                    assertThat(call.result()).isEqualTo("answer");
                }
            }
            assertThat(rig.livePeers()).hasSize(1);
            assertThat(rig.peers).hasSize(1);
        }
    }

    @Test
    void a_call_that_is_answered_while_a_probe_is_under_way_is_use() {
        try (var rig = new PoolRig().answering()) {
            Promise<String> probed = rig.loop.promise();
            var pool = rig.pool(
                    PoolRig.protocol().probe(client -> probed),
                    ONE.connections(0, 1).idleTime(MINUTE).probe(SECOND.multipliedBy(20), SECOND.multipliedBy(10)));
            rig.call(pool, "a");
            rig.passes(SECOND.multipliedBy(27)); // its use was noticed after 5 s, and the probe has begun after 25
            assertThat(rig.call(pool, "b").result()).isEqualTo("answer to b");
            rig.onLoop(() -> probed.complete("works")); // before the next check
            rig.passes(SECOND.multipliedBy(45)); // 72 in all
            assertThat(rig.livePeers()).as("used 45 seconds ago").hasSize(1);
        }
    }

    @Test
    void a_probe_whose_future_is_of_another_loop_is_looked_after_on_the_connections_own() {
        try (var rig = new PoolRig().answering()) {
            Loop other = rig.loops.open();
            var asked = new ArrayList<Promise<String>>();
            var protocol = PoolRig.protocol().probe(client -> {
                asked.add(other.promise());
                return asked.getLast();
            });
            var pool = rig.pool(protocol, ONE.probe(SECOND.multipliedBy(10), SECOND));
            rig.passes(SECOND.multipliedBy(14));
            assertThat(asked).hasSize(1);
            assertThat(rig.peers)
                    .as("it is late, although that loop stands still")
                    .hasSize(2);
            assertThat(asked.getFirst().isCancelled()).isTrue();

            while (asked.size() == 1) {
                rig.passes(SECOND.dividedBy(2));
            }
            asked.getLast().complete("yes");
            for (int i = 0; i < 20; i++) {
                other.tick();
                rig.loop.tick();
            }
            rig.passes(SECOND.multipliedBy(5));
            assertThat(rig.peers).as("it was in time").hasSize(2);
            assertThat(pool.state()).isEqualTo(new Ready(1));

            other.closing().start(Duration.ZERO);
            for (int i = 0; i < 300 && !other.isClosed(); i++) {
                other.tick();
            }
            int before = rig.peers.size();
            rig.passes(SECOND.multipliedBy(30));
            assertThat(rig.peers.size())
                    .as("a probe that can't be done has failed")
                    .isGreaterThan(before);
        }
    }

    @Test
    void connections_that_are_on_their_way_out_count_towards_the_most() {
        try (var rig = new PoolRig()) {
            var patient = PoolRig.protocol().deadline(MINUTE.multipliedBy(10));
            var pool = rig.pool(patient, ONE.connections(1, 2).busyAt(1).maxAge(MINUTE));
            rig.call(pool, "a").onDone((answer, failure) -> {});
            rig.passes(SECOND.multipliedBy(61));
            assertThat(rig.peers)
                    .as("there is another in its place, and it waits for its answer")
                    .hasSize(2);
            for (int i = 0; i < 3; i++) {
                rig.call(pool, "b").onDone((answer, failure) -> {});
            }
            assertThat(rig.livePeers()).hasSize(2);
            rig.peers.getFirst().says("answer");
            rig.call(pool, "c").onDone((answer, failure) -> {});
            rig.call(pool, "d").onDone((answer, failure) -> {});
            assertThat(rig.peers).as("now there is room").hasSize(3);
            assertThat(rig.livePeers()).hasSize(2);
        }
    }
}
