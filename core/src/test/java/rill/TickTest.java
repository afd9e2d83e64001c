package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** The guarantees of one tick. */
class TickTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void selected_input_is_handled_before_scheduled_handles() {
        loop.schedule(() -> log.add("handle"));
        loops.selector().inject(() -> log.add("input"));

        loop.tick();

        assertThat(log).containsExactly("input", "handle");
    }

    @Test
    void a_timer_that_is_due_runs_after_what_input_scheduled_and_in_the_same_tick() {
        loop.schedule(Duration.ofMillis(1), () -> log.add("timer"));
        loop.tick();
        loops.clock().advance(Duration.ofMillis(1));
        loops.selector().inject(() -> {
            log.add("input");
            loop.schedule(() -> log.add("scheduled by input"));
        });

        loop.tick();

        assertThat(log).containsExactly("input", "scheduled by input", "timer");
    }

    @Test
    void only_the_handles_present_at_the_start_of_the_run_phase_run_in_it() {
        loop.schedule(() -> {
            log.add("first");
            loop.schedule(() -> {
                log.add("second");
                loop.schedule(() -> log.add("third"));
            });
        });

        assertThat(loop.tick()).isTrue();
        assertThat(log).containsExactly("first");
        assertThat(loop.tick()).isTrue();
        assertThat(log).containsExactly("first", "second");
        assertThat(loop.tick()).isFalse();
        assertThat(log).containsExactly("first", "second", "third");
    }

    @Test
    void handles_run_first_in_first_out() {
        var expected = new ArrayList<String>();
        for (int i = 0; i < 1000; i++) {
            String name = "handle " + i;
            expected.add(name);
            loop.schedule(name, () -> log.add(name));
        }

        loops.tickUntil(() -> log.size() == 1000);

        assertThat(log).isEqualTo(expected);
    }

    @Test
    void a_cancelled_handle_does_not_run_and_says_so_once() {
        Handle handle = loop.schedule("never", () -> log.add("never"));

        assertThat(handle.cancel()).isTrue();
        assertThat(handle.cancel()).isFalse();
        assertThat(handle.isCancelled()).isTrue();
        loop.tick();

        assertThat(log).isEmpty();
    }

    @Test
    void a_handle_can_cancel_one_that_comes_after_it_in_the_same_tick() {
        var later = new Handle[1];
        loop.schedule(() -> log.add("cancelled: " + later[0].cancel()));
        later[0] = loop.schedule(() -> log.add("never"));

        loop.tick();

        assertThat(log).containsExactly("cancelled: true");
    }

    @Test
    void a_handle_that_has_run_can_not_be_cancelled() {
        var itself = new Handle[1];
        itself[0] = loop.schedule(() -> log.add("cancelled: " + itself[0].cancel()));

        loop.tick();

        assertThat(log).containsExactly("cancelled: false");
        assertThat(itself[0].cancel()).isFalse();
        assertThat(itself[0].isCancelled()).isFalse();
    }

    @Test
    void a_handle_that_throws_is_reported_by_name_and_the_next_one_runs() {
        var failure = new IllegalStateException("on purpose");
        loop.schedule("thrower", () -> {
            throw failure;
        });
        loop.schedule(() -> log.add("next"));

        loop.tick();

        assertThat(log).containsExactly("next");
        assertThat(loops.reporter().take(Report.Thrown.class))
                .containsExactly(new Report.Thrown(loop.name(), "thrower", failure));
    }

    @Test
    void an_error_thrown_by_a_handle_does_not_end_the_loop() {
        var failure = new AssertionError("on purpose");
        loop.schedule("thrower", () -> {
            throw failure;
        });

        loop.tick();

        assertThat(loops.reporter().await(Report.Thrown.class).cause()).isSameAs(failure);
        assertThat(loop.isClosed()).isFalse();
    }

    @Test
    void a_reporter_that_throws_does_not_end_the_loop() {
        Loop fragile = loops.open(options -> options.reporter(report -> {
            throw new IllegalStateException("the reporter, on purpose");
        }));
        fragile.schedule("thrower", () -> {
            throw new IllegalStateException("the handle, on purpose");
        });
        fragile.schedule(() -> log.add("next"));

        fragile.tick();

        assertThat(log).containsExactly("next");
    }

    @Test
    void what_exceeds_the_handle_budget_goes_first_in_the_next_tick_after_input() {
        for (int i = 0; i < 40; i++) {
            int number = i;
            loop.schedule(() -> {
                log.add("old " + number);
                loops.clock().advance(Duration.ofMillis(1));
                if (number == 0) {
                    loop.schedule(() -> log.add("new"));
                }
            });
        }

        loop.tick();
        int first = log.size();
        assertThat(first).isBetween(1, 39);
        loops.selector().inject(() -> log.add("input"));
        loop.tick();

        assertThat(log.get(first)).isEqualTo("input");
        assertThat(log.get(first + 1)).isEqualTo("old " + first);
        loops.tickUntil(() -> log.contains("new"));
        assertThat(log).endsWith("old 39", "new");
    }

    @Test
    void without_a_handle_budget_a_tick_in_which_no_time_passes_still_runs_all_that_are_present() {
        Loop hurried = loops.open(options -> options.handleBudget(Duration.ZERO));
        for (int i = 0; i < 1_000; i++) {
            hurried.schedule(() -> log.add("handle"));
        }

        hurried.tick();

        assertThat(log).hasSize(1_000);
    }

    @Test
    void a_flood_of_handles_does_not_keep_input_waiting_for_more_than_a_tick() {
        long[] rounds = {0};
        boolean[] stopped = {false};
        var again = new Runnable[1];
        again[0] = () -> {
            rounds[0]++;
            for (int i = 0; i < 2 && !stopped[0]; i++) {
                loop.schedule(again[0]);
            }
            loops.clock().advance(Duration.ofMillis(1));
        };
        loop.schedule(again[0]);
        for (int i = 0; i < 50; i++) {
            loop.tick();
        }
        loops.selector().inject(() -> log.add("input"));

        long before = rounds[0];
        loop.tick();

        assertThat(log).containsExactly("input");
        assertThat(rounds[0] - before).isBetween(1L, 100L);
        stopped[0] = true;
    }

    @Test
    void a_flood_of_input_does_not_keep_a_handle_waiting_for_more_than_a_tick() {
        var again = new Runnable[1];
        again[0] = () -> loops.selector().inject(again[0]);
        for (int i = 0; i < 100; i++) {
            loops.selector().inject(again[0]);
        }
        loop.tick();
        loop.schedule(() -> log.add("handle"));

        loop.tick();

        assertThat(log).containsExactly("handle");
    }

    @Test
    void two_loops_on_one_thread_each_run_their_own_handles() {
        Loop other = loops.open();
        loop.schedule(() -> log.add(Loop.current() == loop ? "one" : "wrong"));
        other.schedule(() -> log.add(Loop.current() == other ? "other" : "wrong"));

        loop.tick();
        other.tick();

        assertThat(log).containsExactly("one", "other");
        assertThat(Loop.current()).isNull();
    }

    @Test
    void the_current_loop_is_known_in_input_and_handles_and_nowhere_else() {
        var seen = new ArrayList<Loop>();
        loops.selector().inject(() -> seen.add(Loop.current()));
        loop.schedule(() -> seen.add(Loop.current()));

        loop.tick();

        assertThat(seen).containsExactly(loop, loop);
        assertThat(Loop.current()).isNull();
    }

    @Test
    void a_broken_selector_closes_the_loop_and_tells_the_driver() {
        var cause = new IOException("on purpose");
        Promise<String> pending = loop.promise();
        loops.selector().breakWith(cause);

        assertThatThrownBy(loop::tick).hasCause(cause).hasMessageContaining(loop.name());

        assertThat(loop.isClosed()).isTrue();
        assertThat(loops.selector().isClosed()).isTrue();
        assertThatThrownBy(pending::await).isInstanceOf(CancelledException.class);
        assertThat(Loop.current()).isNull();
    }

    @Test
    void a_transport_that_can_not_open_leaves_nothing_behind() {
        loops.transport().failOpen(new IOException("Too many open files"));

        assertThatThrownBy(() -> Loop.open(loops.transport())).isInstanceOf(IOException.class);

        assertThat(loops.transport().selectors()).hasSize(1);
    }
}
