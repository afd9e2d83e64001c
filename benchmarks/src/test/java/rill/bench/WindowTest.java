package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import rill.bench.Contest.Outcome;

/** Windows over a process that says what it was told to say. */
final class WindowTest {
    private static final Profile NONE = new Profile(Profile.Extent.QUICK, 1, 0, 0);

    /** The first mark, which loads what a mark needs, and the one after the warm-up. */
    private static final List<String> BEFORE = List.of("count=0 ns=0", "count=100 ns=1000000000 late=2");

    @BeforeEach
    void requireProc() {
        assumeThat(Machine.look().whyNoProcesses())
                .as("processes can be looked at")
                .isEmpty();
    }

    /** Does something to a window at whose end there is this mark. */
    private interface Work {
        Outcome apply(Window window) throws IOException;
    }

    private static Outcome window(String last, Work work) throws IOException {
        List<String> command = new ArrayList<>(
                List.of("sh", "-c", "for mark in \"$@\"; do read ask && echo \"mark $mark\"; done; read end", "sh"));
        command.addAll(BEFORE);
        command.add(last);
        try (Child child = Child.start("load", null, command)) {
            return work.apply(new Window(child, child, child));
        }
    }

    @Test
    void a_closed_loop_has_a_rate() throws IOException {
        Outcome outcome =
                window("count=1100 ns=3000000000 kept=8 connections=4 silent=0", window -> window.measure(NONE));
        assertThat(outcome.figures()).containsEntry(Figure.RATE.key, 500.0);
        assertThat(outcome.latency()).isNull();
    }

    @Test
    void a_closed_loop_in_which_a_connection_got_nothing_fails() {
        assertThatThrownBy(() -> window(
                        "count=1100 ns=3000000000 kept=8 connections=4 silent=1", window -> window.measure(NONE)))
                .isInstanceOf(IOException.class)
                .hasMessage("not one message came back on 1 of 4 connections, while 1000 did on the others");
    }

    @Test
    void among_few_messages_a_connection_may_have_none() throws IOException {
        Outcome outcome =
                window("count=179 ns=3000000000 kept=8 connections=4 silent=1", window -> window.measure(NONE));
        assertThat(outcome.figures().get(Figure.RATE.key)).isPositive();
    }

    @Test
    void a_fixed_rate_has_latencies_and_says_what_was_missed() throws IOException {
        Outcome outcome = window(
                "count=1100 ns=3000000000 late=9 waiting=25 kept=4 connections=4 silent=0 latency=1000:900,2000:75",
                window -> window.measureAt(510, NONE));
        assertThat(outcome.figures())
                .containsEntry(Figure.ASKED.key, 510.0)
                .containsEntry(Figure.SENT.key, 500.0)
                .containsEntry(Figure.LATE.key, 7.0)
                .containsEntry(Figure.WAITING.key, 25.0)
                .containsEntry(Figure.COUNT.key, 975.0)
                .doesNotContainKeys(Figure.RATE.key, Figure.OTHER_BUSY.key);
        assertThat(Objects.requireNonNull(outcome.latency()).getTotalCount()).isEqualTo(975);
    }

    @Test
    void a_fixed_rate_at_which_nothing_that_was_due_is_answered_fails_and_is_no_closed_loop() {
        assertThatThrownBy(() -> window(
                        "count=1100 ns=3000000000 waiting=5000 kept=4 connections=4 silent=0 latency=",
                        window -> window.measureAt(510, NONE)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no message that was due in the window was answered in it; 5000 are waiting");
    }
}
