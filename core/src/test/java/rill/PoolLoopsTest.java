package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import rill.PoolState.Ready;
import rill.spi.Clock;
import rill.spi.Environment;
import rill.testing.Bites;
import rill.testing.Loops;

/** A pool whose connections live on other loops, which close at any time; all driven by hand. */
class PoolLoopsTest {
    /** A pool on the rig's loop, whose first connection is on {@code first} and all others on the rig's loop. */
    private static Pool<String, String> pool(PoolRig rig, Loop first, ClientProtocol<String, String> protocol) {
        var targets = new ArrayList<Loop>(List.of(first));
        return Pool.open(
                rig.loop,
                () -> targets.isEmpty() ? rig.loop : targets.removeFirst(),
                true,
                rig.address,
                protocol,
                PoolOptions.defaults());
    }

    private static void both(PoolRig rig, Loop other) {
        for (int i = 0; i < 100; i++) {
            rig.loop.tick();
            if (!other.isClosed()) {
                other.tick();
            }
        }
    }

    /** Closes the loop while no other loop has a turn. */
    private static void closesAlone(Loop loop) {
        loop.closing().start(Duration.ZERO);
        for (int i = 0; i < 300 && !loop.isClosed(); i++) {
            loop.tick();
        }
        assertThat(loop.isClosed()).isTrue();
    }

    private static void ends(PoolRig rig, Pool<?, ?> pool) {
        pool.close();
        rig.settle();
        rig.loops.reporter().take(Report.Survivors.class);
        assertThat(pool.closed().isDone()).isTrue();
    }

    @Test
    void a_loop_that_is_closed_just_when_it_was_chosen_does_not_stop_the_pool_for_good() {
        try (var rig = new PoolRig().answering()) {
            Loop closed = rig.loops.open();
            closesAlone(closed);
            Pool<String, String> pool = pool(rig, closed, PoolRig.protocol()); // as if it had been open when chosen
            rig.settle();
            rig.passes(Duration.ofSeconds(1));
            assertThat(pool.state()).isEqualTo(new Ready(1));
            ends(rig, pool);
        }
    }

    @Test
    void a_loop_that_is_closed_while_it_connects_does_not_stop_the_pool_for_good() {
        for (int ticks = 0; ticks < 12; ticks++) {
            try (var rig = new PoolRig().answering()) {
                Loop other = rig.loops.open();
                Pool<String, String> pool = pool(rig, other, PoolRig.protocol());
                for (int i = 0; i < ticks; i++) {
                    rig.loop.tick();
                    other.tick();
                }
                closesAlone(other);
                rig.settle();
                rig.passes(Duration.ofSeconds(1));
                assertThat(pool.state()).as("after %d ticks", ticks).isEqualTo(new Ready(1));
                ends(rig, pool);
            }
        }
    }

    /** A clock that throws where a certain part of Rill reads it, as if memory were exhausted there. */
    private static Clock failingIn(Loops loops, String type, BooleanSupplier when) {
        return () -> {
            boolean there = StackWalker.getInstance()
                    .walk(frames ->
                            frames.anyMatch(frame -> frame.getClassName().equals("rill." + type)));
            if (there && when.getAsBoolean()) {
                throw new OutOfMemoryError("on purpose");
            }
            return loops.clock().nanoTime();
        };
    }

    private static boolean isWithin(String method) {
        return StackWalker.getInstance()
                .walk(frames -> frames.anyMatch(frame -> frame.getMethodName().equals(method)));
    }

    private static Loops loopsFailingIn(String type, BooleanSupplier when) {
        var loops = Loops.manual();
        var real = Environment.production();
        loops.transport()
                .environment(new Environment(
                        failingIn(loops, type, when),
                        new Random(1),
                        real.resolver(),
                        real.blocking(),
                        real.memory(),
                        null));
        return loops;
    }

    @Test
    void a_connect_for_which_there_is_no_memory_is_a_failed_attempt() {
        var failures = new ArrayList<>(List.of(1, 2));
        try (var rig = new PoolRig(loopsFailingIn("Dialer", () -> !failures.isEmpty() && failures.removeLast() > 0))
                .answering()) {
            var pool = rig.pool(PoolRig.protocol(), PoolOptions.defaults());
            rig.passes(Duration.ofSeconds(1));
            assertThat(failures).isEmpty();
            assertThat(pool.state()).isEqualTo(new Ready(1));
        }
    }

    @Test
    void an_attempt_whose_failure_can_not_be_noted_leaves_nothing() {
        var failed = new boolean[1];
        try (var rig = new PoolRig(loopsFailingIn("Members", () -> !failed[0] && (failed[0] = isWithin("failed"))))) {
            rig.refuses();
            var pool = rig.pool(PoolRig.protocol(), PoolOptions.defaults());
            assertThat(failed[0]).isTrue();
            pool.close();
            rig.settle();
            assertThat(pool.closed().isDone()).isTrue();
            assertThat(rig.loops.reporter().take(Report.Thrown.class)).isNotEmpty();
        }
    }

    @Test
    void a_call_for_whose_waiting_there_is_no_memory_fails_with_that() {
        var failing = new boolean[1];
        try (var rig = new PoolRig(loopsFailingIn("UnplacedCalls", () -> failing[0]))) {
            rig.refuses();
            var pool = rig.pool(PoolRig.protocol(), PoolOptions.defaults());
            failing[0] = true;
            Future<String> call = rig.call(pool, "a");
            assertThat(call.failure()).isInstanceOf(OutOfMemoryError.class);
            failing[0] = false;
            assertThat(pool.members().waiting()).isZero();
        }
    }

    @Test
    void a_call_on_its_way_to_a_loop_that_is_closed_goes_to_another_connection() {
        try (var rig = new PoolRig().answering()) {
            Loop other = rig.loops.open();
            Pool<String, String> pool = pool(rig, other, PoolRig.protocol());
            both(rig, other);
            assertThat(pool.state()).isEqualTo(new Ready(1));
            closesAlone(other); // the pool has not heard of it yet
            Future<String> call = pool.call("a");
            Future<?> sent = pool.send("(b");
            rig.settle();
            rig.passes(Duration.ofSeconds(1));
            assertThat(pool.state()).isEqualTo(new Ready(1));
            assertThat(call.result()).isEqualTo("answer to a");
            assertThat(sent.failure()).isNull();
            assertThat(rig.lastPeer().heard).containsExactly("a", "(b");
            ends(rig, pool);
        }
    }

    @Test
    void a_connection_that_fails_on_its_loop_before_the_pool_hears_of_it_is_an_attempt_that_failed_for_that_reason() {
        try (var rig = new PoolRig()) {
            Loop home = rig.loops.open();
            var pool = Pool.open(home, () -> rig.loop, true, rig.address, PoolRig.protocol(), PoolOptions.defaults());
            home.tick();
            home.tick(); // now it dials
            rig.settle();
            rig.loop.execute(() -> rig.lastPeer().connection.abort());
            rig.settle();
            assertThat(pool.state()).isInstanceOf(PoolState.Connecting.class);
            home.tick();
            assertThat(pool.state())
                    .isInstanceOfSatisfying(
                            PoolState.Failing.class,
                            failing -> assertThat(failing.why()).hasMessageContaining("reset"));
            assertThat(pool.metrics().connectsFailed()).isEqualTo(1);
            assertThat(pool.metrics().lost()).isZero();
            pool.close();
            both(rig, home);
        }
    }

    @Test
    void a_call_whose_caller_can_not_be_told_is_reported_and_keeps_no_other_waiting() {
        var driver = new Refusing();
        try (var rig = new PoolRig().answering()) {
            rig.refuses();
            Loop caller = driver.open(rig.loops);
            Pool<String, String> pool = pool(rig, rig.loop, PoolRig.protocol());
            caller.execute(() -> pool.call("a line\nwithin a line").onDone((answer, failure) -> {}));
            caller.tick();
            rig.settle();
            Future<String> other = pool.call("a");
            rig.settle();
            driver.refuses = Refusing.ALWAYS;
            rig.comesBack();
            rig.passes(Duration.ofSeconds(1));
            driver.refuses = 0;
            assertThat(other.result()).isEqualTo("answer to a");
            assertThat(rig.loops.reporter().take(Report.Thrown.class))
                    .singleElement()
                    .satisfies(each -> assertThat(each.message()).contains("a call of " + pool, "on purpose"));
            ends(rig, pool);
        }
    }

    @Test
    void a_call_that_can_not_go_back_to_the_loop_of_the_pool_fails() {
        var driver = new Refusing();
        try (var rig = new PoolRig()) {
            Loop home = driver.open(rig.loops);
            var pool = Pool.open(home, () -> rig.loop, true, rig.address, PoolRig.protocol(), PoolOptions.defaults());
            both(rig, home);
            assertThat(pool.state()).isEqualTo(new Ready(1));
            rig.lastPeer().aborts(); // of which the pool has not heard
            driver.refuses = Refusing.ALWAYS;
            Future<String> call = pool.call("a");
            rig.settle();
            driver.refuses = 0;
            assertThat(call.isDone()).isTrue();
            assertThat(call.failure()).isInstanceOf(CallFailedException.class);
            assertThat(call.failure().getSuppressed())
                    .singleElement()
                    .satisfies(each -> assertThat(each).hasMessage("on purpose"));
            rig.loops.reporter().take(Report.Thrown.class);
            pool.close();
            both(rig, home);
        }
    }

    @Test
    void while_a_loop_finishes_what_is_in_flight_there_further_calls_go_to_another_connection() {
        try (var rig = new PoolRig()) {
            Loop other = rig.loops.open();
            Pool<String, String> pool = pool(rig, other, PoolRig.protocol());
            both(rig, other);
            Future<String> slow = pool.call("slow");
            both(rig, other);
            PoolRig.Peer first = rig.lastPeer();
            rig.answering();
            other.closing().start(Duration.ofMinutes(1));
            both(rig, other);
            Future<String> call = pool.call("a");
            for (int n = 0; n < 5; n++) {
                both(rig, other);
                rig.loops.clock().advance(Duration.ofMillis(100));
            }
            assertThat(call.isDone()).isTrue();
            assertThat(call.result()).isEqualTo("answer to a");
            assertThat(slow.isDone()).isFalse();
            first.says("at last");
            both(rig, other);
            assertThat(slow.result()).isEqualTo("at last");
            ends(rig, pool);
        }
    }

    @Test
    void a_second_try_is_told_to_who_waits_though_the_loop_of_the_first_one_is_closed() {
        try (var rig = new PoolRig()) {
            Loop other = rig.loops.open();
            Pool<String, String> pool = pool(rig, other, PoolRig.protocol().idempotent(request -> true));
            both(rig, other);
            Future<String> call = pool.call("a");
            var told = new ArrayList<Object>();
            call.onDone((answer, failure) -> told.add(failure == null ? answer : failure));
            Future<?> waiting = rig.loop.task("waits", () -> told.add(call.await()));
            both(rig, other);
            assertThat(rig.peers.getFirst().heard).containsExactly("a");
            rig.greets(peer -> peer.answers = true);
            closesAlone(other);
            rig.passes(Duration.ofSeconds(1));
            assertThat(waiting.failure()).isNull();
            assertThat(told).containsExactly("answer to a", "answer to a");
            ends(rig, pool);
        }
    }

    @Test
    void the_future_of_a_call_belongs_to_the_loop_that_makes_it() {
        try (var rig = new PoolRig().answering()) {
            Loop other = rig.loops.open();
            Loop third = rig.loops.open();
            Pool<String, String> pool = pool(rig, other, PoolRig.protocol());
            both(rig, other);
            var told = new ArrayList<Loop>();
            third.execute(() -> pool.call("a").onDone((answer, failure) -> told.add(Loop.current())));
            other.execute(() -> pool.call("b").onDone((answer, failure) -> told.add(Loop.current())));
            pool.call("c").onDone((answer, failure) -> told.add(Loop.current()));
            for (int i = 0; i < 5; i++) {
                third.tick();
                both(rig, other);
            }
            assertThat(told).containsExactlyInAnyOrder(third, other, rig.loop);
            pool.close();
            both(rig, other);
        }
    }

    @Test
    void a_call_that_is_given_up_on_one_loop_is_a_tombstone_on_the_other_at_once() {
        try (var rig = new PoolRig()) {
            Loop other = rig.loops.open();
            Pool<String, String> pool = pool(rig, other, PoolRig.protocol());
            both(rig, other);
            Future<String> call = rig.onLoop(() -> pool.call("a", Duration.ofHours(1)));
            both(rig, other);
            assertThat(rig.lastPeer().heard).containsExactly("a");
            assertThat(other.metrics().calls().tombstones()).isZero();

            call.cancel();
            both(rig, other);

            assertThat(other.metrics().calls().tombstones()).isEqualTo(1);
            assertThat(other.metrics().calls().cancelled()).isEqualTo(1);
            pool.close();
            both(rig, other);
        }
    }

    @Test
    void a_loop_that_closes_waits_for_what_its_pool_still_does_on_other_loops() {
        var rig = new PoolRig();
        Loop mine = rig.loops.open();
        var pool = Pool.open(mine, () -> rig.loop, true, rig.address, PoolRig.protocol(), PoolOptions.defaults());
        both(rig, mine);
        Future<String> call = pool.call("a");
        var told = new ArrayList<String>();
        call.onDone((answer, failure) -> told.add(answer));
        Future<?> gone = pool.closed();
        both(rig, mine);
        mine.closing().start(Duration.ofMinutes(1));
        both(rig, mine);
        assertThat(mine.isClosed()).isFalse();
        assertThat(gone.isDone()).isFalse();
        assertThat(pool.isOpen()).isFalse();
        for (int i = 0; i < 5 && !mine.isClosed(); i++) {
            rig.lastPeer().says("answer");
            both(rig, mine);
        }
        assertThat(mine.isClosed()).isTrue();
        assertThat(told).containsExactly("answer");
        assertThat(gone.failure()).isNull();
        assertThat(gone.isDone()).isTrue();
        rig.close();
    }

    @Test
    void at_the_deadline_it_waits_no_longer_and_names_what_is_left() {
        var rig = new PoolRig();
        Loop mine = rig.loops.open();
        var pool = Pool.open(mine, () -> rig.loop, true, rig.address, PoolRig.protocol(), PoolOptions.defaults());
        both(rig, mine);
        Future<String> call = pool.call("a");
        Future<?> gone = pool.closed();
        both(rig, mine);
        mine.closing().start(Duration.ofSeconds(1));
        both(rig, mine);
        rig.loops.clock().advance(Duration.ofSeconds(1));
        for (int i = 0; i < 3; i++) {
            both(rig, mine);
        }
        assertThat(mine.isClosed()).isTrue();
        assertThat(gone.isDone()).isTrue();
        assertThat(gone.failure()).isNull();
        assertThat(call.isDone()).isTrue();
        assertThat(rig.livePeers()).isEmpty();
        assertThat(rig.loops.reporter().take(Report.Survivors.class))
                .singleElement()
                .satisfies(each -> assertThat(each.names()).containsExactly(pool + " (1 connections on other loops)"));
        rig.close();
    }

    @Test
    void a_request_that_the_loop_of_the_pool_does_not_take_is_released() {
        var driver = new Refusing();
        try (var rig = new PoolRig()) {
            rig.refuses();
            Loop home = driver.open(rig.loops);
            var protocol = ClientProtocol.inOrder(Pipeline.of(new Bites(4)));
            var pool = Pool.open(home, () -> home, true, rig.address, protocol, PoolOptions.defaults());
            home.tick();
            ByteBuf request = Unpooled.buffer(4).writeInt(1);
            driver.refuses = 1;
            assertThatThrownBy(() -> pool.call(request)).hasMessage("on purpose");
            assertThat(request.refCnt()).isZero();
            pool.close();
            both(rig, home);
        }
    }

    @Test
    void a_call_that_comes_back_and_of_which_nothing_can_be_decided_fails_with_the_reason() {
        var loops = Loops.manual();
        var clock = new GivingWay(loops.clock());
        loops.transport().clock(clock);
        try (var rig = new PoolRig(loops)) {
            var pool = rig.pool(
                    PoolRig.protocol().idempotent(request -> true),
                    PoolOptions.defaults().retries(3));
            Future<String> call = rig.call(pool, "a");
            clock.after(0, "Members.mayTryAgain");
            rig.lastPeer().aborts();
            rig.settle();
            assertThat(clock.gaveWay()).isTrue();
            assertThat(call.failure()).isInstanceOf(StackOverflowError.class);
            assertThat(loops.reporter().take(Report.Thrown.class))
                    .singleElement()
                    .satisfies(each -> assertThat(each.message()).contains("a call of " + pool));
        }
    }
}
