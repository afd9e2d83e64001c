package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** When a loop polls for a moment although it was not configured to spin. */
class PollPolicyTest {
    private static final int MANY = 16;

    private final PollPolicy pollPolicy = new PollPolicy();

    @Test
    void it_polls_only_while_many_answers_are_due() {
        assertThat(pollPolicy.nanosToPoll()).isZero();
        pollPolicy.more(MANY - 1);
        assertThat(pollPolicy.nanosToPoll()).isZero();
        pollPolicy.more(1);
        assertThat(pollPolicy.nanosToPoll()).isEqualTo(PollPolicy.MOMENT_NANOS);
        pollPolicy.more(-1);
        assertThat(pollPolicy.nanosToPoll()).isZero();
    }

    @Test
    void it_goes_on_while_that_finds_something() {
        pollPolicy.more(MANY);
        for (int i = 0; i < 1_000; i++) {
            assertThat(pollPolicy.nanosToPoll()).isPositive();
            pollPolicy.polled(true, PollPolicy.MOMENT_NANOS);
        }
    }

    @Test
    void it_pauses_for_longer_and_longer_while_it_finds_nothing_and_one_find_ends_that() {
        pollPolicy.more(MANY);
        var pauses = new ArrayList<Integer>();
        for (int i = 0; i < 8; i++) {
            assertThat(pollPolicy.nanosToPoll()).isPositive();
            pollPolicy.polled(false, PollPolicy.MOMENT_NANOS);
            int sleeps = 0;
            while (pollPolicy.nanosToPoll() == 0) {
                sleeps++;
            }
            pauses.add(sleeps);
        }
        assertThat(pauses).containsExactly(1, 3, 7, 15, 31, 63, 63, 63);
        pollPolicy.polled(true, PollPolicy.MOMENT_NANOS);
        assertThat(pollPolicy.nanosToPoll()).isPositive();
    }

    @Test
    void a_burst_from_other_threads_is_waited_for_until_the_loop_has_slept() {
        pollPolicy.arrived(MANY - 1);
        assertThat(pollPolicy.nanosToPoll()).isZero();
        pollPolicy.arrived(1);
        assertThat(pollPolicy.nanosToPoll()).isEqualTo(PollPolicy.MOMENT_NANOS);
        pollPolicy.sleeping();
        assertThat(pollPolicy.nanosToPoll()).isZero();
    }

    @Test
    void where_that_was_in_vain_the_loop_still_waits_for_a_lull_in_the_burst() {
        pollPolicy.arrived(Integer.MAX_VALUE);
        assertThat(pollPolicy.nanosToPoll()).isEqualTo(PollPolicy.MOMENT_NANOS);
        pollPolicy.polled(false, PollPolicy.MOMENT_NANOS);
        assertThat(pollPolicy.nanosToPoll()).isEqualTo(PollPolicy.LULL_NANOS);
        pollPolicy.polled(false, PollPolicy.LULL_NANOS);
        assertThat(pollPolicy.nanosToPoll())
                .as("the short look has not made the pause longer")
                .isEqualTo(PollPolicy.MOMENT_NANOS);
    }

    @Test
    void what_comes_within_the_burst_does_not_end_the_pause() {
        pollPolicy.arrived(MANY);
        pollPolicy.polled(false, PollPolicy.MOMENT_NANOS);
        pollPolicy.polled(true, PollPolicy.LULL_NANOS - 1);
        assertThat(pollPolicy.nanosToPoll()).isEqualTo(PollPolicy.LULL_NANOS);
        pollPolicy.polled(false, PollPolicy.MOMENT_NANOS);
        pollPolicy.polled(true, PollPolicy.LULL_NANOS);
        assertThat(pollPolicy.nanosToPoll()).isEqualTo(PollPolicy.MOMENT_NANOS);
    }

    @Test
    void nothing_is_expected_once_calls_are_answered_have_failed_or_were_never_sent() throws IOException {
        var loops = Loops.manual();
        Loop loop = loops.open();
        var address = new InetSocketAddress("127.0.0.1", 0);
        Listener server = loops.settle(loop.serve(address, TextLines.pipeline(), Future::of));
        Client<String, String> client =
                loops.settle(loop.connect(server.address(), ClientProtocol.inOrder(TextLines.pipeline())));
        PollPolicy ofLoop = loop.ticking().pollPolicy();

        var answered = new ArrayList<Future<String>>();
        for (int i = 0; i < 2 * MANY; i++) {
            answered.add(client.call("question"));
        }
        assertThat(loops.settle(Future.all(answered))).hasSize(2 * MANY);
        ofLoop.sleeping(); // the calls arrived from outside, in a burst
        assertThat(ofLoop.nanosToPoll()).as("after all were answered").isZero();

        var failed = loops.settle(loop.submit(() -> {
            var calls = new ArrayList<Future<String>>();
            for (int i = 0; i < 2 * MANY; i++) {
                calls.add(client.call("question"));
            }
            assertThat(ofLoop.nanosToPoll()).as("while they are due").isPositive();
            client.close();
            return calls;
        }));
        loops.tickUntil(() -> failed.stream().allMatch(Future::isDone));
        failed.forEach(Future::failure);
        ofLoop.sleeping();
        assertThat(ofLoop.nanosToPoll()).as("after the client was closed").isZero();
        loops.close();
    }

    @Test
    void others_send_from_their_first_node_until_the_loop_sleeps() {
        assertThat(pollPolicy.othersSend()).isFalse();
        pollPolicy.arrived(1);
        assertThat(pollPolicy.othersSend()).isTrue();
        pollPolicy.sleeping();
        assertThat(pollPolicy.othersSend()).isFalse();
    }
}
