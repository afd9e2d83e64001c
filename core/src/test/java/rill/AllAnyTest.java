package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** all and any: order, the first failure or result, and what becomes of the rest. */
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
