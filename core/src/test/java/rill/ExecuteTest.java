package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** A loop as an Executor. */
class ExecuteTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void what_one_thread_executes_schedules_and_submits_runs_in_that_order() {
        loop.execute(() -> log.add("executed"));
        loop.schedule(() -> log.add("scheduled"));
        var submitted = loop.submit(() -> log.add("submitted"));
        loop.execute(() -> log.add("executed again"));

        loop.tick();
        assertThat(log).containsExactly("executed", "scheduled", "submitted", "executed again");
        assertThat(loops.settle(submitted)).isTrue();
    }

    @Test
    void on_the_loop_it_waits_for_the_next_tick_in_the_same_order() {
        loop.execute(() -> {
            log.add("first");
            loop.execute(() -> log.add("executed"));
            loop.schedule(() -> log.add("scheduled"));
            loop.execute(() -> log.add("executed again"));
        });

        loop.tick();
        assertThat(log).containsExactly("first");
        loop.tick();
        assertThat(log).containsExactly("first", "executed", "scheduled", "executed again");
    }

    @Test
    void a_thread_that_has_driven_a_loop_is_outside_once_another_does() throws Exception {
        loop.tick(); // by this thread, which now drives the loop
        loop.start();
        Outside.start(() -> loop.submit(() -> "").await()).result(); // the loop has run something, and falls asleep
        for (int i = 0; i < 100; i++) {
            var ran = new CompletableFuture<Boolean>();
            loop.execute(() -> ran.complete(Thread.currentThread().getName().equals(loop.name())));
            assertThat(ran.get(10, TimeUnit.SECONDS))
                    .as("ran on the loop's own thread")
                    .isTrue();
        }
    }

    @Test
    void it_runs_on_the_loop() {
        var seen = new ArrayList<Loop>();
        loop.execute(() -> seen.add(Loop.current()));

        loop.tick();

        assertThat(seen).containsExactly(loop);
    }

    @Test
    void what_it_throws_is_reported_under_the_name_of_its_class_and_the_next_one_runs() {
        var failure = new IllegalStateException("on purpose");
        loop.execute(() -> {
            throw failure;
        });
        loop.execute(() -> log.add("next"));

        loop.tick();

        assertThat(log).containsExactly("next");
        Report.Thrown report = loops.reporter().await(Report.Thrown.class);
        assertThat(report.cause()).isSameAs(failure);
        assertThat(report.message()).contains(ExecuteTest.class.getName());
    }

    @Test
    void a_completable_future_runs_on_it() throws Exception {
        Loop started = loops.open();
        started.start();

        Loop seen = CompletableFuture.supplyAsync(Loop::current, started)
                .thenApplyAsync(first -> first == Loop.current() ? first : null, started)
                .get(20, TimeUnit.SECONDS);

        assertThat(seen).isSameAs(started);
    }

    @Test
    void a_closed_loop_rejects_it() {
        Loop closed = loops.open();
        closed.close(Duration.ZERO);

        assertThatThrownBy(() -> closed.execute(() -> log.add("never")))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining(closed.name());
        assertThat(log).isEmpty();
    }

    @Test
    void nothing_to_run_is_the_callers_mistake() {
        assertThatThrownBy(() -> loop.execute(null)).isInstanceOf(NullPointerException.class);
        assertThat(loop.tick()).isFalse();
    }
}
