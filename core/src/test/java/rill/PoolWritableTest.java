package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.ClientProtocol.WhenFull;
import rill.PoolState.Idle;
import rill.PoolState.Ready;
import rill.testing.Faults;

/** {@link Pool#writable}: back-pressure for callers over several connections, in virtual time. */
class PoolWritableTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final PoolOptions ONE = PoolOptions.defaults();

    /** One call at a time on each connection. */
    private static ClientProtocol<String, String> one() {
        return PoolRig.protocol().inFlight(1, WhenFull.WAIT);
    }

    private static Future<@Nullable Void> writable(PoolRig rig, Pool<String, String> pool) {
        Future<@Nullable Void> writable = rig.onLoop(pool::writable);
        rig.settle();
        return writable;
    }

    /** Makes a call whose answer nobody waits for. */
    private static void calls(PoolRig rig, Pool<String, String> pool, String request) {
        rig.call(pool, request).onDone((answer, failure) -> {});
        rig.settle();
    }

    @Test
    void it_is_done_at_once_while_there_is_room_and_else_once_there_is_again() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(one(), ONE);
            assertThat(rig.onLoop(pool::writable).isDone()).isTrue();
            calls(rig, pool, "a");
            Future<@Nullable Void> here = writable(rig, pool);
            Future<@Nullable Void> outside = pool.writable();
            rig.settle();
            assertThat(here.isDone() || outside.isDone()).isFalse();
            rig.lastPeer().says("answer");
            assertThat(List.of(here, outside)).allMatch(Future::isDone).allMatch(each -> each.failure() == null);
            assertThat(writable(rig, pool).isDone()).isTrue();
        }
    }

    @Test
    void room_on_any_of_its_connections_is_enough() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(one(), ONE.connections(3));
            calls(rig, pool, "a");
            calls(rig, pool, "b");
            assertThat(writable(rig, pool).isDone()).isTrue();
            calls(rig, pool, "c");
            for (PoolRig.Peer each : List.copyOf(rig.peers)) {
                Future<@Nullable Void> writable = writable(rig, pool);
                assertThat(writable.isDone()).isFalse();
                each.says("answer");
                assertThat(writable.isDone()).isTrue();
                calls(rig, pool, "next");
                assertThat(each.heard.getLast()).isEqualTo("next");
            }
        }
    }

    @Test
    void a_pool_grows_for_those_who_wait() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(one(), ONE.connections(1, 3));
            for (int connections = 1; connections < 4; connections++) {
                assertThat(rig.peers).hasSize(connections);
                calls(rig, pool, "a");
                assertThat(writable(rig, pool).isDone()).isEqualTo(connections < 3);
            }
            assertThat(pool.state()).isEqualTo(new Ready(3));
        }
    }

    @Test
    void a_pool_whose_connections_are_not_busy_does_not_grow_for_those_who_wait() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(one(), ONE.connections(1, 3).busyAt(2));
            calls(rig, pool, "a");
            assertThat(writable(rig, pool).isDone()).isFalse();
            assertThat(rig.peers).hasSize(1);
        }
    }

    @Test
    void bytes_that_have_not_left_count_as_well_as_answers_that_have_not_come() {
        try (var rig = new PoolRig()) {
            var marks =
                    ConnectOptions.defaults().limits(ConnectionLimits.defaults().waterMarks(10, 100, 100_000));
            var pool = rig.pool(PoolRig.protocol(), ONE.connect(marks));
            var done = new ArrayList<Boolean>();
            Future<@Nullable Void> writable = rig.onLoop(() -> {
                pool.send("x".repeat(1000));
                Future<@Nullable Void> asked = pool.writable();
                done.add(asked.isDone());
                return asked;
            });
            rig.settle();
            assertThat(done).as("before it had left").containsExactly(false);
            assertThat(writable.isDone()).isTrue();
        }
    }

    @Test
    void while_nothing_is_connected_it_waits_for_that() {
        try (var rig = new PoolRig()) {
            rig.goesDown();
            var pool = rig.pool(one(), ONE);
            Future<@Nullable Void> writable = writable(rig, pool);
            rig.passes(SECOND);
            assertThat(writable.isDone()).isFalse();
            rig.comesBack();
            rig.passes(SECOND.multipliedBy(5));
            assertThat(writable.isDone()).isTrue();
            assertThat(writable.failure()).isNull();
        }
    }

    @Test
    void a_pool_that_needs_no_connection_makes_one_for_it() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(one(), ONE.connections(0, 1));
            assertThat(rig.peers).isEmpty();
            assertThat(writable(rig, pool).isDone()).isTrue();
            assertThat(pool.state()).isEqualTo(new Ready(1));
        }
    }

    @Test
    void for_those_who_have_given_up_nothing_is_connected() {
        try (var rig = new PoolRig()) {
            rig.goesDown();
            var pool = rig.pool(one(), ONE.connections(0, 1));
            Future<@Nullable Void> writable = writable(rig, pool);
            int attempts = rig.attempts();
            rig.onLoop(writable::cancel);
            rig.passes(SECOND.multipliedBy(20));
            assertThat(rig.attempts()).isEqualTo(attempts);
            assertThat(pool.state()).isEqualTo(new Idle());
        }
    }

    @Test
    void a_connection_that_is_made_meanwhile_counts() {
        try (var rig = new PoolRig()) {
            rig.loops.transport().nextConnection(Faults.none());
            rig.loops.transport().nextConnection(Faults.unanswered());
            var pool = rig.pool(
                    one(), ONE.connections(2).connect(ConnectOptions.defaults().timeout(SECOND)));
            calls(rig, pool, "a");
            Future<@Nullable Void> writable = writable(rig, pool);
            assertThat(writable.isDone()).isFalse();
            rig.passes(SECOND.multipliedBy(3));
            assertThat(pool.state()).isEqualTo(new Ready(2));
            assertThat(writable.isDone()).isTrue();
        }
    }

    @Test
    void it_survives_the_connection_that_was_full() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(one(), ONE);
            Future<String> lost = rig.call(pool, "a");
            Future<@Nullable Void> writable = writable(rig, pool);
            rig.lastPeer().aborts();
            assertThat(rig.failureOf(lost)).isNotNull();
            assertThat(writable.isDone()).isFalse();
            rig.passes(SECOND);
            assertThat(writable.isDone()).isTrue();
            assertThat(writable.failure()).isNull();
        }
    }

    @Test
    void a_connection_on_another_loop_has_room_as_well() {
        try (var rig = new PoolRig()) {
            Loop other = rig.loops.open();
            var pool = Pool.open(rig.loop, () -> other, true, rig.address, one(), ONE);
            rig.loops.tickUntil(() -> pool.state() instanceof Ready);
            rig.loops.settle(pool.writable());
            Future<String> call = pool.call("a");
            rig.loops.tickUntil(
                    () -> !rig.peers.isEmpty() && rig.lastPeer().heard.contains("a"));
            Future<@Nullable Void> full = pool.writable();
            for (int n = 0; n < 40; n++) {
                rig.loop.tick();
                other.tick();
            }
            assertThat(full.isDone()).isFalse();
            rig.onLoop(() -> rig.lastPeer().connection.write("answer\n"));
            rig.loops.settle(full);
            assertThat(rig.loops.settle(call)).isEqualTo("answer");
            pool.close();
            rig.loops.tickUntil(() -> pool.closed().isDone());
        }
    }

    @Test
    void it_fails_with_the_pool_and_that_is_not_reported() {
        try (var rig = new PoolRig()) {
            var closes = rig.pool(one(), ONE);
            var finishes = rig.pool(one(), ONE);
            calls(rig, closes, "a");
            Future<String> last = rig.call(finishes, "b");
            Future<@Nullable Void> withClose = writable(rig, closes);
            Future<@Nullable Void> withFinish = writable(rig, finishes);
            closes.close();
            finishes.finish();
            rig.settle();
            assertThat(last.isDone()).as("what it finishes").isFalse();
            rig.peers.getLast().says("answer");
            assertThat(last.result()).isEqualTo("answer");
            for (Future<?> each : List.of(withClose, withFinish, writable(rig, closes), writable(rig, finishes))) {
                assertThat(rig.failureOf(each))
                        .hasMessageContaining("writable: pool to")
                        .hasMessageContaining("is closed");
            }
        }
    }

    @Test
    void of_those_who_have_given_up_no_more_are_kept_than_of_those_who_wait_and_a_few() {
        try (var rig = new PoolRig()) {
            var waiters = new RoomWaiters();
            Future<@Nullable Void> stays = waiters.add(rig.loop, "a caller");
            for (int n = 0; n < 1000; n++) {
                waiters.add(rig.loop, "a caller").cancel();
            }
            assertThat(waiters.size()).isLessThanOrEqualTo(16);
            assertThat(waiters.isEmpty()).isFalse();
            waiters.tell();
            assertThat(stays.isDone()).isTrue();
            assertThat(waiters.isEmpty()).isTrue();
        }
    }

    @Test
    void those_who_give_up_leave_nothing() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(one(), ONE);
            calls(rig, pool, "a");
            Future<@Nullable Void> stays = writable(rig, pool);
            for (int n = 0; n < 1000; n++) {
                rig.onLoop(pool::writable).cancel();
            }
            rig.lastPeer().says("answer");
            assertThat(stays.isDone()).isTrue();
        }
    }
}
