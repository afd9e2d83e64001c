package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Faults;
import rill.testing.Loops;
import rill.testing.TextLines;

/** A client's calls against the water marks of its connection. */
class ClientWaterMarkTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);
    private static final String LARGE = "x".repeat(100 * 1024);
    private static final int ENOUGH_FOR_THE_HARD_LIMIT = 20;

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();

    private Client<String, String> client;

    @AfterEach
    void close() {
        client.close();
        loops.settle(client.closed());
        loops.close();
    }

    private void connect(ClientProtocol<String, String> protocol) {
        Listener server =
                loops.settle(loop.serve(ANY, TextLines.pipeline(), question -> Future.of("" + question.length())));
        client = loops.settle(loop.connect(server.address(), protocol));
    }

    private List<Future<String>> callAtOnce() {
        var calls = new ArrayList<Future<String>>();
        for (int i = 0; i < ENOUGH_FOR_THE_HARD_LIMIT; i++) {
            calls.add(client.call(LARGE));
        }
        return calls;
    }

    @Test
    void calls_above_the_high_water_mark_wait_until_others_have_left() {
        connect(ClientProtocol.inOrder(TextLines.pipeline()));
        List<String> answers = loops.settle(loops.settle(loop.submit(() -> Future.all(callAtOnce()))));
        assertThat(answers).hasSize(ENOUGH_FOR_THE_HARD_LIMIT).containsOnly("" + LARGE.length());
    }

    @Test
    void calls_above_the_high_water_mark_fail_if_that_was_asked_for() {
        connect(ClientProtocol.inOrder(TextLines.pipeline()).inFlight(1000, ClientProtocol.WhenFull.FAIL));
        List<Future<String>> calls = loops.settle(loop.submit(() -> callAtOnce()));
        loops.tickUntil(() -> calls.stream().allMatch(Future::isDone));
        assertThat(calls.getFirst().result()).isEqualTo("" + LARGE.length());
        assertThat(calls.getLast().failure()).isInstanceOf(IOException.class).hasMessageContaining("is full");
        assertThat(calls).filteredOn(call -> call.failure() == null).hasSizeBetween(1, 3); // the mark is at 256 KiB
    }

    @Test
    void calls_of_another_thread_wait_as_well_however_many_bytes_they_have() {
        connect(ClientProtocol.inOrder(TextLines.pipeline()));
        List<Future<String>> calls = callAtOnce(); // 2 MB, before the loop sees the first of them
        List<String> answers = loops.settle(Future.all(calls));
        assertThat(answers).hasSize(ENOUGH_FOR_THE_HARD_LIMIT).containsOnly("" + LARGE.length());
    }

    @Test
    void calls_of_other_threads_are_bounded_in_number_before_the_loop_sees_them() {
        connect(ClientProtocol.inOrder(TextLines.pipeline())
                .inFlight(2, ClientProtocol.WhenFull.WAIT)
                .waiting(3));
        List<Future<String>> calls = callAtOnce();
        assertThat(calls.subList(0, 5)).noneMatch(Future::isDone);
        assertThat(calls.subList(5, calls.size()))
                .allSatisfy(call -> assertThat(call.failure())
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("is full: 5 calls of other threads"));
        assertThat(loops.settle(Future.all(calls.subList(0, 5)))).hasSize(5);
    }

    @Test
    void calls_that_wait_for_room_fail_with_the_connection() {
        loops.transport().nextConnection(Faults.none().stallAfterWritten(0));
        connect(ClientProtocol.inOrder(TextLines.pipeline()));
        List<Future<String>> calls = loops.settle(loop.submit(() -> callAtOnce()));
        loops.selector().wires().forEach(wire -> wire.reset());
        loops.tickUntil(() -> calls.stream().allMatch(Future::isDone));
        assertThat(calls).extracting(Future::failure).allMatch(IOException.class::isInstance);
        loops.reporter().take(Report.ConnectionFailed.class); // the server's side has no onFailure
    }
}
