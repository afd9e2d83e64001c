package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.DefaultByteBufHolder;
import io.netty.buffer.Unpooled;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import rill.CallFailedException.Fate;
import rill.ClientProtocol.WhenFull;
import rill.PoolOptions.WhenDown;
import rill.testing.TextLines;

/** What becomes of calls whose connection has failed, and of their requests. */
class PoolRetryTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final PoolOptions ONE = PoolOptions.defaults();

    private static ClientProtocol<String, String> idempotent() {
        return PoolRig.protocol().idempotent(request -> request.startsWith("get"));
    }

    // ---- what is tried again

    @Test
    void what_was_sent_fails_and_is_not_sent_again_unless_it_is_idempotent() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(idempotent(), ONE);
            Future<String> put = rig.call(pool, "put");
            Future<String> get = rig.call(pool, "get");
            rig.lastPeer().aborts();
            assertThat(rig.failureOf(put).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            assertThat(rig.failureOf(put).getCause()).hasMessageContaining("reset");
            rig.answering().passes(SECOND);
            assertThat(get.result()).isEqualTo("answer to get");
            assertThat(rig.lastPeer().heard).containsExactly("get");
        }
    }

    @Test
    void what_waits_for_its_turn_was_never_sent_and_goes_to_another_connection_in_its_order() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol().inFlight(1, WhenFull.WAIT), ONE);
            Future<String> sent = rig.call(pool, "sent");
            List<Future<String>> waiting = List.of(rig.call(pool, "a"), rig.call(pool, "b"), rig.call(pool, "c"));
            rig.lastPeer().aborts();
            assertThat(rig.failureOf(sent).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            rig.answering().passes(SECOND);
            assertThat(waiting).extracting(Future::result).containsExactly("answer to a", "answer to b", "answer to c");
            assertThat(rig.lastPeer().heard).containsExactly("a", "b", "c");
        }
    }

    @Test
    void a_call_to_a_connection_that_has_just_closed_goes_to_another_one() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE.connections(2));
            Future<String> call = rig.onLoop(() -> {
                pool.choose().close(); // any holder of the client may do that
                return pool.call("a");
            });
            rig.settle();
            assertThat(call.result()).isEqualTo("answer to a");
            assertThat(rig.peers.get(1).heard).containsExactly("a");
        }
    }

    @Test
    void a_call_of_another_thread_that_finds_its_connection_gone_goes_to_another_one() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(PoolRig.protocol(), ONE);
            Client<String, String> client = pool.choose();
            client.abort(); // from outside: the abort is on its way
            Future<String> call = pool.call("a"); // behind it
            rig.passes(SECOND);
            assertThat(call.result()).isEqualTo("answer to a");
            assertThat(rig.lastPeer().heard).containsExactly("a");
        }
    }

    @Test
    void with_no_retries_nothing_is_tried_again() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(idempotent().inFlight(1, WhenFull.WAIT), ONE.retries(0));
            Future<String> sent = rig.call(pool, "get");
            Future<String> waiting = rig.call(pool, "b");
            rig.lastPeer().aborts();
            assertThat(rig.failureOf(sent).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            assertThat(rig.failureOf(waiting).fate()).isEqualTo(Fate.NEVER_SENT);
        }
    }

    @Test
    void an_idempotent_call_is_sent_as_often_as_it_may_be_and_then_fails() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(idempotent(), ONE.retries(2));
            Future<String> get = rig.call(pool, "get");
            for (int i = 0; i < 3; i++) {
                assertThat(get.isDone()).isFalse();
                assertThat(rig.lastPeer().heard).containsExactly("get");
                rig.lastPeer().aborts();
                rig.passes(SECOND);
            }
            assertThat(rig.failureOf(get).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            assertThat(rig.peers).hasSize(4);
            assertThat(rig.lastPeer().heard).isEmpty();
        }
    }

    @Test
    void a_call_that_was_sent_once_stays_perhaps_carried_out_wherever_it_ends() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(idempotent().inFlight(1, WhenFull.WAIT), ONE);
            Future<String> first = rig.call(pool, "get 1", SECOND);
            rig.goesDown();
            rig.passes(SECOND);
            assertThat(rig.failureOf(first).fate())
                    .as("while it waits for a connection")
                    .isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            assertThat(rig.failureOf(first)).hasMessageContaining("not sent again within 1 s");

            rig.comesBack();
            rig.passes(Duration.ofSeconds(3));
            Future<String> second = rig.call(pool, "get 2", Duration.ofSeconds(5));
            rig.goesDown();
            rig.call(pool, "put").onDone((answer, failure) -> {}); // behind it
            Future<String> third = rig.call(pool, "put", Duration.ofSeconds(5));
            rig.comesBack();
            rig.passes(Duration.ofSeconds(1));
            rig.passes(Duration.ofSeconds(4));
            assertThat(rig.failureOf(second).fate()).as("in flight").isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            assertThat(rig.failureOf(third).fate()).as("behind it").isEqualTo(Fate.NEVER_SENT);
        }
    }

    @Test
    void a_call_that_was_sent_once_stays_perhaps_carried_out_while_it_waits_for_its_turn_again() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(idempotent().inFlight(1, WhenFull.WAIT), ONE.connections(2));
            rig.call(pool, "put 1").onDone((answer, failure) -> {});
            Future<String> late = rig.call(pool, "get late", Duration.ofSeconds(5)); // on the second connection
            Future<String> lost = rig.onLoop(() -> pool.call("get lost")); // on the first, where its turn has not come
            Future<String> neverSent = rig.call(pool, "get never", Duration.ofSeconds(5));
            rig.onLoop(
                    () -> { // both at once, so that what was sent queues behind what waits for the first
                        rig.livePeers().forEach(peer -> peer.connection.abort());
                        return null;
                    });
            rig.passes(SECOND);
            assertThat(rig.peers)
                    .filteredOn(peer -> peer.heard.contains("get late"))
                    .hasSize(1);
            rig.passes(Duration.ofSeconds(4));
            assertThat(rig.failureOf(late)).hasMessageContaining("it waited for its turn");
            assertThat(rig.failureOf(late).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            assertThat(rig.failureOf(neverSent).fate()).isEqualTo(Fate.NEVER_SENT);
            lost.cancel();
        }
    }

    @Test
    void calls_of_connections_that_fail_together_fail_at_once_if_none_may_wait() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(idempotent(), ONE.connections(2).whenDown(WhenDown.FAIL));
            List<Future<String>> calls =
                    List.of(rig.call(pool, "get 1"), rig.call(pool, "get 2"), rig.call(pool, "get 3"));
            rig.onLoop(() -> {
                rig.livePeers().forEach(peer -> peer.connection.abort());
                return null;
            });
            rig.refuses();
            assertThat(calls)
                    .allSatisfy(call -> assertThat(rig.failureOf(call)).hasMessageContaining("perhaps carried out"));
            assertThat(pool.members().waiting()).isZero();
        }
    }

    @Test
    void calls_that_come_back_pass_on_to_another_connection_though_none_may_wait() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(idempotent().waiting(0), ONE.connections(2).whenDown(WhenDown.FAIL));
            Future<String> call = rig.call(pool, "get 1");
            PoolRig.Peer first = rig.livePeers().getFirst();
            PoolRig.Peer second = rig.livePeers().getLast();
            first.aborts();
            assertThat(second.heard).containsExactly("get 1");
            second.says("one");
            assertThat(call.result()).isEqualTo("one");
        }
    }

    @Test
    void a_call_of_another_thread_is_told_why_nothing_is_connected_though_none_may_wait() {
        try (var rig = new PoolRig()) {
            rig.refuses();
            var pool = rig.pool(idempotent().waiting(0), ONE.whenDown(WhenDown.FAIL));
            Future<String> call = pool.call("get 1");
            rig.settle();
            assertThat(rig.failureOf(call)).hasMessageContaining("refused");
        }
    }

    @Test
    void calls_that_move_to_a_connection_with_many_others_keep_their_deadlines() {
        try (var rig = new PoolRig()) {
            var second = Duration.ofSeconds(1);
            var pool = rig.pool(PoolRig.protocol().inFlight(1, WhenFull.WAIT).deadline(second), ONE.connections(2));
            var calls = new ArrayList<Future<String>>();
            for (int i = 0; i < 400; i++) { // on a thread outside; every other one on each connection
                calls.add(pool.call("put " + i));
                rig.passes(Duration.ofMillis(1));
            }
            rig.livePeers().getFirst().aborts();
            assertThat(calls).filteredOn(Future::isDone).hasSize(1); // the one that was sent there
            rig.passes(second.minusMillis(200)); // 400 ms after the first was made, and 800 more
            for (int i = 2; i < 400; i++) {
                assertThat(calls.get(i).isDone()).as("call %d", i).isEqualTo(i <= 200);
            }
            rig.passes(second);
            assertThat(calls).allMatch(Future::isDone);
            calls.forEach(Future::failure);
        }
    }

    @Test
    void second_tries_are_bounded_by_a_budget_and_the_rest_fail() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(idempotent(), ONE);
            var calls = new ArrayList<Future<String>>();
            for (int i = 0; i < 100; i++) {
                calls.add(rig.call(pool, "get " + i));
            }
            rig.lastPeer().aborts();
            rig.answering().passes(SECOND);
            assertThat(calls).allMatch(Future::isDone);
            long answered =
                    calls.stream().filter(call -> call.failure() == null).count();
            assertThat(answered).as("ten, and a fifth of a hundred").isEqualTo(RetryBudget.RESERVE + 20);
            assertThat(calls.stream().filter(call -> call.failure() != null))
                    .allSatisfy(call -> assertThat(rig.failureOf(call).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT));
        }
    }

    @Test
    void calls_of_connections_that_are_gone_still_count_for_the_budget() {
        try (var rig = new PoolRig().answering()) {
            var pool = rig.pool(idempotent(), ONE);
            for (int i = 0; i < 100; i++) {
                assertThat(rig.call(pool, "get " + i).failure()).isNull();
            }
            rig.greets(peer -> {});
            rig.lastPeer().aborts();
            rig.passes(SECOND);
            var calls = new ArrayList<Future<String>>();
            for (int i = 0; i < 100; i++) {
                calls.add(rig.call(pool, "get " + i));
            }
            rig.lastPeer().aborts();
            rig.answering().passes(SECOND);
            assertThat(calls).allMatch(Future::isDone);
            assertThat(calls.stream().filter(call -> call.failure() == null))
                    .as("ten, and a fifth of two hundred")
                    .hasSize(RetryBudget.RESERVE + 40);
        }
    }

    @Test
    void second_tries_are_no_calls_that_would_add_to_the_budget() {
        try (var rig = new PoolRig()) {
            Duration pause = SECOND.dividedBy(100);
            var pool = rig.pool(idempotent(), ONE.retries(1000).retryShare(1).backOff(pause, pause));
            Future<String> call = rig.call(pool, "get", Duration.ofMinutes(30));
            for (int n = 0; n < 50 && !call.isDone(); n++) {
                rig.lastPeer().aborts();
                rig.passes(pause.multipliedBy(2));
            }
            assertThat(rig.failureOf(call).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            assertThat(rig.peers.stream().filter(peer -> peer.heard.contains("get")))
                    .as("the call, those that are free, and the share of one call")
                    .hasSize(1 + RetryBudget.RESERVE + 1);
        }
    }

    @Test
    void a_second_try_that_was_not_sent_costs_nothing_of_the_budget_or_of_the_tries() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(
                    idempotent().inFlight(1, WhenFull.WAIT),
                    ONE.connections(2).retries(1).retryShare(0).backOff(SECOND.dividedBy(100), SECOND.dividedBy(100)));
            rig.call(pool, "put", Duration.ofMinutes(30)).onDone((answer, failure) -> {});
            Future<String> get = rig.call(pool, "get", Duration.ofMinutes(30)); // on the second
            for (int i = 0; i < 60; i++) {
                rig.call(pool, "put " + i, Duration.ofMinutes(30)).onDone((answer, failure) -> {});
            }
            for (int i = 0; i < RetryBudget.RESERVE + 5; i++) {
                rig.onLoop(
                        () -> { // both at once, so that it queues behind those that wait for the first
                            rig.livePeers().forEach(peer -> peer.connection.abort());
                            return null;
                        });
                rig.passes(SECOND.dividedBy(10));
                assertThat(get.isDone()).as("after round %d", i).isFalse();
            }
            assertThat(rig.peers.stream().filter(peer -> peer.heard.contains("get")))
                    .hasSize(1);
            rig.answering();
            rig.livePeers().forEach(peer -> {
                peer.answers = true;
                peer.says("first");
            });
            rig.settle();
            assertThat(get.result()).isEqualTo("answer to get");
        }
    }

    @Test
    void what_was_never_sent_costs_nothing_of_the_budget() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(PoolRig.protocol().inFlight(1, WhenFull.WAIT), ONE.retryShare(0));
            rig.call(pool, "sent").onDone((answer, failure) -> {});
            var waiting = new ArrayList<Future<String>>();
            for (int i = 0; i < 100; i++) {
                waiting.add(rig.call(pool, "a" + i));
            }
            rig.lastPeer().aborts();
            rig.answering().passes(SECOND);
            assertThat(waiting).allSatisfy(call -> assertThat(call.failure()).isNull());
        }
    }

    @Test
    void a_predicate_that_throws_is_reported_and_means_no() {
        try (var rig = new PoolRig()) {
            var pool = rig.pool(
                    PoolRig.protocol().idempotent(request -> {
                        throw new IllegalStateException("on purpose");
                    }),
                    ONE);
            Future<String> call = rig.call(pool, "get");
            assertThat(rig.lastPeer().heard).containsExactly("get");
            rig.lastPeer().aborts();
            assertThat(rig.failureOf(call).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            assertThat(rig.loops.reporter().take(Report.Thrown.class))
                    .singleElement()
                    .satisfies(report -> assertThat(report.message()).contains("predicate", "on purpose"));
        }
    }

    @Test
    void a_request_that_its_encoder_refuses_fails_with_that_and_is_not_tried_elsewhere() {
        Pipeline<String, String> choosy = Pipeline.<String, String>of(Codec.of((in, context) -> null, (text, out) -> {
            throw new IllegalArgumentException("on purpose");
        }));
        try (var rig = new PoolRig()) {
            var pool = rig.pool(
                    ClientProtocol.<String, String>inOrder(choosy).idempotent(any -> true), ONE.connections(2));
            Future<String> call = rig.call(pool, "a");
            assertThat(call.failure())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("on purpose");
            assertThat(pool.state()).isEqualTo(new PoolState.Ready(2));
        }
    }

    @Test
    void a_push_handler_that_throws_is_reported_and_the_calls_of_a_pool_go_on() {
        try (var rig = new PoolRig()) {
            var heard = new ArrayList<String>();
            var protocol = PoolRig.protocol().unsolicited(message -> message.startsWith("!"), message -> {
                heard.add(message);
                throw new IllegalStateException("on purpose");
            });
            var pool = rig.pool(protocol, ONE);
            Future<String> call = rig.call(pool, "not idempotent");
            rig.lastPeer().says("!push");
            rig.lastPeer().says("!another");
            rig.lastPeer().says("answer");
            assertThat(call.result()).isEqualTo("answer");
            assertThat(heard).containsExactly("!push", "!another");
            assertThat(rig.peers).hasSize(1);
            assertThat(rig.loops.reporter().take(Report.Thrown.class))
                    .hasSize(2)
                    .allSatisfy(each -> assertThat(each.message()).contains("messages that answer no call"));
        }
    }

    // ---- buffers

    private static ClientProtocol<ByteBuf, String> ofBuffers() {
        Codec<String, ByteBuf> codec = Codec.of(
                (in, context) -> {
                    int length = in.bytesBefore((byte) '\n');
                    return length < 0
                            ? null
                            : in.readString(length + 1, StandardCharsets.UTF_8).stripTrailing();
                },
                (request, out) -> {
                    out.writeBytes(request); // moves its indices
                    out.writeByte('\n');
                });
        return ClientProtocol.<ByteBuf, String>inOrder(Pipeline.of(codec))
                .idempotent(request -> request.getByte(0) == 'g');
    }

    private static ByteBuf bytes(List<ByteBuf> all, String text) {
        ByteBuf buffer = Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
        all.add(buffer);
        return buffer;
    }

    private static void assertReleased(List<ByteBuf> all) {
        assertThat(all).allSatisfy(each -> assertThat(each.refCnt()).isZero());
    }

    @Test
    void requests_are_released_once_when_their_calls_are_answered_tried_again_fail_or_are_given_up() {
        var all = new ArrayList<ByteBuf>();
        try (var rig = new PoolRig()) {
            var pool = rig.pool(rig.address, ofBuffers().inFlight(4, WhenFull.WAIT), ONE);
            Future<String> answered = rig.call(pool, bytes(all, "get 1"));
            rig.lastPeer().says("one");
            assertThat(answered.result()).isEqualTo("one");
            assertReleased(all);

            rig.call(pool, bytes(all, "put 2")).onDone((answer, failure) -> {});
            Future<String> again = rig.call(pool, bytes(all, "get 3"));
            Future<String> cancelled = rig.call(pool, bytes(all, "get 4"));
            Future<String> late = rig.call(pool, bytes(all, "get 5"), SECOND);
            Future<String> waits = rig.call(pool, bytes(all, "put 6"));
            cancelled.cancel();
            rig.settle();
            assertThat(all.get(3).refCnt())
                    .as("that of a call that was given up in flight")
                    .isZero();
            rig.passes(SECOND);
            assertThat(rig.failureOf(late)).hasMessageContaining("no answer within 1 s");
            assertThat(all.get(4).refCnt())
                    .as("that of a call that came too late")
                    .isZero();
            assertThat(all.get(2).refCnt())
                    .as("that of a call that may be tried again")
                    .isEqualTo(1);
            rig.lastPeer().aborts();
            rig.answering().passes(SECOND);
            assertThat(again.result()).isEqualTo("answer to get 3");
            assertThat(waits.result()).isEqualTo("answer to put 6");
            assertThat(rig.lastPeer().heard).containsExactly("get 3", "put 6");
            assertReleased(all);
        }
    }

    @Test
    void requests_that_wait_for_a_connection_are_released_at_once_when_they_are_given_up_or_late() {
        var all = new ArrayList<ByteBuf>();
        try (var rig = new PoolRig()) {
            var pool = rig.pool(rig.address, ofBuffers().waiting(3), ONE);
            rig.goesDown();
            Future<String> cancelled = rig.call(pool, bytes(all, "a"));
            Future<String> late = rig.call(pool, bytes(all, "b"), SECOND);
            Future<String> stays = rig.call(pool, bytes(all, "c"));
            Future<String> tooMany = rig.call(pool, bytes(all, "d"));
            assertThat(rig.failureOf(tooMany)).hasMessageContaining("is full");
            assertThat(all.get(3).refCnt()).isZero();
            cancelled.cancel();
            rig.settle();
            assertThat(all.getFirst().refCnt()).isZero();
            rig.passes(SECOND);
            assertThat(all.get(1).refCnt()).isZero();
            assertThat(rig.failureOf(late).fate()).isEqualTo(Fate.NEVER_SENT);
            assertThat(pool.members().waiting()).isEqualTo(1);
            rig.onLoop(() -> {
                pool.close();
                return null;
            });
            assertThat(rig.failureOf(stays)).hasMessageContaining("is closed: by this side");
            assertReleased(all);
        }
    }

    @Test
    void a_cancelled_call_that_was_on_its_way_back_is_not_sent_again() {
        var all = new ArrayList<ByteBuf>();
        try (var rig = new PoolRig()) {
            var pool = rig.pool(rig.address, ofBuffers(), ONE);
            Future<String> call = rig.call(pool, bytes(all, "get"));
            rig.lastPeer().aborts();
            assertThat(pool.members().waiting()).isEqualTo(1);
            call.cancel();
            rig.settle();
            assertThat(pool.members().waiting()).isZero();
            assertReleased(all);
            rig.passes(SECOND);
            assertThat(rig.lastPeer().heard).isEmpty();
        }
    }

    @Test
    void a_loop_that_closes_fails_what_waits_and_releases_it() {
        var all = new ArrayList<ByteBuf>();
        var rig = new PoolRig();
        var pool = rig.pool(rig.address, ofBuffers(), ONE);
        rig.goesDown();
        Future<String> waits = rig.call(pool, bytes(all, "get"));
        var told = new ArrayList<Throwable>();
        waits.onDone((answer, failure) -> told.add(failure));
        Future<?> gone = pool.closed();
        rig.loop.close(SECOND);
        assertThat(told)
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .isInstanceOf(CallFailedException.class)
                        .hasMessageContaining("its loop is closed or closing"));
        assertThat(gone.isDone()).isTrue();
        assertThat(pool.state()).isEqualTo(new PoolState.Closed());
        assertReleased(all);
        Future<String> later = pool.call(bytes(all, "later"));
        assertThat(later.failure()).isInstanceOf(CallFailedException.class).hasMessageContaining("closed");
        assertReleased(all);
        rig.close();
    }

    /** Does not override how it is duplicated, so that its duplicates are of its superclass. */
    private static final class Named extends DefaultByteBufHolder {
        final String name;

        Named(String name, ByteBuf data) {
            super(data);
            this.name = name;
        }
    }

    @Test
    void a_request_that_is_tried_again_is_of_its_own_class() {
        var all = new ArrayList<ByteBuf>();
        Codec<String, Named> codec = Codec.of(
                (in, context) -> {
                    int length = in.bytesBefore((byte) '\n');
                    return length < 0
                            ? null
                            : in.readString(length + 1, StandardCharsets.UTF_8).stripTrailing();
                },
                (named, out) -> {
                    out.writeCharSequence(
                            named.name + named.content().toString(StandardCharsets.UTF_8) + "\n",
                            StandardCharsets.UTF_8);
                });
        var protocol = ClientProtocol.<Named, String>inOrder(Pipeline.of(codec)).idempotent(request -> true);
        try (var rig = new PoolRig()) {
            var pool = rig.pool(rig.address, protocol, ONE);
            Future<String> get = rig.call(pool, new Named("get ", bytes(all, "a")));
            rig.lastPeer().aborts();
            rig.answering().passes(SECOND);
            assertThat(get.result()).isEqualTo("answer to get a");
        }
        assertReleased(all);
    }

    @Test
    void a_request_that_was_sent_and_is_at_fault_when_it_is_tried_again_was_perhaps_carried_out() {
        var fault = new IllegalStateException("on purpose");
        var named = new AtomicInteger();
        try (var rig = new PoolRig()) {
            var pool = rig.pool(
                    idempotent().naming(request -> {
                        if (named.incrementAndGet() > 1) {
                            throw fault;
                        }
                        return request;
                    }),
                    ONE);
            Future<String> get = rig.call(pool, "get");
            rig.lastPeer().aborts();
            rig.answering().passes(SECOND);
            assertThat(rig.failureOf(get).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            assertThat(rig.failureOf(get)).hasCause(fault);
            rig.loops.reporter().take(Report.Thrown.class); // by the pool, which names what it tries again
        }
    }

    @Test
    void likewise_if_it_can_not_be_encoded_again() {
        var encoded = new AtomicInteger();
        var fault = new IllegalStateException("on purpose");
        Pipeline<String, String> pipeline = TextLines.pipeline().map(line -> line, (String request) -> {
            if (encoded.incrementAndGet() > 1) {
                throw fault;
            }
            return request;
        });
        try (var rig = new PoolRig()) {
            var pool = rig.pool(ClientProtocol.inOrder(pipeline).idempotent(request -> true), ONE);
            Future<String> get = rig.call(pool, "get");
            rig.lastPeer().aborts();
            rig.answering().passes(SECOND);
            assertThat(rig.failureOf(get).fate()).isEqualTo(Fate.PERHAPS_CARRIED_OUT);
            assertThat(rig.failureOf(get)).hasCause(fault);
        }
    }

    @Test
    void a_message_that_breaks_the_protocol_fails_the_connection_of_a_pool_as_well() {
        var protocol = PoolRig.protocol().unsolicited(line -> line.startsWith("push"), line -> {
            throw new UncheckedIOException(new ProtocolException("no push: " + line));
        });
        try (var rig = new PoolRig()) {
            var pool = rig.pool(protocol, ONE);
            Future<String> call = rig.call(pool, "a");
            rig.lastPeer().says("push");
            assertThat(rig.failureOf(call)).hasMessageContaining("no push: push");
            assertThat(rig.peers.getFirst().ended).isTrue();
        }
    }
}
