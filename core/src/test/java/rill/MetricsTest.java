package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import rill.ClientProtocol.WhenFull;
import rill.testing.Loops;
import rill.testing.TextLines;

/** What a loop counts, checked against work whose amount is known exactly. */
class MetricsTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
    private static final Duration SECOND = Duration.ofSeconds(1);

    private static Duration millis(long millis) {
        return Duration.ofMillis(millis);
    }

    // ---- ticks, Handles, Tasks, time

    @Test
    void ticks_and_handles_are_counted() {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            LoopMetrics before = loop.metrics();
            for (int i = 0; i < 3; i++) {
                loop.schedule("one", () -> loop.schedule("another", () -> {}));
            }
            loop.tick();
            LoopMetrics first = loop.metrics();
            assertThat(first.work().ticks() - before.work().ticks()).isEqualTo(1);
            assertThat(first.work().handles() - before.work().handles()).isEqualTo(3);
            loop.tick();
            loop.tick();
            LoopMetrics all = loop.metrics();
            assertThat(all.work().ticks() - before.work().ticks()).isEqualTo(3);
            assertThat(all.work().handles() - before.work().handles()).isEqualTo(6);
            assertThat(all.work().sleeps()).isZero();
        }
    }

    @Test
    void a_task_counts_from_when_it_begins_until_it_is_done() {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            Promise<String> awaited = loop.promise();
            Task<String> task = loop.task(awaited::await);
            assertThat(loop.metrics().work().tasksBegun()).isZero();
            loop.tick();
            assertThat(loop.metrics().work().tasks()).isEqualTo(1);
            awaited.complete("done");
            loops.settle(task);
            assertThat(loop.metrics().work().tasks()).isZero();
            assertThat(loop.metrics().work().tasksBegun()).isEqualTo(1);
            assertThat(loop.metrics().work().tasksOver()).isEqualTo(1);
        }
    }

    @Test
    void a_tick_is_busy_for_as_long_as_its_handles_hold_it() {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            loop.schedule("five", () -> loops.clock().advance(millis(5)));
            loop.schedule("two", () -> loops.clock().advance(millis(2)));
            loop.tick();
            loops.clock().advance(SECOND); // between two ticks: nothing is busy
            loop.schedule("three", () -> loops.clock().advance(millis(3)));
            loop.tick();
            LoopMetrics.Work work = loop.metrics().work();
            assertThat(work.busy()).isEqualTo(millis(10));
            assertThat(work.longestTick()).isEqualTo(millis(7));
            assertThat(work.longestTickLately()).isEqualTo(millis(7));
            loops.clock().advance(Duration.ofSeconds(10));
            loop.schedule("one", () -> loops.clock().advance(millis(1)));
            loop.tick();
            assertThat(loop.metrics().work().longestTickLately()).isEqualTo(millis(7));
            loops.clock().advance(Duration.ofSeconds(12));
            assertThat(loop.metrics().work().longestTickLately()).isEqualTo(millis(1));
            loops.clock().advance(Duration.ofSeconds(12));
            assertThat(loop.metrics().work().longestTickLately()).isEqualTo(Duration.ZERO);
            assertThat(loop.metrics().work().longestTick()).isEqualTo(millis(7));
        }
    }

    /** However seldom it ticks: a second begins when the previous one ends, not when something happens after that. */
    @Test
    void the_longest_tick_of_a_loop_with_little_to_do_is_forgotten_after_twenty_seconds() {
        for (long second = 1; second < 20; second++) {
            try (var loops = Loops.manual()) {
                Loop loop = loops.open();
                loop.schedule("five", () -> loops.clock().advance(millis(5)));
                loop.tick();
                loops.clock().advance(Duration.ofSeconds(second));
                loop.tick();
                assertThat(loop.metrics().work().longestTickLately())
                        .as("at %d s, of the last 20", second)
                        .isEqualTo(millis(5));
                loops.clock().advance(Duration.ofSeconds(20 - second));
                assertThat(loop.metrics().work().longestTickLately())
                        .as("after %d s, and 20 s", second)
                        .isEqualTo(Duration.ZERO);
            }
        }
    }

    @Test
    void an_event_of_a_connection_counts_as_busy_although_the_loop_had_waited_for_it() throws IOException {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            loop.schedule(SECOND, () -> {}); // the loop waits for it
            loops.selector().inject(() -> loops.clock().advance(millis(4)));
            loop.run(() -> loop.delay(Duration.ZERO).await());
            assertThat(loop.metrics().work().busy()).isEqualTo(millis(4));
        }
    }

    @Test
    @Timeout(30)
    void a_loop_that_sleeps_is_not_busy_and_counts_who_wakes_it_up() throws Exception {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            loop.start();
            Await.until("it sleeps", loops.selector()::blocked);
            LoopMetrics.Work asleep = loop.metrics().work();
            var ran = new CountDownLatch(1);
            loop.execute(ran::countDown);
            Await.latch(ran);
            Await.until(
                    "it sleeps again",
                    () -> loop.metrics().work().ticks() > asleep.ticks()
                            && loops.selector().blocked());
            LoopMetrics.Work after = loop.metrics().work();
            assertThat(after.wakeUps() - asleep.wakeUps()).isEqualTo(1);
            assertThat(after.ticks() - asleep.ticks()).isEqualTo(1);
            loops.clock().advance(Duration.ofHours(1));
            loop.submit(() -> {}).await();
            assertThat(loop.metrics().work().busy()).isEqualTo(Duration.ZERO);
        }
    }

    @Test
    void a_timer_is_late_by_the_time_from_when_it_was_due_until_it_runs() {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            loop.schedule(millis(10), () -> loops.clock().advance(millis(7)));
            loop.schedule(millis(10), () -> {});
            loop.schedule(SECOND, () -> {});
            Handle cancelled = loop.schedule(millis(10), () -> {});
            loop.tick();
            assertThat(loop.metrics().timers().pending()).isEqualTo(4);
            cancelled.cancel();
            loops.clock().advance(millis(25));
            loop.tick();
            LoopMetrics.Timers timers = loop.metrics().timers();
            assertThat(timers.run()).isEqualTo(2);
            assertThat(timers.pending()).isEqualTo(1);
            assertThat(timers.lag()).isEqualTo(millis(15 + 22));
            assertThat(timers.longestLag()).isEqualTo(millis(22));
            assertThat(timers.longestLagLately()).isEqualTo(millis(22));
        }
    }

    @Test
    void a_timer_that_is_due_and_is_cancelled_before_its_turn_does_not_run_and_does_not_count() {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            var second = new Handle[1];
            loop.schedule(millis(10), () -> second[0].cancel());
            second[0] = loop.schedule(millis(10), () -> {
                throw new AssertionError("was cancelled");
            });
            loop.tick();
            loops.clock().advance(SECOND);
            loop.tick();
            assertThat(loop.metrics().timers().run()).isEqualTo(1);
            assertThat(loop.metrics().timers().pending()).isZero();
        }
    }

    // ---- connections

    @Test
    void connections_count_where_they_live_whoever_made_them() {
        try (var loops = Loops.manual()) {
            Loop server = loops.open();
            Loop client = loops.open();
            var accepted = new ArrayList<Connection<String, String>>();
            Listener listener = loops.settle(server.listen(ANY, TextLines.pipeline(), connection -> {
                accepted.add(connection);
                connection.onFailure(failure -> {}).onMessage(message -> {}, connection::close);
            }));
            Connection<String, String> one = loops.settle(client.connect(listener.address(), TextLines.pipeline()));
            Connection<String, String> two = loops.settle(client.connect(listener.address(), TextLines.pipeline()));
            loops.tickUntil(() -> accepted.size() == 2);
            assertThat(client.metrics().connections()).isEqualTo(new LoopMetrics.Connections(2, 0, 0, 0, 0, 0, 0));
            assertThat(server.metrics().connections()).isEqualTo(new LoopMetrics.Connections(2, 0, 0, 2, 0, 0, 0));
            one.abort();
            two.close();
            loops.tickUntil(() -> client.connections() == 0 && server.connections() == 0);
            assertThat(client.metrics().connections()).isEqualTo(new LoopMetrics.Connections(2, 2, 0, 0, 0, 0, 0));
            assertThat(server.metrics().connections())
                    .as("of the two, one was reset by its peer")
                    .isEqualTo(new LoopMetrics.Connections(2, 2, 1, 2, 0, 0, 0));
            listener.close();
            server.tick();
            assertThat(loops.failureOf(client.connect(listener.address(), TextLines.pipeline())))
                    .isInstanceOf(IOException.class);
            assertThat(client.metrics().connections()).isEqualTo(new LoopMetrics.Connections(2, 2, 0, 0, 0, 0, 1));
        }
    }

    // ---- bytes and messages

    @Test
    void bytes_messages_reads_and_writes_are_those_that_were_made() {
        try (var loops = Loops.manual()) {
            Loop server = loops.open();
            Loop client = loops.open();
            var received = new ArrayList<String>();
            Listener listener = loops.settle(
                    server.listen(ANY, TextLines.pipeline(), connection -> connection.onMessage(received::add)));
            Connection<String, String> connection =
                    loops.settle(client.connect(listener.address(), TextLines.pipeline()));
            client.submit(() -> {
                connection.write("ab");
                connection.write("c");
                connection.write("");
            });
            loops.tickUntil(() -> received.size() == 3);
            assertThat(client.metrics().traffic()).isEqualTo(new LoopMetrics.Traffic(0, 6, 0, 3, 0, 1, 0));
            assertThat(server.metrics().traffic()).isEqualTo(new LoopMetrics.Traffic(6, 0, 3, 0, 1, 0, 0));
        }
    }

    /** Four bytes of length, and as many bytes of payload: a large one is read straight into place. */
    private static Pipeline<Integer, ByteBuf> blocks() {
        return Pipeline.of(Codec.<Integer, ByteBuf>of(
                (in, context) -> {
                    int size = in.readableBytes() < 4 ? 4 : 4 + in.getInt(in.readerIndex());
                    if (in.readableBytes() < size) {
                        context.needMore(size - in.readableBytes());
                        return null;
                    }
                    in.skipBytes(size);
                    return size;
                },
                (block, out) -> out.writeBytes(block)));
    }

    @Test
    void bytes_that_are_read_straight_into_place_count_once() throws IOException {
        try (var rig = new Rig<>(blocks())) {
            var received = rig.collect(rig.connection());
            byte[] block = new byte[4 + 300_000];
            block[1] = 4; // 4 * 65_536
            block[2] = (byte) ((300_000 - 4 * 65_536) >> 8);
            block[3] = (byte) (300_000 & 0xFF);
            rig.arrives(block);
            rig.arrives(block);
            rig.arrives(new byte[] {0, 0, 0, 0, 0});
            assertThat(received).containsExactly(300_004, 300_004, 4);
            assertThat(rig.loop.metrics().traffic().bytesReceived()).isEqualTo(2L * block.length + 5);
            assertThat(rig.loop.metrics().traffic().messagesReceived()).isEqualTo(3);
        }
    }

    @Test
    void what_a_closing_connection_throws_away_has_come_all_the_same() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.onLoop(() -> rig.connection().close());
            rig.settle();
            rig.arrives("too late\n");
            assertThat(rig.loop.metrics().traffic().bytesReceived()).isEqualTo(9);
            assertThat(rig.loop.metrics().traffic().messagesReceived()).isZero();
        }
    }

    @Test
    void bytes_are_pending_until_they_have_left_or_the_connection_is_gone() {
        try (var loops = Loops.manual()) {
            loops.transport().capacity(1000);
            Loop server = loops.open();
            Loop client = loops.open();
            var accepted = new ArrayList<Connection<String, String>>();
            Listener listener = loops.settle(server.listen(ANY, TextLines.pipeline(), accepted::add));
            Connection<String, String> connection =
                    loops.settle(client.connect(listener.address(), TextLines.pipeline()));
            loops.tickUntil(() -> accepted.size() == 1);
            loops.settle(server.submit(() -> accepted.getFirst().pause()));
            loops.settle(client.submit(() -> connection.write("x".repeat(4999))));
            loops.tickUntil(() -> client.metrics().traffic().bytesSent() == 1000);
            assertThat(client.metrics().traffic().pendingBytes()).isEqualTo(4000);
            connection.abort();
            loops.tickUntil(() -> client.connections() == 0);
            assertThat(client.metrics().traffic().pendingBytes()).isZero();
            accepted.getFirst().abort();
            loops.tickUntil(() -> server.connections() == 0);
        }
    }

    @Test
    void nothing_is_pending_once_the_wire_is_gone_however_often_it_is_counted() throws IOException {
        try (var rig = new Rig<>(TextLines.pipeline())) {
            rig.wire.space = 0;
            rig.onLoop(() -> {
                rig.connection().write("123456789").onDone((nothing, failure) -> {});
                rig.link.outbound().encodeThrough();
            });
            assertThat(rig.loop.metrics().traffic().pendingBytes()).isEqualTo(10);
            rig.onLoop(() -> {
                rig.link.outbound().close(new IOException("gone"));
                rig.link.outbound().recount();
            });
            assertThat(rig.loop.metrics().traffic().pendingBytes()).isZero();
        }
    }

    // ---- calls

    @Test
    void calls_are_counted_by_how_they_end() {
        var protocol = Dialogue.inOrder().inFlight(3, WhenFull.FAIL).deadline(Duration.ofMinutes(1));
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> answered = dialogue.call("a");
            Future<String> cancelled = dialogue.call("b");
            Future<String> late = dialogue.call("c", SECOND);
            assertThat(dialogue.loop.metrics().calls().outstanding()).isEqualTo(3);
            Future<String> full = dialogue.call("d");
            dialogue.failureOf(full);
            assertThat(dialogue.loop.metrics().calls().neverSent()).isEqualTo(1);
            dialogue.says("A");
            dialogue.loops.settle(answered);
            dialogue.onLoop(() -> cancelled.cancel());
            dialogue.passes(SECOND.plus(SECOND));
            dialogue.failureOf(late);
            LoopMetrics.Calls given = dialogue.loop.metrics().calls();
            assertThat(given.outstanding())
                    .as("that it was cancelled is seen with its answer")
                    .isEqualTo(1);
            assertThat(given.tombstones()).isEqualTo(1);
            dialogue.says("B");
            assertThat(dialogue.loop.metrics().calls().outstanding()).isZero();
            assertThat(dialogue.loop.metrics().calls().cancelled()).isEqualTo(1);
            Future<String> rejected = dialogue.call("two\nlines");
            dialogue.failureOf(rejected);
            dialogue.loops.settle(dialogue.onLoop(() -> dialogue.client.send("nobody answers")));
            Future<String> lost = dialogue.call("e");
            dialogue.says("C"); // for the tombstone
            assertThat(dialogue.loop.metrics().calls().tombstones()).isZero();
            dialogue.onLoop(() -> dialogue.peer().abort());
            dialogue.failureOf(lost);
            assertThat(dialogue.loop.metrics().calls())
                    .isEqualTo(new LoopMetrics.Calls(7, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1));
            dialogue.loops.reporter().take(Report.ConnectionFailed.class);
        }
    }

    @Test
    void a_call_that_is_given_up_while_it_waits_leaves_no_tombstone() {
        var protocol = Dialogue.inOrder().inFlight(1, WhenFull.WAIT);
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> sent = dialogue.call("a");
            Future<String> waits = dialogue.call("b");
            Future<String> late = dialogue.call("c", SECOND);
            dialogue.onLoop(waits::cancel);
            dialogue.passes(SECOND.plus(SECOND));
            dialogue.failureOf(late);
            dialogue.says("A");
            dialogue.loops.settle(sent);
            assertThat(dialogue.loop.metrics().calls())
                    .isEqualTo(new LoopMetrics.Calls(3, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0));
        }
    }

    @Test
    void a_call_that_was_given_up_and_makes_room_for_another_one_is_counted_once() {
        var protocol = Dialogue.inOrder().inFlight(1, WhenFull.WAIT).waiting(1);
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> sent = dialogue.call("a");
            Future<String> waits = dialogue.call("b");
            Future<String> next = dialogue.onLoop(() -> {
                waits.cancel(); // the client is notified only afterwards
                return dialogue.client.call("c");
            });
            dialogue.settle();
            assertThat(dialogue.loop.metrics().calls().cancelled()).isEqualTo(1);
            assertThat(dialogue.loop.metrics().calls().outstanding()).isEqualTo(2);
            dialogue.says("A");
            dialogue.loops.settle(sent);
            dialogue.says("C");
            assertThat(dialogue.loops.settle(next)).isEqualTo("C");
            assertThat(dialogue.loop.metrics().calls())
                    .isEqualTo(new LoopMetrics.Calls(3, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0));
        }
    }

    @Test
    void a_tombstone_ends_with_its_connection() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            Future<String> late = dialogue.call("a", SECOND);
            dialogue.passes(SECOND.plus(SECOND));
            dialogue.failureOf(late);
            assertThat(dialogue.loop.metrics().calls().tombstones()).isEqualTo(1);
            dialogue.client.close();
            dialogue.settle();
            assertThat(dialogue.loop.metrics().calls().tombstones()).isZero();
            assertThat(dialogue.loop.metrics().calls().tombstonesGone()).isEqualTo(1);
        }
    }

    @Test
    void a_tombstone_by_key_counts_until_it_is_forgotten() {
        var protocol = Dialogue.byKey().dropAfter(Duration.ofSeconds(4));
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> given = dialogue.call("1:a", Duration.ofMinutes(1));
            dialogue.onLoop(given::cancel);
            dialogue.settle();
            assertThat(dialogue.loop.metrics().calls().tombstones()).isEqualTo(1);
            for (int n = 0; n < 10; n++) { // another call is answered meanwhile
                Future<String> other = dialogue.call(n + 2 + ":b");
                dialogue.says(n + 2 + ":B");
                dialogue.loops.settle(other);
                dialogue.passes(SECOND);
            }
            LoopMetrics.Calls calls = dialogue.loop.metrics().calls();
            assertThat(calls.tombstones()).isZero();
            assertThat(calls.tombstonesMade()).isEqualTo(1);
            dialogue.says("1:A"); // after all
            assertThat(dialogue.loop.metrics().calls().tombstonesGone()).isEqualTo(1);
            assertThat(dialogue.loop.metrics().calls().cancelled()).isEqualTo(1);
        }
    }

    @Test
    void a_call_of_another_thread_that_never_comes_to_its_connection_was_turned_away() {
        var protocol = Dialogue.inOrder().inFlight(2, WhenFull.WAIT).waiting(1);
        try (var dialogue = new Dialogue<>(protocol)) {
            var calls = new ArrayList<Future<String>>();
            for (int n = 0; n < 5; n++) {
                calls.add(dialogue.client.call("x")); // nothing ticks meanwhile
            }
            assertThat(dialogue.failureOf(calls.get(3))).hasMessageContaining("on their way to its loop");
            assertThat(dialogue.failureOf(calls.get(4))).hasMessageContaining("on their way to its loop");
            dialogue.settle();
            assertThat(dialogue.loop.metrics().calls().turnedAway()).isEqualTo(2);
            assertThat(dialogue.loop.metrics().calls().made()).isEqualTo(3);
            dialogue.says("1", "2");
            dialogue.says("3");
            dialogue.loops.settle(calls.get(2));
        }
    }

    // ---- pools

    @Test
    void a_call_that_a_pool_tries_again_counts_on_both_connections() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol().idempotent(request -> true), PoolOptions.defaults());
            Future<String> call = rig.call(pool, "get");
            rig.lastPeer().aborts();
            rig.answering().passes(SECOND);
            assertThat(call.result()).isEqualTo("answer to get");
            assertThat(rig.loop.metrics().calls()).isEqualTo(new LoopMetrics.Calls(2, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0));
            assertThat(pool.metrics()).isEqualTo(new PoolMetrics(1, 0, 2, 1, 0, 1, 0, 0));
        }
    }

    @Test
    void calls_that_end_on_no_connection_are_counted_by_their_pool() {
        try (var rig = new PoolRig()) {
            rig.goesDown();
            var pool = rig.pool(PoolRig.protocol(), PoolOptions.defaults());
            Future<String> late = rig.call(pool, "a", SECOND);
            Future<String> given = rig.call(pool, "b");
            Future<String> waits = rig.call(pool, "c");
            assertThat(pool.metrics().waiting()).isEqualTo(3);
            rig.onLoop(given::cancel);
            rig.passes(SECOND.plus(SECOND));
            rig.failureOf(late);
            PoolMetrics down = pool.metrics();
            assertThat(down.connectsFailed()).isPositive();
            assertThat(down).isEqualTo(new PoolMetrics(0, 1, 0, 0, down.connectsFailed(), 0, 1, 1));
            assertThat(rig.loop.metrics().connections().connectsFailed()).isEqualTo(down.connectsFailed());
            pool.close();
            rig.settle();
            rig.failureOf(waits);
            assertThat(pool.metrics().failed()).isEqualTo(2);
            assertThat(pool.metrics().waiting()).isZero();
            assertThat(rig.loop.metrics().calls().made()).as("on a connection").isZero();
        }
    }

    // ---- in all

    @Test
    void a_closed_loop_holds_nothing_and_still_tells_what_it_has_done() {
        LoopMetrics after;
        Loop loop;
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            loop = dialogue.loop;
            Future<String> call = dialogue.call("a");
            dialogue.says("A");
            dialogue.loops.settle(call);
            assertThat(loop.metrics().memory().held()).isPositive();
            assertThat(loop.metrics().memory().inUse())
                    .isLessThanOrEqualTo(loop.metrics().memory().held());
        }
        after = loop.metrics();
        assertThat(after.memory()).isEqualTo(new LoopMetrics.Memory(0, 0));
        assertThat(after.connections().open()).isZero();
        assertThat(after.connections().closed()).isEqualTo(2);
        assertThat(after.calls().answered()).isEqualTo(1);
        assertThat(after.timers().pending()).isZero();
    }

    @Test
    void a_sum_has_the_sum_of_the_counters_and_the_longer_of_the_times() {
        try (var loops = Loops.manual()) {
            Loop one = loops.open();
            Loop two = loops.open();
            one.schedule(() -> loops.clock().advance(millis(5)));
            two.schedule(() -> loops.clock().advance(millis(3)));
            one.tick();
            two.tick();
            two.tick();
            LoopMetrics all = one.metrics().plus(two.metrics());
            assertThat(all.work().ticks()).isEqualTo(3);
            assertThat(all.work().handles()).isEqualTo(2);
            assertThat(all.work().busy()).isEqualTo(millis(8));
            assertThat(all.work().longestTick()).isEqualTo(millis(5));
            assertThat(LoopMetrics.NOTHING.plus(all)).isEqualTo(all);
        }
    }

    @Test
    void an_accept_that_the_system_refuses_is_counted() {
        try (var loops = Loops.manual()) {
            Loop loop = loops.open();
            Listener listener = loops.settle(
                    loop.listen(ANY, TextLines.pipeline(), connection -> connection.onFailure(failure -> {})));
            loops.selector().acceptors().getFirst().failNext(new IOException("no descriptors"));
            Future<Connection<String, String>> connecting = loop.connect(listener.address(), TextLines.pipeline());
            loops.tickUntil(() -> loop.metrics().connections().acceptsFailed() == 1);
            loops.clock().advance(SECOND);
            Connection<String, String> connection = loops.settle(connecting);
            loops.tickUntil(() -> loop.metrics().connections().accepted() == 1);
            assertThat(loops.reporter().take(Report.AcceptPaused.class)).hasSize(1);
            connection.abort();
            loops.tickUntil(() -> loop.connections() == 1);
            listener.close();
        }
    }
}
