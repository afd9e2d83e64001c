package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** How calls fail once their connection is gone, and what an unexpected message was. */
class CallEndTest {
    private static final long LONG = Duration.ofHours(1).toNanos();

    private static void expectClosed(Dialogue<String, String> dialogue, String why) {
        List<Future<String>> calls = List.of(dialogue.call("late"), dialogue.client.call("late"));
        for (Future<String> call : calls) {
            assertThat(dialogue.failureOf(call))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is closed")
                    .hasMessageContaining(why);
        }
    }

    @Test
    void after_a_violation_calls_say_closed_and_why() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            Future<String> call = dialogue.call("a");
            dialogue.says("\0");
            assertThat(dialogue.failureOf(call)).hasCauseInstanceOf(ProtocolException.class);
            expectClosed(dialogue, "a NUL within a line (at byte 0 of the stream)");
            assertThat(dialogue.failureOf(dialogue.call("b")))
                    .hasCause(call.failure().getCause());
        }
    }

    @Test
    void after_a_reset_calls_say_closed_and_why() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            Future<String> call = dialogue.call("a");
            dialogue.onLoop(() -> dialogue.peer().abort());
            dialogue.settle();
            assertThat(dialogue.failureOf(call)).hasMessageContaining("reset");
            expectClosed(dialogue, "reset");
        }
    }

    @Test
    void after_close_finish_and_the_peers_end_calls_say_which() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            dialogue.client.close();
            dialogue.settle();
            expectClosed(dialogue, "by this side");
        }
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            Future<String> pending = dialogue.call("a");
            dialogue.client.finish();
            dialogue.settle();
            expectClosed(dialogue, "finish");
            dialogue.says("A");
            assertThat(dialogue.loops.settle(pending)).isEqualTo("A");
            expectClosed(dialogue, "by this side");
        }
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            dialogue.ends();
            expectClosed(dialogue, "the peer has ended its stream");
        }
    }

    @Test
    void calls_after_the_loop_was_closed_do_not_fill_the_client() {
        var dialogue = new Dialogue<>(Dialogue.inOrder());
        dialogue.close();
        assertThat(dialogue.client.call("late").failure()).hasMessageContaining("its loop is closed");
        assertThat(dialogue.client.load()).isZero();
    }

    @Test
    void a_client_that_finishes_closes_as_soon_as_the_last_call_is_given_up() throws IOException {
        var clients = new ArrayList<Client<String, String>>();
        try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
            clients.add(Dialogue.inOrder().open(link));
            return null;
        })) {
            var calls = new ArrayList<Future<String>>();
            rig.onLoop(() -> {
                calls.add(clients.getFirst().call("a"));
                clients.getFirst().finish();
            });
            rig.settle();
            assertThat(rig.wire.outputShut).isFalse();
            rig.onLoop(() -> calls.getFirst().cancel());
            rig.settle();
            assertThat(rig.wire.outputShut).isTrue();
        }
    }

    @Test
    void a_client_that_is_closed_keeps_no_objects_for_later_calls() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            Future<String> call = dialogue.call("a");
            dialogue.says("A");
            assertThat(dialogue.loops.settle(call)).isEqualTo("A");
            assertThat(dialogue.onLoop(dialogue.client::spares)).isPositive();
            dialogue.client.close();
            dialogue.settle();
            assertThat(dialogue.onLoop(dialogue.client::spares)).isZero();
        }
    }

    @Test
    void after_the_loop_was_closed_a_call_from_any_thread_is_a_failed_future() throws Exception {
        var dialogue = new Dialogue<>(Dialogue.inOrder());
        dialogue.close();
        assertThat(dialogue.client.call("late").failure())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("its loop is closed");
        Future<String> elsewhere = Outside.startVirtual(() -> dialogue.client.call("late", Duration.ofSeconds(1)))
                .result();
        assertThat(elsewhere.failure()).isInstanceOf(IOException.class).hasMessageContaining("its loop is closed");
    }

    @Test
    void a_call_made_while_what_came_before_a_reset_is_told_says_closed_at_once() {
        var clients = new ArrayList<Client<String, String>>();
        var calls = new ArrayList<Future<String>>();
        var protocol = Dialogue.inOrder()
                .inFlight(5, ClientProtocol.WhenFull.FAIL)
                .unsolicited(line -> true, line -> calls.add(clients.getFirst().call("a")));
        try (var dialogue = new Dialogue<>(protocol)) {
            clients.add(dialogue.client);
            dialogue.onLoop(() -> {
                dialogue.peer().write("push\n".repeat(2_000));
                return dialogue.peer().finish();
            });
            dialogue.onLoop(() -> dialogue.peer().abort());
            dialogue.loops.tickUntil(() -> calls.size() == 2_000);
            assertThat(dialogue.failureOf(calls.get(1_000)))
                    .as("while half of them were still to be decoded")
                    .hasMessageContaining("is closed: write to ")
                    .hasCauseInstanceOf(IOException.class);
            calls.forEach(Future::failure);
        }
    }

    @Test
    void a_connection_that_fails_while_a_request_is_written_fails_that_call_as_well() throws IOException {
        var clients = new ArrayList<Client<String, String>>();
        var protocol = Dialogue.inOrder();
        try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
            clients.add(protocol.open(link));
            return null;
        })) {
            var calls = new ArrayList<Future<String>>();
            rig.onLoop(() -> {
                calls.add(clients.getFirst().call("before"));
                rig.wire.flushFailure = new IllegalStateException("a transport's mistake");
                calls.add(clients.getFirst().call("x".repeat(300_000))); // long enough to be flushed at once
                rig.wire.flushFailure = null;
            });
            rig.settle();
            assertThat(calls).allSatisfy(call -> assertThat(call.failure()).isNotNull());
        }
    }

    @Test
    void a_connection_that_fails_while_a_request_is_written_is_told_to_that_call_alone_and_expects_no_answer()
            throws IOException {
        for (var protocol : List.of(Dialogue.inOrder(), Dialogue.byKey())) {
            var clients = new ArrayList<Client<String, String>>();
            try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
                clients.add(protocol.open(link));
                return null;
            })) {
                var calls = new ArrayList<Future<String>>();
                rig.onLoop(() -> {
                    rig.wire.flushFailure = new IllegalStateException("a transport's mistake");
                    calls.add(clients.getFirst().call("1:" + "x".repeat(300_000))); // flushed at once
                    rig.wire.flushFailure = null;
                });
                rig.settle();
                assertThat(calls.getFirst().failure()).hasMessageContaining("a transport's mistake");
                assertThat(rig.reports).as("told already").isEmpty();
                PollPolicy pollPolicy = rig.loop.ticking().pollPolicy();
                pollPolicy.sleeping();
                pollPolicy.more(15);
                assertThat(pollPolicy.nanosToPoll()).isZero();
                pollPolicy.more(1);
                assertThat(pollPolicy.nanosToPoll()).isPositive();
            }
        }
    }

    @Test
    void a_message_that_answers_nothing_fails_the_calls_with_it_shown_at_its_offset() {
        try (var dialogue = new Dialogue<>(Dialogue.byKey())) {
            Future<String> call = dialogue.call("1:a");
            Future<String> other = dialogue.call("2:b");
            dialogue.says("1:A", "7:who\tasked?\r");
            assertThat(dialogue.loops.settle(call)).isEqualTo("1:A");
            assertThat(dialogue.failureOf(other))
                    .hasCauseInstanceOf(ProtocolException.class)
                    .hasMessageContaining("7:who\\tasked?\\r")
                    .hasMessageContaining("(at byte 4 of the stream)");
        }
    }

    @Test
    void the_offset_is_that_of_the_message_however_many_reads_it_came_in() {
        Codec<String, String> bitByBit = context -> new Session<>() {
            private String line = "";

            @Override
            public @Nullable String decode(ByteBuf in, Context context) {
                String read = in.readString(1, StandardCharsets.UTF_8);
                if (!read.equals("\n")) {
                    line += read;
                    return null;
                }
                String whole = line;
                line = "";
                return whole;
            }

            @Override
            public void encode(String message, Outgoing out) {
                out.buffer(100).writeCharSequence(message + "\n", StandardCharsets.UTF_8);
            }
        };
        try (var dialogue = new Dialogue<>(ClientProtocol.inOrder(Pipeline.of(bitByBit)))) {
            Future<String> call = dialogue.call("a");
            dialogue.says("A");
            assertThat(dialogue.loops.settle(call)).isEqualTo("A");
            dialogue.saysPart("not ");
            dialogue.says("asked for");
            expectClosed(dialogue, "not asked for (at byte 2 of the stream)");
            dialogue.loops.reporter().take(Report.ConnectionFailed.class);
        }
    }

    @Test
    void a_buffer_that_answers_nothing_is_shown_as_text_and_released() {
        var messages = new ArrayList<ByteBuf>();
        Pipeline<ByteBuf, ByteBuf> fours = Pipeline.of(Codec.of(
                (in, context) -> {
                    if (in.readableBytes() < 4) {
                        return null;
                    }
                    messages.add(in.readBytes(4));
                    return messages.getLast();
                },
                (message, out) -> out.writeBytes(message)));
        try (var dialogue = new Dialogue<>(ClientProtocol.inOrder(fours))) {
            dialogue.says("ABC");
            assertThat(dialogue.loops.reporter().take(Report.ConnectionFailed.class))
                    .singleElement()
                    .satisfies(report -> assertThat(report.message()).contains("handler for it: ABC\\n (at byte 0"));
            assertThat(messages).hasSize(1).allMatch(each -> each.refCnt() == 0);
        }
    }

    @Test
    void a_message_that_answers_nothing_is_shown_in_part_if_it_is_long() {
        try (var dialogue = new Dialogue<>(Dialogue.byKey())) {
            Future<String> call = dialogue.call("1:a");
            dialogue.says("7:" + "x".repeat(50_000));
            assertThat(dialogue.failureOf(call)).hasMessageContaining("7:xxx");
            assertThat(dialogue.failureOf(call).getMessage()).hasSizeLessThan(500);
        }
    }

    @Test
    void what_a_server_says_upon_accept_reaches_the_calls_that_fail() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            dialogue.onLoop(() -> {
                dialogue.peer().write("-ERR max number of clients reached\n");
                return dialogue.peer().finish();
            });
            dialogue.settle();
            expectClosed(dialogue, "-ERR max number of clients reached");
            assertThat(dialogue.loops.reporter().take(Report.ConnectionFailed.class))
                    .singleElement()
                    .satisfies(report -> assertThat(report.message()).contains("-ERR max number of clients reached"));
        }
    }

    @Test
    void a_peer_that_ends_while_only_tombstones_are_left_has_failed_nobody() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder())) {
            dialogue.call("a").cancel();
            dialogue.ends();
            assertThat(dialogue.client.closed().isDone()).isTrue();
        }
    }

    @Test
    void a_call_whose_failure_could_not_be_told_keeps_no_other_from_being_told_of_its_own() {
        for (int others = 0; others < 5; others++) {
            var loops = Loops.manual();
            var clock = new GivingWay(loops.clock());
            loops.transport().clock(clock);
            try (var rig = new PoolRig(loops)) {
                Client<String, String> client = loops.settle(rig.loop.connect(rig.address, PoolRig.protocol()));
                loops.tickUntil(() -> !rig.peers.isEmpty());
                var calls = new ArrayList<Future<String>>();
                for (int i = 0; i < 5; i++) {
                    calls.add(rig.onLoop(() -> client.call("a call")));
                }
                rig.settle();
                clock.after(others, "Calls.tellOfEnd");
                rig.lastPeer().aborts();
                rig.settle();
                assertThat(clock.gaveWay()).isTrue();
                assertThat(calls).as("after %d others", others).allMatch(call -> call.failure() != null);
                loops.reporter().take(Report.Thrown.class);
            }
        }
    }

    @Test
    void a_call_that_its_loop_does_not_take_from_a_pool_fails_and_does_not_count() {
        var driver = new Refusing();
        try (var loops = Loops.manual()) {
            Loop refusing = driver.open(loops);
            Loop loop = loops.open();
            Listener server = loops.settle(loop.listen(
                    new InetSocketAddress("127.0.0.1", 0), TextLines.pipeline(), each -> each.onMessage(line -> {})));
            Client<String, String> client = loops.settle(refusing.connect(server.address(), Dialogue.inOrder()));
            Promise<String> caller = loop.promise();
            long now = loop.nanoTime();
            driver.refuses = 1;
            client.place(new Unplaced<>("a", caller, false, null, now + LONG, 0, false, null), now);
            assertThat(caller.failure()).hasMessage("on purpose");
            assertThat(client.load()).isZero();
        }
    }

    /** Who looks after calls, and notes which of them come back. */
    private static final class Noting implements Patron<String, String> {
        private final List<String> back = new ArrayList<>();

        @Override
        public void used() {}

        @Override
        public @Nullable String keep(String request, int tries) {
            return null;
        }

        @Override
        public boolean takesOn() {
            return true;
        }

        @Override
        public void takeOn(Unplaced<String, String> call) {
            back.add(call.request);
            call.caller.cancel();
        }

        @Override
        public void ended(@Nullable Throwable why) {}
    }

    @Test
    void a_call_made_while_what_came_before_a_failed_write_is_read_goes_elsewhere_after_those_that_wait()
            throws IOException {
        var patron = new Noting();
        var clients = new ArrayList<Client<String, String>>();
        try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
            clients.add(
                    Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT).open(link, patron));
            return null;
        })) {
            var calls = new ArrayList<Promise<String>>();
            Consumer<String> call = request -> rig.onLoop(() -> {
                calls.add(rig.loop.promise());
                clients.getFirst().make(request, calls.getLast(), false, null, 0);
            });
            call.accept("sent");
            call.accept("waits");
            rig.settle();
            rig.wire.failWrites(new IOException("a write failed"));
            rig.settle();
            call.accept("last");
            rig.settle();
            rig.wire.end(null);
            rig.settle();
            assertThat(patron.back).containsExactly("waits", "last");
            assertThat(calls.getFirst().failure()).isInstanceOf(CallFailedException.class);
        }
    }

    @Test
    void a_call_whose_failure_can_not_be_made_fails_with_the_reason_for_that_and_has_heard_of_the_end()
            throws IOException {
        var clients = new ArrayList<Client<String, String>>();
        try (var rig = rig(Dialogue.inOrder(), clients)) {
            var calls = new ArrayList<Future<String>>();
            rig.onLoop(() -> calls.add(clients.getFirst().call("a", Duration.ofHours(1))));
            rig.settle();
            rig.wire.knowsNoAddressWithin("CallFailures.ended");
            rig.wire.end(new IOException("gone"));
            rig.settle();
            assertThat(calls.getFirst().failure()).isInstanceOf(StackOverflowError.class);
            assertThat(rig.reports).isEmpty();
            assertThat(rig.loop.nextTimer()).as("its deadline").isEmpty();
        }
    }

    private static Rig<String, String> rig(
            ClientProtocol<String, String> protocol, List<Client<String, String>> clients) throws IOException {
        return new Rig<>(ConnectionLimits.defaults(), link -> {
            clients.add(protocol.open(link));
            return null;
        });
    }

    /** Makes a call whose request is flushed at once, which goes wrong, and so does what is done about that. */
    private static Throwable failureOfCallThatBreaksDown(String... where) throws IOException {
        var clients = new ArrayList<Client<String, String>>();
        try (var rig = rig(Dialogue.inOrder(), clients)) {
            var calls = new ArrayList<Future<String>>();
            rig.settle();
            rig.wire.flushFailure = new IllegalStateException("a transport's mistake");
            rig.wire.knowsNoAddressWithin(where);
            rig.onLoop(() -> calls.add(clients.getFirst().call("x".repeat(300_000))));
            rig.wire.flushFailure = null;
            rig.settle();
            rig.reports.clear();
            return calls.getFirst().failure();
        }
    }

    @Test
    void a_call_fails_with_what_goes_wrong_while_its_connection_gives_up() throws IOException {
        assertThat(failureOfCallThatBreaksDown("Outbound.cantMove"))
                .isInstanceOfSatisfying(
                        CallFailedException.class,
                        failure -> assertThat(failure.fate()).isEqualTo(CallFailedException.Fate.PERHAPS_CARRIED_OUT))
                .hasCauseInstanceOf(StackOverflowError.class);
    }

    @Test
    void a_call_for_which_that_failure_can_not_be_made_fails_with_the_reason() throws IOException {
        assertThat(failureOfCallThatBreaksDown("Outbound.cantMove", "CallFailures.unwritten"))
                .isInstanceOf(StackOverflowError.class);
    }

    @Test
    void a_client_that_is_closed_has_no_calls_left_not_even_ones_that_waited() {
        try (var dialogue = new Dialogue<>(Dialogue.inOrder().inFlight(1, ClientProtocol.WhenFull.WAIT))) {
            List<Future<String>> calls = List.of(dialogue.call("sent"), dialogue.call("waits"), dialogue.call("waits"));
            assertThat(dialogue.inFlight()).isEqualTo(3);
            dialogue.client.close();
            dialogue.settle();
            assertThat(calls).allMatch(call -> call.failure() instanceof CallFailedException);
            assertThat(dialogue.inFlight()).isZero();
        }
    }

    @Test
    void a_client_that_can_not_look_after_its_calls_any_more_gives_them_up() {
        var loops = Loops.manual();
        var clock = new GivingWay(loops.clock());
        loops.transport().clock(clock);
        try (var rig = new PoolRig(loops)) {
            ClientProtocol<String, String> protocol =
                    PoolRig.protocol().dropAfter(Duration.ofSeconds(8)).deadline(Duration.ofHours(1));
            Client<String, String> client = loops.settle(rig.loop.connect(rig.address, protocol));
            Future<String> call = rig.onLoop(() -> client.call("a call"));
            rig.settle();
            clock.after(0, "CallDeadlines.lookAgain");
            rig.passes(Duration.ofSeconds(3));
            assertThat(clock.gaveWay()).isTrue();
            assertThat(call.failure())
                    .isInstanceOf(CallFailedException.class)
                    .hasCauseInstanceOf(StackOverflowError.class);
            assertThat(client.closed().isDone()).isTrue();
        }
    }

    @Test
    void an_encoder_that_asks_for_the_end_gets_it_after_the_answer_of_its_own_call() {
        var clients = new ArrayList<Client<String, String>>();
        var pipeline = Pipeline.of(Codec.<String, String>of((in, context) -> line(in), (text, out) -> {
            out.writeCharSequence(text + "\n", StandardCharsets.UTF_8);
            clients.getFirst().finish();
        }));
        try (var dialogue = new Dialogue<>(ClientProtocol.inOrder(pipeline))) {
            clients.add(dialogue.client);
            Future<String> call = dialogue.call("last");
            dialogue.settle();
            dialogue.says("answer");
            assertThat(dialogue.loops.settle(call)).isEqualTo("answer");
            dialogue.loops.settle(dialogue.client.closed());
        }
    }

    private static @Nullable String line(ByteBuf in) {
        int length = in.bytesBefore((byte) '\n');
        return length < 0
                ? null
                : in.readString(length + 1, StandardCharsets.UTF_8).stripTrailing();
    }

    /** A Patron that breaks down once while a call is made, and again when the connection ends. */
    private static final class Breaking implements Patron<String, String> {
        private boolean broken;

        @Override
        public void used() {
            if (!broken) {
                broken = true;
                throw new StackOverflowError("on purpose");
            }
        }

        @Override
        public @Nullable String keep(String request, int tries) {
            return null;
        }

        @Override
        public boolean takesOn() {
            return false;
        }

        @Override
        public void takeOn(Unplaced<String, String> call) {}

        @Override
        public void ended(@Nullable Throwable why) {
            throw new StackOverflowError("on purpose");
        }
    }

    @Test
    void a_call_that_goes_wrong_just_before_it_is_written_fails_with_that_and_the_next_is_sent() throws IOException {
        var clients = new ArrayList<Client<String, String>>();
        try (var rig = new Rig<String, String>(ConnectionLimits.defaults(), link -> {
            clients.add(Dialogue.inOrder().open(link, new Breaking()));
            return null;
        })) {
            rig.settle();
            var calls = new ArrayList<Future<String>>();
            for (String request : List.of("broken", "sent")) {
                rig.loop.execute(() -> {
                    Promise<String> promise = rig.loop.promise();
                    calls.add(promise);
                    clients.getFirst().make(request, promise, false, null, 0);
                });
                rig.settle();
            }
            assertThat(calls.get(0).failure()).isInstanceOf(StackOverflowError.class);
            assertThat(rig.sent()).isEqualTo("sent\n");

            rig.onLoop(rig.link::abort); // its Patron throws when notified of the end
            rig.settle();

            assertThat(calls.get(1).failure()).isInstanceOf(CallFailedException.class);
            assertThat(rig.reports).hasSize(1);
            rig.reports.clear();
        }
    }
}
