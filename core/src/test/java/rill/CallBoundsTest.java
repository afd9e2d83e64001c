package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** Bounds of calls by bytes, when a client accepts more, and requests without an answer. */
class CallBoundsTest {
    /** Lines whose codec knows their size. */
    private static ClientProtocol<String, String> sized() {
        Codec<String, String> lines = TextLines.codec();
        return ClientProtocol.inOrder(Pipeline.of(new Codec<String, String>() {
            @Override
            public Session<String, String> open(Context context) {
                return lines.open(context);
            }

            @Override
            public int sizeEstimate(String line) {
                return line.length() + 1;
            }
        }));
    }

    private static final String HUNDRED = "x".repeat(99);

    @Test
    void calls_wait_while_as_many_bytes_are_in_flight_as_may_be() {
        try (var dialogue = new Dialogue<>(sized().inFlightBytes(200))) {
            var calls = new ArrayList<Future<String>>();
            for (int i = 0; i < 4; i++) {
                calls.add(dialogue.call(HUNDRED));
            }
            dialogue.settle();
            assertThat(dialogue.heard).hasSize(2);
            dialogue.says("A");
            assertThat(dialogue.heard).hasSize(3);
            dialogue.says("B", "C", "D");
            assertThat(calls).allSatisfy(each -> assertThat(each.isDone()).isTrue());
            assertThat(dialogue.heard).hasSize(4);
        }
    }

    @Test
    void a_request_larger_than_the_bound_is_sent_when_nothing_else_is_in_flight() {
        try (var dialogue = new Dialogue<>(sized().inFlightBytes(1))) {
            Future<String> call = dialogue.call(HUNDRED);
            dialogue.settle();
            assertThat(dialogue.heard).hasSize(1);
            dialogue.says("A");
            assertThat(dialogue.loops.settle(call)).isEqualTo("A");
        }
    }

    @Test
    void calls_fail_once_as_many_bytes_wait_as_may_wait() {
        try (var dialogue =
                new Dialogue<>(sized().inFlight(1, ClientProtocol.WhenFull.WAIT).waitingBytes(200))) {
            Future<String> sent = dialogue.call(HUNDRED);
            Future<String> first = dialogue.call(HUNDRED);
            Future<String> second = dialogue.call(HUNDRED);
            assertThat(dialogue.failureOf(dialogue.call(HUNDRED)))
                    .isInstanceOf(CallFailedException.class)
                    .hasMessageContaining("is full: 1 calls in flight, 2 waiting, 300 bytes");

            first.cancel();
            Future<String> third = dialogue.call(HUNDRED);
            dialogue.says("A");
            dialogue.says("B");
            dialogue.says("C");
            assertThat(List.of(sent, second, third))
                    .allSatisfy(each -> assertThat(dialogue.loops.settle(each)).isNotNull());
        }
    }

    @Test
    void calls_of_other_threads_are_bounded_by_bytes_before_the_loop_has_them() {
        try (var dialogue = new Dialogue<>(sized().inFlightBytes(100).waitingBytes(100))) {
            Future<String> first = dialogue.client.call(HUNDRED);
            Future<String> second = dialogue.client.call(HUNDRED);
            Future<String> third = dialogue.client.call(HUNDRED);
            assertThat(third.failure())
                    .isInstanceOf(CallFailedException.class)
                    .hasMessageContaining("2 calls of other threads, of 200 bytes");
            dialogue.settle();
            dialogue.says("A");
            dialogue.says("B");
            assertThat(dialogue.loops.settle(first)).isEqualTo("A");
            assertThat(dialogue.loops.settle(second)).isEqualTo("B");
            assertThat(dialogue.inFlight()).isZero();
        }
    }

    @Test
    void without_a_bound_of_bytes_other_threads_may_call_too() {
        try (var dialogue = new Dialogue<>(sized().inFlightBytes(Long.MAX_VALUE).waitingBytes(Long.MAX_VALUE))) {
            Future<String> call = dialogue.client.call(HUNDRED);
            dialogue.settle();
            dialogue.says("A");
            assertThat(dialogue.loops.settle(call)).isEqualTo("A");
        }
    }

    @Test
    void bounds_have_to_leave_room() {
        assertThatThrownBy(() -> sized().inFlightBytes(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> sized().waitingBytes(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    // ---- writable

    @Test
    void writable_is_done_at_once_while_there_is_room_and_else_once_there_is_again() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder().inFlight(2, ClientProtocol.WhenFull.WAIT))) {
            assertThat(dialogue.onLoop(dialogue.client::writable).isDone()).isTrue();
            dialogue.call("a");
            Future<String> second = dialogue.call("b");
            Future<Void> here = dialogue.onLoop(dialogue.client::writable);
            Future<Void> elsewhere = dialogue.client.writable();
            dialogue.settle();
            assertThat(here.isDone()).isFalse();
            assertThat(elsewhere.isDone()).isFalse();
            dialogue.says("A");
            assertThat(here.isDone()).isTrue();
            dialogue.loops.settle(elsewhere);
            dialogue.says("B");
            assertThat(dialogue.loops.settle(second)).isEqualTo("B");
        }
    }

    @Test
    void writable_waits_for_those_that_wait_for_their_turn() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT))) {
            dialogue.call("a");
            dialogue.call("b");
            Future<Void> writable = dialogue.onLoop(dialogue.client::writable);
            dialogue.says("A");
            assertThat(writable.isDone()).isFalse();
            dialogue.says("B");
            dialogue.loops.settle(writable);
        }
    }

    @Test
    void writable_fails_when_the_client_ends_and_is_not_reported() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT))) {
            Future<String> call = dialogue.call("a");
            Future<Void> writable = dialogue.onLoop(dialogue.client::writable);
            dialogue.client.close();
            dialogue.settle();
            assertThat(dialogue.failureOf(writable)).hasMessageContaining("is closed");
            assertThat(dialogue.failureOf(dialogue.onLoop(dialogue.client::writable)))
                    .hasMessageContaining("is closed");
            assertThat(call.failure()).isNotNull();
        }
    }

    @Test
    void those_who_give_up_waiting_for_writable_leave_nothing() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT))) {
            dialogue.call("a");
            Future<Void> stays = dialogue.onLoop(dialogue.client::writable);
            for (int i = 0; i < 1_000; i++) {
                dialogue.onLoop(dialogue.client::writable).cancel();
            }
            dialogue.says("A");
            dialogue.loops.settle(stays);
        }
    }

    // ---- requests without an answer

    @Test
    void a_request_without_an_answer_leaves_in_its_turn_and_takes_no_answer() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT))) {
            Future<String> first = dialogue.call("a");
            Future<Void> sent = dialogue.onLoop(() -> dialogue.client.send("hint"));
            dialogue.loops.settle(sent);
            assertThat(dialogue.inFlight()).as("it takes no place").isEqualTo(1);
            Future<String> waits = dialogue.call("b");
            Future<Void> behind = dialogue.client.send("another");
            dialogue.settle();
            assertThat(behind.isDone())
                    .as("not before the call that was made before")
                    .isFalse();
            dialogue.says("A");
            dialogue.loops.settle(behind);
            dialogue.settle();
            assertThat(dialogue.heard).containsExactly("a", "hint", "b", "another");
            dialogue.says("B");
            assertThat(dialogue.loops.settle(first)).isEqualTo("A");
            assertThat(dialogue.loops.settle(waits)).isEqualTo("B");
            assertThat(dialogue.inFlight()).isZero();
        }
    }

    @Test
    void a_request_without_an_answer_needs_no_key() {
        try (var dialogue = new Dialogue<>(Dialogue.byKey())) {
            dialogue.loops.settle(dialogue.onLoop(() -> dialogue.client.send("no key in it")));
            dialogue.settle();
            assertThat(dialogue.heard).containsExactly("no key in it");
        }
    }

    @Test
    void a_request_without_an_answer_fails_as_a_call_does() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            assertThat(dialogue.failureOf(dialogue.onLoop(() -> dialogue.client.send("a\nb"))))
                    .isInstanceOf(IllegalArgumentException.class);
            dialogue.client.close();
            dialogue.settle();
            assertThat(dialogue.failureOf(dialogue.onLoop(() -> dialogue.client.send("late"))))
                    .isInstanceOf(CallFailedException.class)
                    .hasMessageContaining("send of String")
                    .hasMessageContaining("(never sent)");
        }
    }

    @Test
    void a_request_without_an_answer_is_taken_back_while_it_waits_for_its_turn_and_its_buffers_are_released() {
        Codec<String, ByteBuf> codec = Codec.of(
                (in, context) -> {
                    int length = in.bytesBefore((byte) '\n');
                    return length < 0 ? null : in.readString(length + 1, StandardCharsets.UTF_8);
                },
                (message, out) -> out.writeBytes(message, message.readerIndex(), message.readableBytes()));
        var protocol =
                ClientProtocol.<ByteBuf, String>inOrder(Pipeline.of(codec)).inFlight(1, ClientProtocol.WhenFull.WAIT);
        try (var dialogue = new Dialogue<>(protocol)) {
            ByteBuf a = Unpooled.copiedBuffer("a\n", StandardCharsets.UTF_8);
            ByteBuf b = Unpooled.copiedBuffer("b\n", StandardCharsets.UTF_8);
            ByteBuf hint = Unpooled.copiedBuffer("hint\n", StandardCharsets.UTF_8);
            dialogue.call(a);
            Future<String> waits = dialogue.call(b);
            Future<Void> sent = dialogue.client.send(hint);
            dialogue.settle();
            sent.cancel();
            dialogue.settle();
            assertThat(hint.refCnt()).isZero();
            dialogue.says("A");
            dialogue.says("B");
            assertThat(dialogue.loops.settle(waits)).isEqualTo("B\n");
            assertThat(dialogue.heard).containsExactly("a", "b");
            assertThat(a.refCnt() + b.refCnt()).isZero();
        }
    }

    @Test
    void a_request_without_an_answer_waits_for_no_call_that_was_given_up() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT))) {
            Future<String> first = dialogue.call("a");
            Future<String> cancelled = dialogue.call("b");
            Future<String> late = dialogue.call("c", Duration.ofSeconds(1));
            Future<Void> sent = dialogue.onLoop(() -> dialogue.client.send("hint"));
            cancelled.cancel();
            dialogue.settle();
            assertThat(sent.isDone()).as("while one waits before it").isFalse();
            dialogue.passes(Duration.ofSeconds(1));
            assertThat(late.failure()).isInstanceOf(CallFailedException.class);
            assertThat(sent.isDone()).isTrue();
            assertThat(dialogue.heard).containsExactly("a", "hint");
            dialogue.says("A");
            assertThat(dialogue.loops.settle(first)).isEqualTo("A");
        }
    }

    @Test
    void a_request_without_an_answer_waits_for_no_call_that_was_given_up_and_swept_away() {
        var protocol =
                Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT).waiting(2);
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> first = dialogue.call("a");
            Future<String> cancelled = dialogue.call("b");
            Future<Void> sent = dialogue.onLoop(() -> dialogue.client.send("hint"));
            List<Future<String>> others = dialogue.onLoop(() -> {
                cancelled.cancel(); // the client is notified only after the others look for room
                return List.of(dialogue.client.call("c"), dialogue.client.call("d"));
            });
            dialogue.settle();
            assertThat(others.getFirst().failure()).hasMessageContaining("is full");
            assertThat(sent.isDone()).isTrue();
            assertThat(dialogue.heard).containsExactly("a", "hint");
            dialogue.says("A", "D");
            assertThat(dialogue.loops.settle(first)).isEqualTo("A");
            assertThat(dialogue.loops.settle(others.getLast())).isEqualTo("D");
        }
    }

    // ---- the end

    @Test
    void a_client_tells_why_it_has_ended() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            assertThat(dialogue.client.isOpen()).isTrue();
            assertThat(dialogue.client.failure()).isNull();
            dialogue.onLoop(() -> dialogue.peer().abort());
            dialogue.loops.settle(dialogue.client.closed());
            assertThat(dialogue.client.isOpen()).isFalse();
            assertThat(dialogue.client.failure()).hasMessageContaining("reset");
            dialogue.loops.reporter().take(Report.ConnectionFailed.class);
        }
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            dialogue.ends();
            dialogue.loops.settle(dialogue.client.closed());
            assertThat(dialogue.client.failure()).hasMessageContaining("the peer has ended its stream");
        }
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            dialogue.client.close();
            dialogue.loops.settle(dialogue.client.closed());
            assertThat(dialogue.client.failure()).isNull();
            assertThat(dialogue.client.isOpen()).isFalse();
        }
    }

    @Test
    void who_asks_to_be_told_of_a_clients_failure_is_told_instead_of_the_reporter() {
        var told = new ArrayList<Throwable>();
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            dialogue.onLoop(() -> dialogue.client.onFailure(failure -> told.add(failure.cause())));
            dialogue.onLoop(() -> dialogue.peer().abort());
            dialogue.loops.settle(dialogue.client.closed());
            assertThat(told).singleElement().isSameAs(dialogue.client.failure());
        }
    }

    @Test
    void a_client_that_finishes_is_not_open_any_more() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            Future<String> call = dialogue.call("a");
            dialogue.client.finish();
            dialogue.settle();
            assertThat(dialogue.client.isOpen()).isFalse();
            dialogue.says("A");
            assertThat(dialogue.loops.settle(call)).isEqualTo("A");
        }
    }
}
