package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** map, flatMap, recover, timeout: with a value, a failure, a cancellation. */
class CombinatorTest {
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
    void map_gives_the_mapped_value_the_failure_or_what_the_mapping_throws() {
        Future<String> mapped = promise.map(value -> "is " + value);
        Future<String> throwing = promise.map(value -> {
            throw new IllegalStateException("mapping");
        });
        Future<String> failing = other.map(value -> "never");
        promise.complete(1);
        other.fail(cause);

        assertThat(loops.settle(mapped)).isEqualTo("is 1");
        assertThat(loops.failureOf(throwing)).hasMessage("mapping");
        assertThat(loops.failureOf(failing)).isSameAs(cause);
    }

    @Test
    void map_of_a_cancelled_future_is_cancelled() {
        Future<Integer> mapped = promise.map(value -> value);
        promise.cancel();

        assertThat(loops.failureOf(mapped)).isInstanceOf(CancelledException.class);
        assertThat(mapped.isCancelled()).isTrue();
    }

    @Test
    void flatMap_gives_what_the_inner_future_gives() {
        Future<Integer> pendingInner = promise.flatMap(value -> other);
        Future<Integer> doneInner = promise.flatMap(value -> Future.of(value + 1));
        Future<Integer> failedInner = promise.flatMap(value -> Future.failed(cause));
        promise.complete(1);

        assertThat(loops.settle(doneInner)).isEqualTo(2);
        assertThat(loops.failureOf(failedInner)).isSameAs(cause);
        assertThat(pendingInner.isDone()).isFalse();
        other.complete(7);
        assertThat(loops.settle(pendingInner)).isEqualTo(7);
    }

    @Test
    void flatMap_fails_with_its_source_or_a_mapping_that_throws_or_gives_null() {
        Future<Integer> throwing = promise.flatMap(value -> {
            throw new IllegalStateException("mapping");
        });
        Future<Integer> giving = promise.flatMap(value -> null);
        Future<Integer> failing = other.flatMap(value -> promise);
        promise.complete(1);
        other.fail(cause);

        assertThat(loops.failureOf(throwing)).hasMessage("mapping");
        assertThat(loops.failureOf(giving)).isInstanceOf(NullPointerException.class);
        assertThat(loops.failureOf(failing)).isSameAs(cause);
    }

    @Test
    void flatMap_passes_a_cancellation_to_whichever_future_it_waits_for() {
        Future<Integer> outer = promise.flatMap(value -> other);
        promise.complete(1);
        loop.tick();

        outer.cancel();

        assertThat(other.isCancelled()).isTrue();
        Promise<Integer> first = loop.promise();
        first.flatMap(value -> other).cancel();
        assertThat(first.isCancelled()).isTrue();
    }

    @Test
    void recover_turns_a_failure_into_a_value_and_lets_a_value_pass() {
        Future<Integer> recovered = other.recover(failure -> failure == cause ? -1 : -2);
        Future<Integer> passed = promise.recover(failure -> -1);
        Future<Integer> throwing = other.recover(failure -> {
            throw new IllegalStateException("recovery");
        });
        promise.complete(1);
        other.fail(cause);

        assertThat(loops.settle(recovered)).isEqualTo(-1);
        assertThat(loops.settle(passed)).isEqualTo(1);
        assertThat(loops.failureOf(throwing)).hasMessage("recovery");
    }

    @Test
    void timeout_fails_and_cancels_the_source_when_the_limit_has_passed() {
        Future<Integer> limited = promise.timeout(Duration.ofMillis(5));
        loop.tick();
        loops.clock().advance(Duration.ofMillis(4));
        loop.tick();
        assertThat(limited.isDone()).isFalse();
        loops.clock().advance(Duration.ofMillis(1));

        assertThat(loops.failureOf(limited))
                .isInstanceOf(DeadlineException.class)
                .hasMessageContaining("5 ms");
        assertThat(promise.isCancelled()).isTrue();
    }

    @Test
    void timeout_does_not_cancel_a_source_that_somebody_else_waits_for() {
        Future<Integer> patient = promise.map(value -> value + 1);
        Future<Integer> limited = promise.timeout(Duration.ofMillis(5));
        loop.tick();
        loops.clock().advance(Duration.ofMillis(5));
        assertThat(loops.failureOf(limited)).isInstanceOf(DeadlineException.class);
        assertThat(promise.isDone()).isFalse();

        promise.complete(1);

        assertThat(loops.settle(patient)).isEqualTo(2);
    }

    @Test
    void timeout_that_is_not_needed_passes_the_outcome_and_leaves_no_timer() {
        Future<Integer> value = promise.timeout(Duration.ofMillis(5));
        Future<Integer> failure = other.timeout(Duration.ofMillis(5));
        promise.complete(1);
        other.fail(cause);

        assertThat(loops.settle(value)).isEqualTo(1);
        assertThat(loops.failureOf(failure)).isSameAs(cause);
        loops.clock().advance(Duration.ofSeconds(1));
        assertThat(loop.tick()).isFalse();
    }

    @Test
    void timeout_of_zero_or_less_fails_unless_it_is_done_by_then() {
        Promise<Integer> settledLater = loop.promise();
        promise.complete(1);
        loop.tick();
        Future<Integer> done = promise.timeout(Duration.ZERO);
        Future<Integer> doneBefore = promise.timeout(Duration.ofSeconds(Long.MIN_VALUE));
        Future<Integer> inTime = settledLater.timeout(Duration.ZERO);
        Future<Integer> late = other.timeout(Duration.ZERO);
        settledLater.complete(2);

        assertThat(loops.settle(done)).isEqualTo(1);
        assertThat(loops.settle(doneBefore)).isEqualTo(1);
        assertThat(loops.settle(inTime)).isEqualTo(2);
        assertThat(loops.failureOf(late)).isInstanceOf(DeadlineException.class);
    }

    @Test
    void timeout_of_all_the_time_there_is_can_even_expire() {
        Future<Integer> limited = promise.timeout(Duration.ofSeconds(Long.MAX_VALUE));
        loop.tick();
        loops.clock().advanceNanos(Long.MAX_VALUE / 2);

        assertThat(loops.failureOf(limited)).isInstanceOf(DeadlineException.class);
    }
}
