package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** Time counts from the call, wherever the call is made and whenever the loop handles it. */
class CallTimeTest {
    private static final Duration LONG_AGO = Duration.ofSeconds(Long.MIN_VALUE);
    private static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);

    @Test
    void a_call_from_outside_that_its_loop_gets_to_too_late_fails_and_is_not_sent() {
        for (boolean own : new boolean[] {true, false}) {
            try (var dialogue = new Dialogue<>(Dialogue.inOrder().deadline(Duration.ofMillis(500)))) {
                Future<String> late =
                        own ? dialogue.client.call("late", Duration.ofMillis(500)) : dialogue.client.call("late");
                dialogue.clock().advance(Duration.ofSeconds(2));
                assertThat(dialogue.failureOf(late))
                        .hasCauseInstanceOf(DeadlineException.class)
                        .hasMessageContaining("500 ms")
                        .hasMessageContaining("not sent");
                dialogue.settle();
                assertThat(dialogue.heard).isEmpty();
                assertThat(dialogue.inFlight()).isZero();
            }
        }
    }

    @Test
    void a_call_from_outside_has_what_is_left_of_its_time() {
        for (boolean own : new boolean[] {true, false}) {
            try (var dialogue = new Dialogue<>(Dialogue.inOrder().deadline(Duration.ofMillis(500)))) {
                Future<String> call =
                        own ? dialogue.client.call("a", Duration.ofMillis(500)) : dialogue.client.call("a");
                dialogue.clock().advance(Duration.ofMillis(400));
                dialogue.settle();
                assertThat(dialogue.heard).containsExactly("a");
                dialogue.clock().advance(Duration.ofMillis(99));
                dialogue.settle();
                assertThat(call.isDone()).isFalse();
                dialogue.clock().advance(Duration.ofMillis(1));
                dialogue.settle();
                assertThat(dialogue.failureOf(call)).hasCauseInstanceOf(DeadlineException.class);
            }
        }
    }

    @Test
    void calls_of_both_sides_expire_each_at_its_own_time() {
        var protocol = Dialogue.inOrder().deadline(Duration.ofMillis(500)).dropAfter(Duration.ofHours(1));
        try (var dialogue = new Dialogue<>(protocol)) {
            var own = new ArrayList<Future<String>>();
            dialogue.onLoop(() -> dialogue.loop.schedule(() -> own.add(dialogue.client.call("inside"))));
            Future<String> outside = dialogue.client.call("outside");
            dialogue.clock().advance(Duration.ofMillis(100));
            dialogue.loop.tick(); // the loop runs its own call first
            Future<String> inside = own.getFirst();
            dialogue.clock().advance(Duration.ofMillis(400));
            dialogue.settle();
            assertThat(outside.isDone()).isTrue();
            assertThat(inside.isDone()).isFalse();
            dialogue.clock().advance(Duration.ofMillis(100));
            dialogue.settle();
            assertThat(dialogue.failureOf(outside)).hasCauseInstanceOf(DeadlineException.class);
            assertThat(dialogue.failureOf(inside)).hasCauseInstanceOf(DeadlineException.class);
        }
    }

    @Test
    void many_calls_that_are_late_at_once_leave_others_their_turn() {
        var protocol = Dialogue.inOrder().deadline(Duration.ofSeconds(5)).inFlight(2_500, ClientProtocol.WhenFull.FAIL);
        try (var dialogue = new Dialogue<>(protocol)) {
            var calls = new ArrayList<Future<String>>();
            dialogue.onLoop(() -> {
                for (int i = 0; i < 2_500; i++) {
                    calls.add(dialogue.client.call("a"));
                }
                return true;
            });
            dialogue.clock().advance(Duration.ofSeconds(5));
            dialogue.loop.tick();
            assertThat(calls).filteredOn(Future::isDone).hasSize(1_000);
            dialogue.settle();
            assertThat(calls).allMatch(call -> call.failure().getCause() instanceof DeadlineException);
        }
    }

    @Test
    void a_call_behind_slow_work_of_the_same_tick_has_all_of_its_time() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder().deadline(Duration.ofMillis(500)))) {
            List<Future<String>> calls = dialogue.onLoop(() -> {
                var both = new ArrayList<Future<String>>();
                both.add(dialogue.client.call("before"));
                dialogue.clock().advance(Duration.ofMillis(400));
                both.add(dialogue.client.call("after"));
                return both;
            });
            dialogue.clock().advance(Duration.ofMillis(400));
            dialogue.settle();
            assertThat(dialogue.failureOf(calls.getFirst())).hasCauseInstanceOf(DeadlineException.class);
            assertThat(calls.getLast().isDone()).isFalse();
            dialogue.says("BEFORE", "AFTER");
            assertThat(dialogue.loops.settle(calls.getLast())).isEqualTo("AFTER");
        }
    }

    @Test
    void a_deadline_of_zero_or_in_the_past_fails_the_call_unsent_however_long_ago() {
        for (Duration past : List.of(Duration.ZERO, Duration.ofNanos(-1), Duration.ofSeconds(-1), LONG_AGO)) {
            try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
                List<Future<String>> calls = List.of(dialogue.call("a", past), dialogue.client.call("a", past));
                for (Future<String> call : calls) {
                    assertThat(dialogue.failureOf(call))
                            .hasCauseInstanceOf(DeadlineException.class)
                            .hasMessageContaining("not sent")
                            .hasMessageNotContaining("within");
                }
                dialogue.settle();
                assertThat(dialogue.heard).isEmpty();
                assertThat(dialogue.inFlight()).isZero();
            }
        }
    }

    @Test
    void a_deadline_of_centuries_ahead_never_comes() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder().deadline(FOR_EVER))) {
            Future<String> outside = dialogue.client.call("a", FOR_EVER);
            Future<String> inside = dialogue.call("b", FOR_EVER);
            Future<String> usual = dialogue.call("c");
            dialogue.passes(Duration.ofDays(365));
            dialogue.says("A", "B", "C");
            assertThat(dialogue.loops.settle(Future.all(outside, inside, usual)))
                    .containsExactly("A", "B", "C");
        }
    }

    @Test
    void a_call_that_waited_for_its_turn_until_it_was_late_is_not_sent() {
        var protocol =
                Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT).deadline(Duration.ofSeconds(10));
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> first = dialogue.call("first");
            Future<String> waits = dialogue.call("waits", Duration.ofSeconds(1));
            dialogue.settle();
            dialogue.onLoop(() -> dialogue.peer().write("FIRST\n"));
            dialogue.loop.tick(); // it leaves the peer; received bytes are read before timers are checked
            dialogue.clock().advance(Duration.ofSeconds(2));
            dialogue.settle();
            assertThat(dialogue.loops.settle(first)).isEqualTo("FIRST");
            assertThat(dialogue.failureOf(waits))
                    .hasCauseInstanceOf(DeadlineException.class)
                    .hasMessageContaining("not sent");
            assertThat(dialogue.heard).containsExactly("first");
        }
    }

    @Test
    void a_connect_from_outside_that_its_loop_gets_to_too_late_fails() {
        var loops = Loops.manual();
        Loop loop = loops.open();
        var address = new InetSocketAddress("127.0.0.1", 0);
        var accepted = new ArrayList<Connection<String, String>>();
        Listener listener = loops.settle(loop.listen(address, TextLines.pipeline(), accepted::add));
        Future<Connection<String, String>> late = loop.connect(
                listener.address(),
                TextLines.pipeline(),
                ConnectOptions.defaults().timeout(Duration.ofSeconds(1)));
        loops.clock().advance(Duration.ofSeconds(2));
        assertThat(loops.failureOf(late)).isInstanceOf(DeadlineException.class).hasMessageContaining("1 s");
        assertThat(accepted).isEmpty();
        loops.close();
    }

    @Test
    void a_name_is_looked_up_within_what_is_left_of_a_connect_from_outside() {
        var loops = Loops.manual();
        Loop loop = loops.open();
        Future<Connection<String, String>> late = loop.connect(
                InetSocketAddress.createUnresolved("no.such.name.invalid", 1),
                TextLines.pipeline(),
                ConnectOptions.defaults().timeout(Duration.ofSeconds(1)));
        loops.clock().advance(Duration.ofSeconds(2));
        assertThat(loops.failureOf(late)).isInstanceOf(DeadlineException.class);
        loops.close();
    }

    @Test
    void timers_from_outside_count_from_when_they_were_asked_for() {
        var loops = Loops.manual();
        Loop loop = loops.open();
        var ran = new ArrayList<String>();
        loop.schedule(Duration.ofSeconds(1), "timer", () -> ran.add("timer"));
        loop.delay(Duration.ofSeconds(1)).onDone((nothing, failure) -> ran.add("delay"));
        loop.promise().timeout(Duration.ofSeconds(1)).onDone((nothing, failure) -> ran.add("timeout"));
        loops.clock().advance(Duration.ofMillis(999));
        for (int n = 0; n < 10; n++) {
            loop.tick();
        }
        assertThat(ran).isEmpty();
        loops.clock().advance(Duration.ofMillis(1));
        for (int n = 0; n < 10; n++) {
            loop.tick();
        }
        assertThat(ran).containsExactlyInAnyOrder("timer", "delay", "timeout");
        loops.close();
    }

    @Test
    void timers_of_centuries_ago_are_due_at_once_and_never_by_overflow_centuries_ahead() {
        var loops = Loops.manual();
        Loop loop = loops.open();
        assertThat(Loop.nanos(LONG_AGO)).isNegative();
        assertThat(loop.nanoTime()
                        + Loop.nanos(LONG_AGO)
                        - (loop.nanoTime() + Duration.ofDays(36_500).toNanos()))
                .as("a century later it is still past")
                .isNegative();
        Future<Object> late = loop.promise().timeout(LONG_AGO);
        assertThat(loops.failureOf(late)).isInstanceOf(DeadlineException.class);
        loops.close();
    }

    @Test
    void the_deadline_of_closing_a_loop_counts_from_the_call() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            Future<String> call = dialogue.call("a");
            dialogue.loop.closing().start(Duration.ofSeconds(5));
            dialogue.clock().advance(Duration.ofSeconds(5));
            dialogue.loops.tickUntil(dialogue.loop::isClosed);
            assertThat(call.failure())
                    .isInstanceOf(CallFailedException.class)
                    .hasCauseInstanceOf(CancelledException.class);
            dialogue.loops.reporter().take(Report.Survivors.class);
        }
    }

    @Test
    void a_request_has_the_name_that_the_protocol_gives_it() {
        var protocol = Dialogue.inOrder().naming(request -> request.substring(0, 3));
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> call = dialogue.call("GET secret", Duration.ofMillis(5));
            dialogue.passes(Duration.ofMillis(5));
            assertThat(dialogue.failureOf(call))
                    .hasMessageContaining("call of GET: connection to")
                    .hasMessageEndingWith("no answer within 5 ms (perhaps carried out)");
            assertThat(dialogue.failureOf(dialogue.call("?"))).isInstanceOf(StringIndexOutOfBoundsException.class);
            assertThat(dialogue.inFlight()).isEqualTo(1);
        }
    }

    @Test
    void a_deadline_names_its_request_the_peer_and_a_limit_in_a_unit_that_fits() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            String peer = dialogue.client.remoteAddress().toString();
            var limits = List.of(Duration.ofNanos(700), Duration.ofNanos(250_000), Duration.ofMillis(1_500));
            var texts = List.of("within 700 ns", "within 250 µs", "within 1500 ms");
            for (int i = 0; i < limits.size(); i++) {
                Future<String> call = dialogue.call("secret", limits.get(i));
                dialogue.clock().advance(Duration.ofSeconds(2));
                dialogue.settle();
                assertThat(dialogue.failureOf(call))
                        .hasCauseInstanceOf(DeadlineException.class)
                        .hasMessageContaining("String")
                        .hasMessageContaining(peer)
                        .hasMessageContaining(texts.get(i))
                        .hasMessageNotContaining("secret");
            }
        }
    }
}
