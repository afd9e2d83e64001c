package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** One Future: settling, callbacks, await on a thread outside, and conversion to and from CompletionStage. */
class FutureTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final Promise<String> promise = loop.promise();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void the_first_completion_wins() {
        assertThat(promise.complete("first")).isTrue();
        assertThat(promise.complete("second")).isFalse();
        assertThat(promise.fail(new IOException("late"))).isFalse();
        assertThat(promise.cancel()).isFalse();

        assertThat(promise.result()).isEqualTo("first");
        assertThat(promise.failure()).isNull();
        assertThat(promise.isCancelled()).isFalse();
    }

    @Test
    void the_first_failure_wins() {
        var cause = new IOException("first");
        assertThat(promise.fail(cause)).isTrue();
        assertThat(promise.complete("late")).isFalse();
        assertThat(promise.fail(new IOException("late"))).isFalse();

        assertThat(promise.failure()).isSameAs(cause);
        assertThatThrownBy(promise::result)
                .isInstanceOf(IllegalStateException.class)
                .hasCause(cause);
    }

    @Test
    void a_cancelled_promise_fails_with_CancelledException() {
        assertThat(promise.cancel()).isTrue();
        assertThat(promise.cancel()).isFalse();

        assertThat(promise.isDone()).isTrue();
        assertThat(promise.isCancelled()).isTrue();
        assertThat(promise.failure()).isInstanceOf(CancelledException.class);
    }

    @Test
    void the_result_of_a_pending_future_is_an_error_of_the_caller() {
        assertThatThrownBy(promise::result)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("await");
    }

    @Test
    void null_is_a_value() throws IOException {
        promise.complete(null);
        promise.onDone((value, failure) -> log.add(value + " " + failure));

        assertThat(loops.<String>settle(promise.map(value -> value))).isNull();
        assertThat(promise.await()).isNull();
        assertThat(log).containsExactly("null null");
    }

    @Test
    void callbacks_run_in_the_order_in_which_they_were_added() {
        var expected = new ArrayList<String>();
        for (int i = 0; i < 100; i++) {
            String name = "callback " + i;
            expected.add(name);
            promise.onDone((value, failure) -> log.add(name));
        }
        promise.complete("value");

        loop.tick();

        assertThat(log).isEqualTo(expected);
    }

    @Test
    void a_callback_gets_the_failure_and_counts_as_having_looked_at_it() {
        var cause = new IOException("on purpose");
        var seen = new AtomicReference<Throwable>();
        promise.onDone((value, failure) -> seen.set(failure));
        promise.fail(cause);

        loop.tick();

        assertThat(seen.get()).isSameAs(cause);
    }

    @Test
    void a_callback_added_later_runs_too_and_in_a_handle_of_its_own() {
        promise.complete("value");
        promise.onDone((value, failure) -> log.add("early"));
        loop.tick();
        promise.onDone((value, failure) -> log.add("late"));
        assertThat(log).containsExactly("early");

        loop.tick();

        assertThat(log).containsExactly("early", "late");
    }

    @Test
    void a_callback_that_throws_is_reported_once_and_the_others_run() {
        var failure = new IllegalStateException("on purpose");
        promise.onDone((value, ignored) -> log.add("before"));
        promise.onDone((value, ignored) -> {
            throw failure;
        });
        promise.onDone((value, ignored) -> log.add("after"));
        promise.complete("value");

        loop.tick();

        assertThat(log).containsExactly("before", "after");
        assertThat(loops.reporter().take(Report.Thrown.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).isSameAs(failure));
    }

    @Test
    void onCancel_runs_once_on_the_loop_and_only_if_it_is_cancelled() {
        Promise<String> completed = loop.promise();
        completed.onCancel(() -> log.add("wrong"));
        completed.complete("value");
        promise.onCancel(() -> log.add(Loop.current() == loop ? "stopped" : "elsewhere"));
        promise.cancel();
        promise.cancel();

        loop.tick();
        loop.tick();

        assertThat(log).containsExactly("stopped");
    }

    @Test
    void onCancel_said_after_the_cancellation_still_runs() {
        promise.cancel();
        loop.tick();
        promise.onCancel(() -> log.add("stopped"));

        loop.tick();

        assertThat(log).containsExactly("stopped");
    }

    @Test
    void onCancel_that_throws_is_reported() {
        promise.onCancel(() -> {
            throw new IllegalStateException("on purpose");
        });
        promise.onDone((value, failure) -> log.add("told"));
        promise.cancel();

        loop.tick();

        assertThat(log).containsExactly("told");
        assertThat(loops.reporter().take(Report.Thrown.class)).hasSize(1);
    }

    @Test
    void await_throws_an_IOException_or_unchecked_exception_or_error_itself() {
        for (Throwable cause : List.of(
                new IOException("io"), new IllegalArgumentException("unchecked"), new AssertionError("error"))) {
            Promise<String> failing = loop.promise();
            failing.fail(cause);
            assertThatThrownBy(failing::await).isSameAs(cause);
        }
    }

    @Test
    void await_wraps_other_checked_exceptions() {
        var cause = new Exception("checked");
        promise.fail(cause);

        assertThatThrownBy(promise::await)
                .isInstanceOf(CompletionException.class)
                .hasCause(cause);
    }

    @Test
    void of_and_failed_need_a_current_loop() {
        assertThatThrownBy(() -> Future.of(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Future.failed(new IOException())).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Future.all(List.of())).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Future.from(new CompletableFuture<>())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void submit_gives_the_result_or_the_failure_and_can_be_cancelled_before_it_runs() {
        var cause = new IOException("on purpose");
        Future<Integer> fine = loop.submit(() -> 42);
        Future<Integer> failing = loop.submit(() -> {
            throw cause;
        });
        Future<Boolean> cancelled = loop.submit(() -> log.add("wrong"));
        cancelled.cancel();

        assertThat(loops.settle(fine)).isEqualTo(42);
        assertThat(loops.failureOf(failing)).isSameAs(cause);
        assertThat(cancelled.isCancelled()).isTrue();
        assertThat(log).isEmpty();
    }

    @Test
    void a_completable_future_follows_and_its_cancellation_goes_upstream() {
        CompletableFuture<String> following = promise.toCompletableFuture();
        promise.complete("value");
        loop.tick();
        assertThat(following).isCompletedWithValue("value");

        Promise<String> other = loop.promise();
        other.toCompletableFuture().cancel(true);
        assertThat(other.isCancelled()).isTrue();

        Promise<String> failing = loop.promise();
        CompletableFuture<String> failed = failing.toCompletableFuture();
        failing.fail(new IOException("on purpose"));
        loop.tick();
        assertThat(failed).isCompletedExceptionally();
    }

    @Test
    void a_completable_future_fails_if_the_loop_closes_first() {
        CompletableFuture<String> following = promise.toCompletableFuture();
        loop.close();
        assertThatThrownBy(() -> following.get(1, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
    }

    @Test
    void a_completable_future_of_what_is_done_completes_even_after_its_loop_has_closed() {
        var cause = new IOException("on purpose");
        Promise<String> failed = loop.promise();
        Promise<String> pending = loop.promise();
        promise.complete("value");
        failed.fail(cause);
        failed.onDone((value, failure) -> {});
        loop.tick();
        loop.close();

        assertThat(promise.toCompletableFuture()).isCompletedWithValue("value");
        assertThat(failed.toCompletableFuture()).isCompletedExceptionally();
        assertThat(failed.toCompletableFuture().exceptionNow()).isSameAs(cause);
        assertThat(pending.toCompletableFuture()).isCompletedExceptionally();
    }

    @Test
    void after_the_loop_has_closed_no_callback_runs_but_whoever_waits_elsewhere_is_told() throws Exception {
        Loop other = loops.open();
        promise.complete("value");
        loop.tick();
        loop.close();

        promise.onDone((value, failure) -> log.add("wrong"));
        Task<String> task = other.task(promise::await);
        Future<List<String>> all = Future.all(other.submit(() -> "mine"), promise);

        assertThat(loops.settle(task)).isEqualTo("value");
        assertThat(loops.settle(all)).containsExactly("mine", "value");
        assertThat(promise.await()).isEqualTo("value");
        assertThat(log).isEmpty();
    }

    @Test
    void after_the_loop_has_closed_derived_futures_are_done_without_the_users_functions() {
        Promise<String> failed = loop.promise();
        promise.complete("value");
        failed.fail(new IOException("on purpose"));
        failed.onDone((value, failure) -> {});
        loop.tick();
        loop.close();

        assertThat(promise.timeout(Duration.ofSeconds(1)).result()).isEqualTo("value");
        assertThat(promise.copy().copy().result()).isEqualTo("value");
        assertThat(promise.recover(failure -> "wrong").result()).isEqualTo("value");
        assertThat(Future.all(promise, promise).result()).containsExactly("value", "value");
        assertThat(failed.map(value -> log.add("wrong")).failure()).hasMessage("on purpose");
        for (Future<?> needsAFunction : List.of(
                promise.map(value -> log.add("wrong")),
                promise.flatMap(value -> promise),
                failed.recover(failure -> "wrong"),
                loop.promise().timeout(Duration.ofSeconds(1)))) {
            assertThat(needsAFunction.failure())
                    .isInstanceOf(CancelledException.class)
                    .hasMessageContaining("closed");
        }
        assertThat(log).isEmpty();
    }

    @Test
    void a_timeout_made_after_the_loop_has_closed_gives_up_its_source() {
        loop.close();
        assertThat(promise.timeout(Duration.ofSeconds(1)).isCancelled()).isTrue();
        assertThat(promise.isCancelled()).isTrue();
    }

    @Test
    void what_is_derived_is_done_when_its_source_is_settled_after_the_loop_has_closed_however_long_the_chain() {
        Future<String> last = promise;
        for (int i = 0; i < 100_000; i++) {
            last = last.copy();
        }
        Future<Integer> mapped = last.map(String::length);
        loop.close();
        assertThat(last.isDone()).isFalse();

        promise.complete("value");

        assertThat(last.result()).isEqualTo("value");
        assertThat(mapped.isCancelled()).isTrue();
    }

    @Test
    void a_future_from_a_stage_follows_it_and_unwraps_its_failure() {
        var cause = new IOException("on purpose");
        var source = new CompletableFuture<String>();
        var failing = new CompletableFuture<String>();
        var cancelled = new CompletableFuture<String>();
        var made = new ArrayList<Future<String>>();
        loop.schedule(() -> {
            made.add(Future.from(source));
            made.add(Future.from(failing.thenApply(value -> value)));
            made.add(Future.from(cancelled));
        });
        loop.tick();

        source.complete("value");
        failing.completeExceptionally(cause);
        made.get(2).cancel();
        loop.tick();

        assertThat(made.get(0).result()).isEqualTo("value");
        assertThat(made.get(1).failure()).isSameAs(cause);
        assertThat(cancelled).isCancelled();
    }

    @Test
    void a_loop_makes_a_future_of_a_stage_on_any_thread() {
        var source = new CompletableFuture<String>();
        Future<String> made = loop.from(source);
        assertThat(made.executor()).isSameAs(loop);

        source.complete("value");
        loop.tick();

        assertThat(made.result()).isEqualTo("value");
    }
}
