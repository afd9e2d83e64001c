package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Finished calls leave nothing behind, however many there are. */
class CallGrowthTest {
    private static final int MANY = 100_000;
    private static final int AT_ONCE = 500;

    private static long alive(List<WeakReference<Object>> things) {
        System.gc();
        return things.stream().filter(each -> each.get() != null).count();
    }

    private static void expectGone(List<WeakReference<Object>> things) {
        Await.until("they are garbage", () -> alive(things) == 0);
    }

    /** Makes this many calls, some at a time, all of which are answered. Returns a sample of their Futures. */
    private static List<WeakReference<Object>> manyCalls(Dialogue<String, String> dialogue) {
        var sample = new ArrayList<WeakReference<Object>>();
        for (int made = 0; made < MANY; made += AT_ONCE) {
            int first = made;
            dialogue.onLoop(() -> {
                for (int i = 0; i < AT_ONCE; i++) {
                    Future<String> call = dialogue.client.call(first + i + ":");
                    if (i == 0) {
                        sample.add(new WeakReference<>(call));
                    }
                }
                return true;
            });
            dialogue.loops.tickUntil(() -> dialogue.heard.size() == AT_ONCE);
            String answers = String.join("\n", dialogue.heard) + "\n";
            dialogue.heard.clear();
            dialogue.onLoop(() -> dialogue.peer().write(answers));
            int left = dialogue.inFlight() > AT_ONCE ? 1 : 0;
            dialogue.loops.tickUntil(() -> dialogue.inFlight() <= left);
        }
        return sample;
    }

    @Test
    @Tag("slow")
    void a_slow_call_by_key_among_many_others_keeps_none_of_them() {
        try (var dialogue = new Dialogue<>(Dialogue.byKey().dropAfter(Duration.ofDays(1)))) {
            Future<String> slow = dialogue.call("slow:");
            dialogue.settle();
            dialogue.heard.clear();
            expectGone(manyCalls(dialogue));
            dialogue.says("slow:answer");
            assertThat(dialogue.loops.settle(slow)).isEqualTo("slow:answer");
        }
    }

    @Test
    @Tag("slow")
    void many_calls_in_order_leave_nothing() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            expectGone(manyCalls(dialogue));
        }
    }

    @Test
    void a_burst_leaves_nothing_once_it_is_over() {
        for (boolean byKey : new boolean[] {true, false}) {
            var protocol =
                    (byKey ? Dialogue.byKey() : Dialogue.inOrder()).inFlight(10_000, ClientProtocol.WhenFull.FAIL);
            try (var dialogue = new Dialogue<>(protocol)) {
                dialogue.onLoop(() -> {
                    for (int i = 0; i < 5_000; i++) {
                        dialogue.client.call(i + ":").cancel();
                    }
                    return true;
                });
                dialogue.loops.tickUntil(() -> dialogue.heard.size() == 5_000);
                dialogue.says(dialogue.heard.toArray(String[]::new));
                dialogue.loops.tickUntil(() -> dialogue.inFlight() == 0);
                assertThat(dialogue.client.spares()).isEqualTo(5_000);
                dialogue.passes(Duration.ofMinutes(2));
                assertThat(dialogue.client.spares())
                        .as("a few, for the next calls")
                        .isEqualTo(16);
                assertThat(dialogue.loop.nextTimer()).isEmpty();
            }
        }
    }

    private static WeakReference<Object> callAndClose(List<Future<String>> kept) {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            kept.add(dialogue.call("a", Duration.ofHours(1)));
            dialogue.says("A");
            return new WeakReference<>(dialogue.client);
        }
    }

    @Test
    void an_answer_that_is_kept_keeps_nothing_of_its_client() {
        var kept = new ArrayList<Future<String>>();
        expectGone(List.of(callAndClose(kept)));
        assertThat(kept.getFirst().result()).isEqualTo("A");
    }

    @Test
    void calls_given_up_while_they_waited_keep_neither_their_requests_nor_their_places() {
        var protocol =
                Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT).waiting(10);
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> first = dialogue.call("first");
            var requests = new ArrayList<WeakReference<Object>>();
            for (int i = 0; i < 1_000; i++) {
                String request = "request " + i;
                requests.add(new WeakReference<>(request));
                Future<String> call = dialogue.call(request);
                if (i % 3 == 0) {
                    call.cancel();
                } else if (i % 3 == 1) {
                    call.map(answer -> answer).cancel();
                } else {
                    Future<String> late = dialogue.call("late", Duration.ofMillis(1));
                    call.cancel();
                    dialogue.clock().advance(Duration.ofMillis(1));
                    assertThat(dialogue.failureOf(late)).hasCauseInstanceOf(DeadlineException.class);
                }
                dialogue.settle();
                assertThat(dialogue.inFlight()).isEqualTo(1);
            }
            expectGone(requests);
            dialogue.says("FIRST");
            assertThat(dialogue.loops.settle(first)).isEqualTo("FIRST");
            Future<String> last = dialogue.call("last");
            dialogue.says("LAST");
            assertThat(dialogue.loops.settle(last)).isEqualTo("LAST");
            assertThat(dialogue.heard).containsExactly("first", "last");
        }
    }

    @Test
    void calls_from_outside_are_counted_until_they_have_come_and_no_longer() {
        var protocol =
                Dialogue.byKey().inFlight(2, ClientProtocol.WhenFull.WAIT).waiting(3);
        try (var dialogue = new Dialogue<>(protocol)) {
            for (int round = 0; round < 20; round++) {
                var calls = new ArrayList<Future<String>>();
                calls.add(dialogue.client.call("no key"));
                calls.add(dialogue.client.call("1:two\nlines"));
                calls.add(dialogue.client.call("2:late", Duration.ofSeconds(-1)));
                calls.add(dialogue.client.call("3:cancelled"));
                calls.add(dialogue.client.call("4:answered"));
                calls.getLast().onDone((answer, failure) -> {});
                calls.get(3).cancel();
                Future<String> tooMany = dialogue.client.call("5:too many");
                assertThat(tooMany.failure()).hasMessageContaining("5 calls of other threads");
                dialogue.settle();
                dialogue.says("4:answer");
                assertThat(calls).allMatch(Future::isDone);
                calls.forEach(Future::failure);
                assertThat(calls.getLast().result()).isEqualTo("4:answer");
                assertThat(dialogue.inFlight()).isZero();
            }
        }
    }
}
