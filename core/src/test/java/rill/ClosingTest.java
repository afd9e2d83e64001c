package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/** How a loop ends. */
abstract class ClosingTest extends EngineTest {
    @Test
    void closing_resumes_every_task_with_CancelledException_and_tells_their_callbacks() {
        Promise<String> promise = loop().promise();
        var tasks = new ArrayList<Task<String>>();
        for (int i = 0; i < 3; i++) {
            Task<String> task = loop().task(() -> {
                try {
                    return promise.await();
                } catch (CancelledException e) {
                    log.add("cancelled");
                    throw e;
                }
            });
            task.map(value -> value).onDone((value, failure) -> log.add("told"));
            tasks.add(task);
        }
        loop().tick();

        loop().close();

        assertThat(loop().isClosed()).isTrue();
        assertThat(tasks).allMatch(Future::isCancelled);
        assertThat(log).hasSize(6).endsWith("told", "told", "told");
    }

    @Test
    void closing_waits_for_a_task_that_cleans_up_and_then_needs_no_deadline() {
        Promise<String> promise = loop().promise();
        Task<String> task = loop().task(() -> {
            try {
                return promise.await();
            } finally {
                Promise<String> later = loop().promise();
                loop().schedule(() -> later.complete("clean"));
                log.add(later.await());
            }
        });
        loop().tick();

        loop().close(Duration.ofHours(1));

        assertThat(log).containsExactly("clean");
        assertThat(task.isCancelled()).isTrue();
    }

    @Test
    void a_task_that_swallows_its_cancellation_is_named_after_the_deadline() throws Exception {
        Promise<String> never = loop().promise();
        Task<String> task = loop().task("stubborn", () -> {
            while (true) {
                try {
                    return never.map(value -> value).await();
                } catch (CancelledException e) {
                    log.add("swallowed");
                }
            }
        });
        never.onDone((value, failure) -> {}); // so that it survives the cancellation
        loop().tick();
        var closer = Outside.start(() -> {
            loop().close(Duration.ofSeconds(1));
            return null;
        });
        Await.until("it swallowed", () -> !log.isEmpty());
        assertThat(loop().isClosed()).isFalse();
        Await.until("it is closed", () -> {
            loops.clock().advance(Duration.ofSeconds(1)); // whenever the deadline is set
            return loop().isClosed();
        });

        closer.result();

        assertThat(loops.reporter().await(Report.Survivors.class).names())
                .singleElement()
                .asString()
                .contains("stubborn");
        assertThat(task.isDone()).isFalse();
        assertThatThrownBy(task::await).isInstanceOf(CancelledException.class);
    }

    @Test
    void a_task_that_outlives_its_loop_comes_to_an_end_with_what_it_awaits() throws Exception {
        Promise<String> late = loop().promise();
        loop().task("stubborn", () -> {
            try {
                log.add(late.await());
            } catch (CancelledException e) {
                log.add("swallowed");
                log.add(late.await());
            }
        });
        late.onDone((value, failure) -> {}); // so that it survives the cancellation
        loop().tick();
        var closer = Outside.start(() -> {
            loop().close(Duration.ofSeconds(1));
            return null;
        });
        Await.until("it is closed", () -> {
            loops.clock().advance(Duration.ofSeconds(1)); // whenever the deadline is set
            return loop().isClosed();
        });
        closer.result();
        loops.reporter().await(Report.Survivors.class);
        assertThat(log).containsExactly("swallowed");

        late.complete("late");

        assertThat(log).containsExactly("swallowed", "late");
    }

    @Test
    void a_task_started_while_the_loop_closes_is_cancelled_at_its_first_await() {
        Promise<String> never = loop().promise();
        var late = new ArrayList<Task<String>>();
        loop().task(() -> {
            try {
                return never.await();
            } finally {
                late.add(loop().task(() -> loop().<String>promise().await()));
            }
        });
        loop().tick();

        loop().close();

        assertThat(late).singleElement().matches(Future::isCancelled);
    }

    @Test
    void closing_runs_what_was_scheduled_before_and_no_timer() {
        loop().schedule(() -> log.add("handle"));
        loop().schedule(Duration.ofSeconds(1), () -> log.add("timer"));

        loop().close();

        assertThat(log).containsExactly("handle");
    }

    @Test
    void closing_ends_a_thread_that_drives() throws Exception {
        loop().start();
        Promise<String> promise = loop().promise();
        var waiter = Outside.start(promise::await);
        var runner = Outside.start(() -> loop().task(promise::await).await());
        Await.until("both wait", () -> waiter.waits() && runner.waits());

        loop().close();

        assertThat(waiter.failure()).isInstanceOf(CancelledException.class);
        assertThat(runner.failure()).isInstanceOf(CancelledException.class);
        Await.until("nobody drives", () -> !loop().driving().driven());
    }

    @Test
    void closing_from_another_thread_ends_run() throws Exception {
        Promise<String> never = loop().promise();
        var runner = Outside.start(() -> loop().run(never::await));
        Await.until("it runs", loops.selector()::blocked);

        loop().close();

        assertThat(runner.failure()).isInstanceOf(CancelledException.class);
    }

    @Test
    void closing_twice_and_from_two_threads_is_fine() throws Exception {
        loop().start();
        var other = Outside.start(() -> {
            loop().close();
            return loop().isClosed();
        });
        loop().close();
        loop().close();

        assertThat(other.result()).isTrue();
        assertThat(loop().isClosed()).isTrue();
    }

    @Test
    void a_task_that_awaits_a_future_of_another_loop_is_resumed_when_that_loop_closes() throws Exception {
        Loop other = loops.open();
        Promise<String> never = other.promise();
        Task<String> direct = loop().task(never::await);
        Task<Object> derived = loop().task(() ->
                Future.all(loop().promise(), never.map(value -> value)).await());
        Task<Object> inner =
                loop().task(() -> Future.of(1).flatMap(one -> never).await());
        loops.tickUntil(() -> !loop().ticking().hasWork());

        other.close();
        loops.tickUntil(() -> direct.isDone() && derived.isDone() && inner.isDone());

        assertThat(direct.failure()).isInstanceOf(CancelledException.class).hasMessageContaining(other.name());
        assertThat(derived.failure()).isInstanceOf(CancelledException.class);
        assertThat(inner.failure()).isInstanceOf(CancelledException.class);
    }

    @Test
    void a_task_that_begins_to_await_a_future_of_a_closed_loop_is_told_at_once() throws Exception {
        Loop other = loops.open();
        Promise<String> never = other.promise();
        other.close();

        Task<String> task = loop().task(never::await);
        loops.tickUntil(task::isDone);

        assertThat(task.failure()).isInstanceOf(CancelledException.class).hasMessageContaining("is closed");
    }

    @Test
    void closing_on_a_virtual_thread_works() throws Exception {
        Task<String> task = loop().task(() -> loop().<String>promise().await());
        loop().tick();

        var outside = Outside.startVirtual(() -> {
            loop().close();
            return loop().isClosed();
        });

        assertThat(outside.result()).isTrue();
        assertThat(task.isCancelled()).isTrue();
    }

    @Test
    void closing_inside_a_callback_or_a_task_throws() {
        loop().schedule(() -> {
            assertThatThrownBy(() -> loop().close()).isInstanceOf(IllegalStateException.class);
            log.add("callback");
        });
        Task<Boolean> task = loop().task(() -> {
            assertThatThrownBy(() -> loop().close()).isInstanceOf(IllegalStateException.class);
            return log.add("task");
        });

        loops.tickUntil(task::isDone);

        assertThat(log).containsExactly("callback", "task");
        assertThat(loop().isClosed()).isFalse();
    }

    @Test
    void an_interrupt_does_not_cut_closing_short_and_is_kept() {
        Thread.currentThread().interrupt();

        loop().close();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(loop().isClosed()).isTrue();
    }

    @Test
    void after_close_what_schedules_or_drives_throws_and_what_is_done_can_be_read() throws IOException {
        Promise<String> done = loop().promise();
        done.complete("value");
        Promise<String> pending = loop().promise();
        Handle timer = loop().schedule(Duration.ofSeconds(1), () -> {});
        loop().close();

        assertThatThrownBy(() -> loop().schedule(() -> {})).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loop().schedule(Duration.ofSeconds(1), () -> {}))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loop().run(() -> 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loop().tick()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loop().start()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(pending::await).isInstanceOf(CancelledException.class);
        assertThat(done.await()).isEqualTo("value");
        assertThat(pending.complete("late")).isTrue();
        assertThat(timer.cancel()).isTrue();
        assertThat(loop().toString()).contains("closed");
    }

    @Test
    void a_broken_selector_resumes_every_task_with_CancelledException_and_tells_their_callbacks() {
        Promise<String> promise = loop().promise();
        Task<String> task = loop().task(promise::await);
        task.onDone((value, failure) -> log.add("told"));
        loop().tick();
        loops.selector().breakWith(new IOException("on purpose"));

        assertThatThrownBy(() -> loop().tick()).hasRootCauseMessage("on purpose");

        assertThat(task.isCancelled()).isTrue();
        assertThat(log).containsExactly("told");
        loop().close();
    }

    @Test
    void a_broken_selector_of_a_started_loop_is_reported() {
        loop().start();
        Await.until("it sleeps", loops.selector()::blocked);
        var cause = new IOException("on purpose");

        loops.selector().breakWith(cause);

        assertThat(loops.reporter().await(Report.Thrown.class).cause()).hasRootCause(cause);
        Await.until("it is closed", loop()::isClosed);
    }

    @Test
    void an_error_of_the_selector_closes_the_loop_as_well() {
        Promise<String> promise = loop().promise();
        Task<String> task = loop().task(promise::await);
        loop().tick();
        loops.selector().breakWith(new StackOverflowError("on purpose"));

        assertThatThrownBy(() -> loop().tick()).hasRootCauseMessage("on purpose");

        assertThat(task.isCancelled()).isTrue();
        assertThat(loop().isClosed()).isTrue();
    }

    @Test
    void an_unchecked_exception_of_the_selector_closes_the_loop_as_well() {
        Promise<String> promise = loop().promise();
        Task<String> task = loop().task(promise::await);
        loop().tick();
        loops.selector().breakWith(new IllegalStateException("on purpose"));

        assertThatThrownBy(() -> loop().tick()).hasRootCauseMessage("on purpose");

        assertThat(task.isCancelled()).isTrue();
        assertThat(loop().isClosed()).isTrue();
    }

    /** Closes with Tasks that end once they are cancelled; the last of them needs some more ticks. */
    private void closesWithTasks(int count, int ticksOfCleanUp) {
        var ended = new ArrayList<Integer>();
        for (int i = 0; i < count; i++) {
            int n = i;
            loop().task("task " + i, () -> {
                try {
                    return loop().<String>promise().await();
                } finally {
                    for (int t = 0; t < ticksOfCleanUp && n == count - 1; t++) {
                        Promise<String> next = loop().promise();
                        loop().schedule(() -> next.complete(""));
                        next.await();
                    }
                    ended.add(n);
                }
            });
        }
        loop().tick();

        loop().close(Duration.ZERO);

        assertThat(ended).hasSize(count);
        assertThat(loops.reporter().take(Report.Survivors.class)).isEmpty();
    }

    @Test
    void many_tasks_that_end_after_the_deadline_are_no_survivors() {
        closesWithTasks(300, 0);
    }

    @Test
    void however_many_tasks_end_after_the_deadline_one_that_cleans_up_has_its_ticks() {
        closesWithTasks(300, 20);
    }
}
