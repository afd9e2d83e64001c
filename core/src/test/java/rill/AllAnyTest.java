package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** all, any and settled: order, the first failure or result, and what becomes of the rest. */
class AllAnyTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final Promise<Integer> promise = loop.promise();
    private final Promise<Integer> other = loop.promise();
    private final IOException cause = new IOException("on purpose");

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void all_gives_the_results_in_the_order_of_the_arguments() {
        Future<List<Integer>> all = Future.all(promise, other);
        other.complete(2);
        loop.tick();
        assertThat(all.isDone()).isFalse();
        promise.complete(1);

        assertThat(loops.settle(all)).containsExactly(1, 2);
    }

    @Test
    void all_takes_null_the_same_future_twice_and_futures_that_are_done() {
        promise.complete(null);
        Future<List<Integer>> all = Future.all(promise, other, other);
        other.complete(2);

        assertThat(loops.settle(all)).containsExactly(null, 2, 2);
    }

    @Test
    void all_of_nothing_is_done_at_once() {
        var made = new AtomicReference<Future<List<Integer>>>();
        loop.schedule(() -> {
            made.set(Future.all(List.of()));
            assertThat(made.get().isDone()).isTrue();
        });
        loop.tick();

        assertThat(made.get().result()).isEmpty();
        assertThat(made.get().executor()).isSameAs(loop);
    }

    @Test
    void all_fails_with_the_first_failure_and_cancels_the_rest() {
        Promise<Integer> third = loop.promise();
        Future<List<Integer>> all = Future.all(promise, other, third);
        promise.complete(1);
        other.fail(cause);

        assertThat(loops.failureOf(all)).isSameAs(cause);
        assertThat(third.isCancelled()).isTrue();
    }

    @Test
    void all_spares_a_part_that_somebody_else_waits_for() {
        Future<Integer> elsewhere = promise.map(value -> value);
        Future<List<Integer>> all = Future.all(promise, other);
        other.fail(cause);
        assertThat(loops.failureOf(all)).isSameAs(cause);

        assertThat(promise.isDone()).isFalse();
        promise.complete(1);
        assertThat(loops.settle(elsewhere)).isEqualTo(1);
    }

    @Test
    void all_cancels_the_rest_even_if_a_part_has_failed_before() {
        promise.fail(cause);

        Future<List<Integer>> all = Future.all(promise, other);

        assertThat(loops.failureOf(all)).isSameAs(cause);
        assertThat(other.isCancelled()).isTrue();
    }

    @Test
    void cancelling_all_cancels_every_part() {
        Future.all(promise, other).cancel();

        assertThat(promise.isCancelled()).isTrue();
        assertThat(other.isCancelled()).isTrue();
    }

    @Test
    void any_gives_the_first_result_and_cancels_the_rest() {
        Future<Integer> any = Future.any(promise, other);
        other.complete(2);

        assertThat(loops.settle(any)).isEqualTo(2);
        assertThat(promise.isCancelled()).isTrue();
    }

    @Test
    void any_of_one_that_is_done_cancels_the_rest() {
        promise.complete(1);

        Future<Integer> any = Future.any(promise, other);

        assertThat(loops.settle(any)).isEqualTo(1);
        assertThat(other.isCancelled()).isTrue();
    }

    @Test
    void any_passes_over_failures_and_fails_with_the_last_one() {
        Promise<Integer> third = loop.promise();
        Future<Integer> lucky = Future.any(promise, third);
        Future<Integer> unlucky = Future.any(promise, other);
        promise.fail(new IOException("first"));
        loop.tick();
        other.fail(cause);
        third.complete(3);

        assertThat(loops.settle(lucky)).isEqualTo(3);
        assertThat(loops.failureOf(unlucky)).isSameAs(cause);
    }

    @Test
    void any_of_nothing_is_an_error_of_the_caller() {
        assertThatThrownBy(() -> Future.any(List.of())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void settled_is_done_once_all_are_and_leaves_each_its_outcome() {
        Promise<Integer> third = loop.promise();
        third.cancel();
        Future<?> settled = Future.settled(promise, other, third, promise);
        promise.fail(cause);
        loop.tick();
        assertThat(settled.isDone()).isFalse();
        other.complete(2);
        loop.tick();

        assertThat(settled.isDone()).isTrue();
        assertThat(settled.failure()).isNull();
        assertThat(settled.result()).isNull();
        assertThat(promise.failure()).isSameAs(cause);
        assertThat(other.result()).isEqualTo(2);
    }

    @Test
    void settled_of_what_is_done_and_of_nothing_is_done_at_once() {
        promise.complete(1);
        other.fail(cause);
        assertThat(Future.settled(List.of(promise, other)).isDone()).isTrue();
        assertThat(other.failure()).isSameAs(cause);
        assertThat(loops.settle(loop.submit(() -> Future.settled(List.of()).isDone())))
                .isTrue();
        assertThatThrownBy(() -> Future.settled(List.of())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void settled_leaves_a_value_to_whoever_asks_for_it() {
        var returned = new ArrayList<String>();
        Promise<String> thing = loop.promise(returned::add);
        Promise<String> early = loop.promise(returned::add);
        early.complete("early");
        Future<?> settled = Future.settled(thing, early, promise);
        thing.complete("a thing");
        loop.tick();
        promise.complete(1);
        loops.settle(settled);

        assertThat(returned).isEmpty();
        assertThat(thing.result()).isEqualTo("a thing");
        assertThat(early.result()).isEqualTo("early");
    }

    @Test
    void settled_does_not_look_at_failures() {
        Promise<Integer> before = loop.promise();
        before.fail(new IOException("before"));
        Future<?> settled = Future.settled(promise, other, before);
        other.map(value -> value).onDone((value, failure) -> {});
        promise.fail(cause);
        other.fail(new IOException("looked at"));
        loops.settle(settled);
        assertThat(before.failure()).isNotNull();
        loop.close();

        assertThat(loops.reporter().take(Report.Unobserved.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).isSameAs(cause));
    }

    @Test
    void a_failed_task_is_looked_at_in_time_by_whoever_waits_for_the_others_first() {
        Task<Object> failing = loop.task("failing", () -> {
            throw cause;
        });
        Future<?> settled = Future.settled(failing, other);
        loops.clock().advance(Duration.ofSeconds(3));
        loops.settle();
        other.complete(1);
        loops.settle(settled);
        assertThat(failing.failure()).isSameAs(cause);
        loops.clock().advance(Duration.ofSeconds(3));
        loops.settle();
        loop.close();

        assertThat(loops.reporter().take(Report.Unobserved.class)).isEmpty();
    }

    @Test
    void a_failed_task_at_which_nobody_looks_is_reported_once_the_others_have_settled() {
        Task<Object> failing = loop.task("failing", () -> {
            throw cause;
        });
        Future<?> settled = Future.settled(failing, other);
        loops.settle();
        other.complete(1);
        loops.settle(settled);
        loops.clock().advance(Duration.ofSeconds(3));
        loops.settle();

        assertThat(loops.reporter().take(Report.Unobserved.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).isSameAs(cause));
    }

    @Test
    void cancelling_settled_gives_up_what_is_pending() {
        Promise<Integer> third = loop.promise();
        Future<Integer> elsewhere = third.map(value -> value);
        promise.complete(1);
        Future.settled(promise, other, third).cancel();

        assertThat(promise.result()).isEqualTo(1);
        assertThat(other.isCancelled()).isTrue();
        assertThat(elsewhere.isDone()).isFalse();
        third.complete(3);
        assertThat(loops.settle(elsewhere)).isEqualTo(3);
    }

    @Test
    void settled_is_done_although_the_loop_of_a_part_closes() {
        Loop second = loops.open();
        Promise<Integer> far = second.promise();
        Future<?> settled = Future.settled(promise, far);
        promise.complete(1);
        second.close();
        loops.settle(settled);

        assertThat(far.isCancelled()).isTrue();
    }

    @Test
    void parts_may_belong_to_two_loops() {
        Loop second = loops.open();
        Promise<Integer> far = second.promise();
        Future<List<Integer>> all = Future.all(promise, far);
        Future<Integer> flat = promise.flatMap(value -> far);
        var where = new ArrayList<Loop>();
        all.onDone((value, failure) -> where.add(Loop.current()));
        flat.onDone((value, failure) -> where.add(Loop.current()));
        promise.complete(1);
        far.complete(2);

        assertThat(loops.settle(all)).containsExactly(1, 2);
        assertThat(loops.settle(flat)).isEqualTo(2);
        loops.tickUntil(() -> where.size() == 2);
        assertThat(all.executor()).isSameAs(loop);
        assertThat(where).containsExactly(loop, loop);
    }
}
