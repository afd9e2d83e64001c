package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What becomes of calls: each settles once and gives back its slot, its key and its request, whatever goes wrong. */
class CallTest {
    private static final Duration DEADLINE = Duration.ofSeconds(60); // of the protocol

    // ---- requests that can't be sent

    private static ByteBuf text(List<ByteBuf> all, String text) {
        ByteBuf request = Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
        all.add(request);
        return request;
    }

    private static String keyOf(ByteBuf request) {
        return request.toString(0, 1, StandardCharsets.US_ASCII);
    }

    /** Buffers as requests; those that contain an x can't be encoded. */
    private static Pipeline<String, ByteBuf> ofBuffers() {
        return Pipeline.of(Codec.<String, ByteBuf>of(
                (in, context) -> {
                    int length = in.bytesBefore((byte) '\n');
                    return length < 0
                            ? null
                            : in.readString(length + 1, StandardCharsets.US_ASCII)
                                    .strip();
                },
                (request, out) -> {
                    if (request.indexOf(0, request.writerIndex(), (byte) 'x') >= 0) {
                        throw new IllegalArgumentException("an x");
                    }
                    out.writeBytes(request).writeByte('\n');
                }));
    }

    @Test
    void a_request_that_can_not_be_encoded_gives_back_its_slot_its_key_and_itself() {
        var all = new ArrayList<ByteBuf>();
        var protocol = ClientProtocol.byKey(ofBuffers(), CallTest::keyOf, (String answer) -> answer.substring(0, 1));
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> bad = dialogue.call(text(all, "1:x"));
            assertThat(dialogue.failureOf(bad)).isInstanceOf(IllegalArgumentException.class);
            assertThat(dialogue.inFlight()).isZero();
            Future<String> again = dialogue.call(text(all, "1:a"));
            dialogue.says("1:A");
            assertThat(dialogue.loops.settle(again)).isEqualTo("1:A");
            assertThat(all).allMatch(each -> each.refCnt() == 0);
        }
    }

    @Test
    void a_key_function_that_gives_another_key_the_second_time_leaves_nothing_behind() {
        var count = new AtomicInteger();
        ClientProtocol<String, String> protocol = ClientProtocol.byKey(
                rill.testing.TextLines.pipeline(), request -> "key" + count.incrementAndGet(), answer -> answer);
        try (var dialogue = new Dialogue<>(protocol)) {
            assertThat(dialogue.failureOf(dialogue.call("two\nlines"))).isInstanceOf(IllegalArgumentException.class);
            assertThat(dialogue.inFlight()).isZero();
            Future<String> next = dialogue.call("one line");
            dialogue.says("key2");
            assertThat(dialogue.loops.settle(next)).isEqualTo("key2");
        }
    }

    @Test
    void a_key_that_changes_while_its_request_is_written_is_free_again() {
        var keys = new ArrayList<List<String>>();
        ClientProtocol<String, String> protocol = ClientProtocol.byKey(
                Pipeline.of(Codec.of((in, context) -> null, (request, out) -> {
                    keys.getLast().add("changed");
                    throw new IllegalArgumentException("not encoded");
                })),
                request -> {
                    keys.add(new ArrayList<>());
                    return keys.getLast();
                },
                answer -> answer);
        try (var dialogue = new Dialogue<>(protocol)) {
            assertThat(dialogue.failureOf(dialogue.call("a"))).isInstanceOf(IllegalArgumentException.class);
            assertThat(dialogue.inFlight()).isZero();
        }
    }

    @Test
    void a_key_function_that_throws_fails_its_call_alone() {
        ClientProtocol<String, String> protocol = ClientProtocol.byKey(
                rill.testing.TextLines.pipeline(),
                request -> {
                    if (request.equals("bad")) {
                        throw new AssertionError("no key");
                    }
                    return request;
                },
                answer -> answer);
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<String> good = dialogue.call("good");
            assertThat(dialogue.failureOf(dialogue.call("bad"))).isInstanceOf(AssertionError.class);
            assertThat(dialogue.failureOf(dialogue.client.call("bad"))).isInstanceOf(AssertionError.class);
            assertThat(dialogue.inFlight()).isEqualTo(1);
            dialogue.says("good");
            assertThat(dialogue.loops.settle(good)).isEqualTo("good");
        }
    }

    @Test
    void an_encoder_that_throws_an_error_fails_its_call_alone() {
        Pipeline<String, String> pipeline = Pipeline.of(Codec.of(
                (in, context) -> {
                    int length = in.bytesBefore((byte) '\n');
                    return length < 0
                            ? null
                            : in.readString(length + 1, StandardCharsets.US_ASCII)
                                    .strip();
                },
                (request, out) -> {
                    out.writeCharSequence(request, StandardCharsets.US_ASCII);
                    if (request.equals("bad")) {
                        throw new StackOverflowError("too deep");
                    }
                    out.writeByte('\n');
                }));
        try (var dialogue = new Dialogue<>(ClientProtocol.inOrder(pipeline))) {
            Future<String> before = dialogue.call("a");
            assertThat(dialogue.failureOf(dialogue.call("bad"))).isInstanceOf(StackOverflowError.class);
            Future<String> after = dialogue.call("b");
            dialogue.says("A", "B");
            assertThat(dialogue.loops.settle(before)).isEqualTo("A");
            assertThat(dialogue.loops.settle(after)).isEqualTo("B");
            assertThat(dialogue.heard).containsExactly("a", "b");
            assertThat(dialogue.inFlight()).isZero();
        }
    }

    /** Wherever the clock is read, a deep stack may overflow. */
    @Test
    void a_call_that_gives_way_while_it_is_made_leaves_nothing_and_never_counts() throws IOException {
        int gaveWay = 0;
        for (Duration limit : new Duration[] {null, Duration.ofSeconds(30)}) {
            for (int readings = 0; readings < 6; readings++) {
                var clients = new ArrayList<Client<String, String>>();
                var protocol = Dialogue.byKey().inFlight(1, ClientProtocol.WhenFull.WAIT);
                try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
                    clients.add(protocol.open(link));
                    return null;
                })) {
                    Client<String, String> client = clients.getFirst();
                    rig.transport.readingsLeft = readings;
                    boolean failed = fails(rig, client, limit);
                    rig.transport.readingsLeft = Integer.MAX_VALUE;
                    gaveWay += failed ? 1 : 0;
                    if (failed) {
                        rig.onLoop(() -> assertThat(client.unanswered()).isZero());
                        for (int i = 2; i < 5; i++) { // so that the deadlines are looked at
                            var another = new ArrayList<Future<String>>();
                            String line = i + ":";
                            rig.onLoop(() -> another.add(client.call(line)));
                            rig.arrives(line + "\n");
                            rig.settle();
                            assertThat(another.getFirst().result()).isEqualTo(line);
                            rig.passes(DEADLINE.multipliedBy(20)); // by then even a tombstone's answer is forgotten
                        }
                        rig.onLoop(() -> assertThat(client.unanswered()).isZero());
                    }
                }
            }
        }
        assertThat(gaveWay).isGreaterThan(4);
    }

    @Test
    void a_call_that_gives_way_while_it_is_made_takes_no_deadline_of_others_with_it() throws IOException {
        int gaveWay = 0;
        for (int readings = 0; readings < 6; readings++) {
            var clients = new ArrayList<Client<String, String>>();
            var protocol = Dialogue.byKey().deadline(Duration.ofSeconds(1)).dropAfter(Duration.ofHours(1));
            try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
                clients.add(protocol.open(link));
                return null;
            })) {
                Client<String, String> client = clients.getFirst();
                rig.onLoop(() -> client.call("0:", Duration.ofMinutes(10)).forgo());
                rig.transport.readingsLeft = readings;
                gaveWay += fails(rig, client, null) ? 1 : 0;
                rig.transport.readingsLeft = Integer.MAX_VALUE;
                var another = new ArrayList<Future<String>>();
                rig.onLoop(() -> another.add(client.call("2:")));
                rig.passes(Duration.ofSeconds(1));
                assertThat(another.getFirst().failure()).hasCauseInstanceOf(DeadlineException.class);
            }
        }
        assertThat(gaveWay).isPositive();
    }

    private static boolean fails(Rig<?, ?> rig, Client<String, String> client, Duration limit) {
        var calls = new ArrayList<Future<String>>();
        try {
            rig.onLoop(() -> calls.add(limit == null ? client.call("1:a") : client.call("1:a", limit)));
        } catch (StackOverflowError thrown) {
            return true;
        }
        return calls.getFirst().isDone() && calls.getFirst().failure() instanceof StackOverflowError;
    }

    // ---- user code that throws because of a peer's message

    @Test
    void an_answer_whose_key_can_not_be_found_fails_the_calls_and_is_shown() {
        try (var dialogue = new Dialogue<>(Dialogue.byKey())) {
            Future<String> call = dialogue.call("1:a");
            dialogue.says("no key in here");
            assertThat(dialogue.failureOf(call))
                    .hasCauseInstanceOf(ProtocolException.class)
                    .hasMessageContaining("no key in here")
                    .hasRootCauseInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void a_predicate_that_throws_fails_the_calls_and_the_message_is_released() {
        var messages = new ArrayList<ByteBuf>();
        Pipeline<ByteBuf, ByteBuf> bites = Pipeline.of(new rill.testing.Bites(4));
        var protocol = ClientProtocol.inOrder(bites)
                .unsolicited(
                        message -> {
                            messages.add(message);
                            throw new IllegalStateException("thrown by a predicate");
                        },
                        ByteBuf::release);
        try (var dialogue = new Dialogue<>(protocol)) {
            Future<ByteBuf> call = dialogue.call(Unpooled.copiedBuffer("abcd", StandardCharsets.US_ASCII));
            dialogue.says("ABC");
            assertThat(dialogue.failureOf(call)).hasCauseInstanceOf(ProtocolException.class);
            assertThat(messages).hasSize(1).allMatch(each -> each.refCnt() == 0);
        }
    }

    @Test
    void nobody_carries_on_after_a_message_that_may_belong_to_any_call() {
        var protocol = Dialogue.inOrder()
                .unsolicited(
                        message -> {
                            if (message.equals("bad")) {
                                throw new IllegalStateException("thrown by a predicate");
                            }
                            return false;
                        },
                        message -> {});
        try (var dialogue = new Dialogue<>(protocol)) {
            dialogue.onLoop(() -> dialogue.client.onFailure(failure -> {
                if (failure.survivable()) {
                    failure.carryOn();
                }
            }));
            Future<String> first = dialogue.call("a");
            Future<String> second = dialogue.call("b");
            dialogue.says("bad\nanswer to b\n");
            assertThat(dialogue.failureOf(first)).hasCauseInstanceOf(ProtocolException.class);
            assertThat(dialogue.failureOf(second)).hasCauseInstanceOf(ProtocolException.class);
        }
    }

    // ---- cancelling

    @Test
    void a_call_with_a_deadline_of_its_own_is_cancelled_with_what_was_made_of_it() {
        var hour = Duration.ofHours(1);
        List<Function<Future<String>, Future<?>>> wrappings = List.of(
                call -> call,
                call -> call.map(answer -> answer + "!"),
                call -> call.timeout(hour),
                call -> Future.all(call),
                call -> call.recover(failure -> "none").flatMap(Future::of),
                call -> call.loop.task(call::await));
        for (var wrapping : wrappings) {
            try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
                Future<String> call = dialogue.call("a", hour);
                Future<?> wrapped = dialogue.onLoop(() -> wrapping.apply(call));
                dialogue.settle();
                wrapped.cancel();
                dialogue.settle();
                assertThat(call.isCancelled()).isTrue();
                assertThat(dialogue.inFlight()).as("its tombstone").isEqualTo(1);
                dialogue.says("A");
                assertThat(dialogue.inFlight()).isZero();
                dialogue.passes(Duration.ofMinutes(2));
                assertThat(dialogue.loop.nextTimer()).isEmpty();
            }
        }
    }

    @Test
    void a_call_given_up_while_it_waits_releases_its_request_at_once() {
        var all = new ArrayList<ByteBuf>();
        var protocol = ClientProtocol.<ByteBuf, String>inOrder(ofBuffers()).inFlight(1, ClientProtocol.WhenFull.WAIT);
        try (var dialogue = new Dialogue<>(protocol)) {
            for (int i = 0; i < 20; i++) {
                dialogue.call(text(all, "a"), i == 7 ? Duration.ofSeconds(1) : Duration.ofHours(1))
                        .onDone((answer, failure) -> {});
            }
            Future<String> cancelled = dialogue.call(text(all, "b"));
            cancelled.cancel();
            dialogue.passes(Duration.ofSeconds(1));
            assertThat(all)
                    .filteredOn(request -> request.refCnt() == 0)
                    .containsExactly(all.getFirst(), all.get(7), all.getLast());
            assertThat(dialogue.inFlight()).isEqualTo(19);
        }
    }

    // ---- what is kept

    private static long alive(List<WeakReference<Future<String>>> calls) {
        System.gc();
        return calls.stream().filter(each -> each.get() != null).count();
    }

    @Test
    void one_slow_call_keeps_no_answers_of_others() {
        for (boolean byKey : new boolean[] {true, false}) {
            var protocol = (byKey ? Dialogue.byKey() : Dialogue.inOrder()).unsolicited(line -> false, line -> {});
            try (var dialogue = new Dialogue<>(protocol)) {
                var calls = new ArrayList<WeakReference<Future<String>>>();
                Future<String> slow = byKey ? dialogue.call("slow:") : null;
                for (int i = 0; i < 1_000; i++) {
                    calls.add(new WeakReference<>(dialogue.call(i + ":")));
                    if (i % 50 == 49) {
                        String[] answers = new String[50];
                        for (int n = 0; n < 50; n++) {
                            answers[n] = i - 49 + n + ":";
                        }
                        dialogue.says(answers);
                    }
                }
                Await.until("the answers are garbage", () -> alive(calls) == 0);
                if (slow != null) {
                    dialogue.says("slow:done");
                    assertThat(dialogue.loops.settle(slow)).isEqualTo("slow:done");
                }
            }
        }
    }

    // ---- a peer that has vanished

    @Test
    void a_peer_from_which_nothing_comes_is_given_up_and_its_tombstones_with_it() {
        for (boolean byKey : new boolean[] {true, false}) {
            try (var dialogue = new Dialogue<>(byKey ? Dialogue.byKey() : Dialogue.inOrder())) {
                Future<String> first = dialogue.call("1:a");
                dialogue.passes(DEADLINE.plusSeconds(1));
                assertThat(dialogue.failureOf(first)).hasCauseInstanceOf(DeadlineException.class);
                Future<String> second = dialogue.call("2:a", Duration.ofMinutes(2));
                assertThat(dialogue.client.closed().isDone()).isFalse();
                dialogue.passes(DEADLINE.multipliedBy(2));
                assertThat(dialogue.failureOf(second))
                        .isInstanceOf(CallFailedException.class)
                        .hasMessageContaining("nothing has come for");
                assertThat(second.failure().getCause()).isNotInstanceOf(DeadlineException.class);
                assertThat(dialogue.client.closed().isDone()).isTrue();
                assertThat(dialogue.inFlight()).isZero();
            }
        }
    }
}
