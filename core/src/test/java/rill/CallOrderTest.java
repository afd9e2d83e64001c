package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.util.AbstractReferenceCounted;
import io.netty.util.ReferenceCounted;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.testing.Bites;
import rill.testing.TextLines;

/** Everything that a connection receives is reported in the order of the wire, whether it answers a call or nothing. */
class CallOrderTest {
    private final List<String> told = new ArrayList<>();

    private Dialogue<String, String> dialogue() {
        return new Dialogue<>(Dialogue.inOrder().unsolicited(line -> line.startsWith("push"), told::add));
    }

    private void call(Dialogue<String, String> dialogue, String request) {
        dialogue.onLoop(() -> dialogue.client
                .call(request)
                .onDone((answer, failure) -> told.add(failure == null ? answer : "failed")));
    }

    @Test
    void pushes_after_an_answer_in_one_packet_are_told_after_it() {
        try (var dialogue = dialogue()) {
            call(dialogue, "a");
            dialogue.says("A", "push 1", "push 2");
            assertThat(told).containsExactly("A", "push 1", "push 2");
        }
    }

    @Test
    void pushes_before_an_answer_in_one_packet_are_told_before_it() {
        try (var dialogue = dialogue()) {
            call(dialogue, "a");
            dialogue.says("push 1", "push 2", "A");
            assertThat(told).containsExactly("push 1", "push 2", "A");
        }
    }

    @Test
    void pushes_and_answers_in_turn_are_told_in_turn() {
        try (var dialogue = dialogue()) {
            for (String request : List.of("a", "b", "c")) {
                call(dialogue, request);
            }
            dialogue.says("push 1", "A", "push 2", "B", "push 3", "push 4", "C", "push 5");
            assertThat(told).containsExactly("push 1", "A", "push 2", "B", "push 3", "push 4", "C", "push 5");
        }
    }

    @Test
    void a_task_goes_on_with_its_answer_before_the_push_that_follows_is_told() {
        try (var dialogue = dialogue()) {
            Task<Boolean> task =
                    dialogue.loop.task(() -> told.add(dialogue.client.call("a").await()));
            dialogue.settle();
            dialogue.says("A", "push 1");
            dialogue.loops.settle(task);
            assertThat(told).containsExactly("A", "push 1");
        }
    }

    @Test
    void what_came_before_the_peer_ended_is_told_before_the_calls_fail() {
        try (var dialogue = dialogue()) {
            call(dialogue, "a");
            call(dialogue, "b");
            dialogue.onLoop(() -> {
                dialogue.peer().write("push 1\nA\npush 2\n");
                return dialogue.peer().finish();
            });
            dialogue.settle();
            assertThat(told).containsExactly("push 1", "A", "push 2", "failed");
        }
    }

    @Test
    void what_came_before_the_peer_broke_the_protocol_is_told_before_the_calls_fail() {
        try (var dialogue = dialogue()) {
            call(dialogue, "a");
            dialogue.says("push 1", "\0");
            assertThat(told).containsExactly("push 1", "failed");
        }
    }

    @Test
    void a_handler_of_pushes_that_closes_the_client_is_told_of_no_more() {
        var clients = new ArrayList<Client<String, String>>();
        try (var dialogue = new Dialogue<>(Dialogue.inOrder().unsolicited(line -> line.startsWith("push"), line -> {
            told.add(line);
            clients.getFirst().close();
        }))) {
            clients.add(dialogue.client);
            dialogue.says("push 1", "push 2", "push 3");
            assertThat(told).containsExactly("push 1");
        }
    }

    @Test
    void pushes_that_nobody_is_told_of_any_more_are_released() {
        for (boolean thrown : new boolean[] {true, false}) {
            var messages = new ArrayList<ByteBuf>();
            var clients = new ArrayList<Client<ByteBuf, ByteBuf>>();
            var protocol = ClientProtocol.inOrder(Pipeline.of(new Bites(4))).unsolicited(messages::add, message -> {
                message.release();
                if (thrown) {
                    throw new IllegalStateException("thrown by a handler");
                }
                clients.getFirst().close();
            });
            try (var dialogue = new Dialogue<>(protocol)) {
                clients.add(dialogue.client);
                dialogue.says("AAA", "BBB", "CCC");
                assertThat(messages).hasSize(3).allMatch(each -> each.refCnt() == 0);
                dialogue.loops.reporter().take(Report.ConnectionFailed.class);
            }
        }
    }

    @Test
    void pushes_that_a_closing_loop_does_not_get_to_are_released() {
        var messages = new ArrayList<ByteBuf>();
        var protocol = ClientProtocol.inOrder(Pipeline.of(new Bites(4))).unsolicited(messages::add, ByteBuf::release);
        var dialogue = new Dialogue<>(protocol);
        dialogue.loop.schedule("says", () -> dialogue.peer().write("AAA\nBBB\n"));
        while (messages.isEmpty()) {
            dialogue.loop.tick();
        }
        dialogue.close();
        assertThat(messages).allMatch(each -> each.refCnt() == 0);
    }

    @Test
    void a_flood_of_pushes_is_told_whole_and_waits_in_bounded_numbers() {
        int many = 20_000;
        var waiting = new int[2];
        try (var dialogue = new Dialogue<>(Dialogue.inOrder()
                .unsolicited(
                        line -> {
                            if (line.startsWith("push")) {
                                waiting[1] = Math.max(waiting[1], ++waiting[0]);
                            }
                            return line.startsWith("push");
                        },
                        line -> {
                            waiting[0]--;
                            told.add(line);
                        }))) {
            call(dialogue, "a");
            dialogue.onLoop(() -> {
                for (int i = 0; i < many; i++) {
                    dialogue.peer().write("push " + i + "\n");
                }
                return dialogue.peer().write("A\n");
            });
            dialogue.loops.tickUntil(() -> told.size() == many + 1);
            assertThat(told).startsWith("push 0").endsWith("push " + (many - 1), "A");
            assertThat(waiting[1]).isLessThanOrEqualTo(256);
        }
    }

    /** A request that makes a call when it is released. */
    private static final class Calling extends AbstractReferenceCounted {
        private final String line;
        private final Runnable whenReleased;

        Calling(String line, Runnable whenReleased) {
            this.line = line;
            this.whenReleased = whenReleased;
        }

        @Override
        protected void deallocate() {
            whenReleased.run();
        }

        @Override
        public ReferenceCounted touch(Object hint) {
            return this;
        }
    }

    @Test
    void a_call_that_is_made_where_one_that_was_given_up_is_released_comes_after_those_that_wait() {
        Pipeline<String, Calling> pipeline = TextLines.pipeline().map(line -> line, request -> request.line);
        var clients = new ArrayList<Client<Calling, String>>();
        try (var dialogue =
                new Dialogue<>(ClientProtocol.inOrder(pipeline).inFlight(1, ClientProtocol.WhenFull.WAIT))) {
            clients.add(dialogue.client);
            dialogue.call(new Calling("sent", () -> {}));
            dialogue.call(new Calling("waits", () -> {}));
            var doomed = new ArrayList<Future<String>>();
            for (int i = 0; i < 40; i++) { // enough that they are swept once most are known to be given up
                boolean last = i == 39;
                doomed.add(dialogue.call(new Calling("doomed", () -> {
                    if (last) {
                        clients.getFirst().call(new Calling("made on release", () -> {}));
                    }
                })));
            }
            dialogue.call(new Calling("waits as well", () -> {}));

            dialogue.onLoop(() -> doomed.stream().allMatch(Future::cancel));
            dialogue.settle();
            for (String answer : List.of("1", "2", "3", "4")) {
                dialogue.says(answer);
            }

            assertThat(dialogue.heard).containsExactly("sent", "waits", "waits as well", "made on release");
        }
    }
}
