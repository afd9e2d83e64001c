package rill;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Cancelling a Task throws at an await, once, and never interrupts. */
abstract class TaskCancelTest extends EngineTest {
    @Test
    void a_task_cancelled_before_its_start_never_begins() {
        Task<Boolean> task = loop().task(() -> log.add("wrong"));

        assertThat(task.cancel()).isTrue();

        assertThat(loops.failureOf(task)).isInstanceOf(CancelledException.class);
        assertThat(log).isEmpty();
        assertThat(task.cancel()).isFalse();
    }

    @Test
    void a_task_cancelled_while_it_awaits_throws_there_and_cancels_what_only_it_waits_for() {
        Promise<String> promise = loop().promise();
        Task<String> task = loop().task(() -> {
            try {
                return promise.await();
            } catch (CancelledException e) {
                log.add("interrupted: " + Thread.currentThread().isInterrupted());
                throw e;
            }
        });
        loop().tick();

        assertThat(task.cancel()).isTrue();

        assertThat(loops.failureOf(task)).isInstanceOf(CancelledException.class);
        assertThat(task.isCancelled()).isTrue();
        assertThat(promise.isCancelled()).isTrue();
        assertThat(log).containsExactly("interrupted: false");
    }

    @Test
    void a_future_that_two_tasks_await_survives_the_cancellation_of_one() {
        Promise<String> shared = loop().promise();
        Task<String> one = loop().task(shared::await);
        Task<String> two = loop().task(shared::await);
        loop().tick();
        one.cancel();
        assertThat(loops.failureOf(one)).isInstanceOf(CancelledException.class);
        assertThat(shared.isDone()).isFalse();

        shared.complete("value");

        assertThat(loops.settle(two)).isEqualTo("value");
    }

    @Test
    void a_task_cancelled_while_it_runs_throws_at_its_next_await_even_if_that_is_done() {
        var self = new Task<?>[1];
        Task<String> task = loop().task(() -> {
            self[0].cancel();
            log.add("goes on");
            return Future.of("value").await();
        });
        self[0] = task;

        assertThat(loops.failureOf(task)).isInstanceOf(CancelledException.class);
        assertThat(log).containsExactly("goes on");
    }

    @Test
    void a_task_cancelled_while_it_runs_that_does_not_await_again_gives_its_value() {
        var self = new Task<?>[1];
        Task<String> task = loop().task(() -> {
            self[0].cancel();
            return "value";
        });
        self[0] = task;

        assertThat(loops.settle(task)).isEqualTo("value");
    }

    /** Records that it was cancelled at the first, and continues by awaiting the second. */
    private Task<String> noticing(Future<String> first, Future<String> second) {
        return loop().task(() -> {
            try {
                first.await();
            } catch (CancelledException e) {
                log.add("cancelled");
            }
            return second.await();
        });
    }

    @Test
    void a_task_cancelled_twice_throws_twice_if_it_awaits_twice() {
        Promise<String> first = loop().promise();
        Promise<String> second = loop().promise();
        Task<String> task = noticing(first, second);
        loop().tick();
        task.cancel();
        loops.tickUntil(() -> log.size() == 1);
        assertThat(task.isDone()).isFalse();

        task.cancel();

        assertThat(loops.failureOf(task)).isInstanceOf(CancelledException.class);
        assertThat(second.isCancelled()).isTrue();
    }

    @Test
    void two_cancellations_before_it_has_noticed_count_once() {
        Promise<String> first = loop().promise();
        Promise<String> second = loop().promise();
        Task<String> task = noticing(first, second);
        loop().tick();
        task.cancel();
        task.cancel();
        loop().tick();
        loop().tick();
        second.complete("value");

        assertThat(loops.settle(task)).isEqualTo("value");
        assertThat(log).containsExactly("cancelled");
    }

    @Test
    void a_body_may_swallow_its_cancellation_and_return_a_value() {
        Promise<String> promise = loop().promise();
        Task<String> task = loop().task(() -> {
            try {
                return promise.await();
            } catch (CancelledException e) {
                return "swallowed";
            }
        });
        loop().tick();
        task.cancel();

        assertThat(loops.settle(task)).isEqualTo("swallowed");
        assertThat(task.isCancelled()).isFalse();
    }

    @Test
    void a_body_may_await_while_it_cleans_up_after_its_cancellation() {
        Promise<String> promise = loop().promise();
        Promise<String> cleaned = loop().promise();
        Task<String> task = loop().task(() -> {
            try {
                return promise.await();
            } finally {
                log.add(cleaned.await());
            }
        });
        loop().tick();
        task.cancel();
        loop().tick();
        cleaned.complete("cleaned");

        assertThat(loops.failureOf(task)).isInstanceOf(CancelledException.class);
        assertThat(log).containsExactly("cleaned");
    }

    @Test
    void a_value_that_came_before_the_cancellation_was_noticed_is_not_lost() {
        Promise<String> promise = loop().promise();
        Task<String> task = loop().task(promise::await);
        loop().tick();
        task.cancel();
        promise.complete("value");

        assertThat(loops.settle(task)).isEqualTo("value");
    }

    @Test
    void cancelling_a_task_that_awaits_another_loops_future_works() {
        Loop other = open();
        Promise<String> far = other.promise();
        Task<String> task = loop().task(far::await);
        loop().tick();

        task.cancel();

        assertThat(loops.failureOf(task)).isInstanceOf(CancelledException.class);
        assertThat(far.isCancelled()).isTrue();
    }

    @Test
    void cancelling_what_a_task_awaits_cancels_the_task() {
        Promise<String> promise = loop().promise();
        Task<String> task = loop().task(promise::await);
        loop().tick();

        promise.cancel();

        assertThat(loops.failureOf(task)).isInstanceOf(CancelledException.class);
    }

    @Test
    void the_last_derived_future_that_is_cancelled_cancels_the_task() {
        Promise<String> promise = loop().promise();
        Task<String> task = loop().task(promise::await);
        Future<Integer> derived = task.map(String::length);
        loop().tick();

        derived.cancel();

        assertThat(loops.failureOf(task)).isInstanceOf(CancelledException.class);
        assertThat(promise.isCancelled()).isTrue();
    }
}
