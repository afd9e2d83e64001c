package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** Long chains of derived Futures, and cancellation that travels up a tree of them. */
class ChainTest {
    private static final int LONG = 100_000;

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final Promise<Integer> promise = loop.promise();

    @AfterEach
    void close() {
        loops.close();
    }

    private static Future<Integer> chain(Future<Integer> start, int length) {
        Future<Integer> last = start;
        for (int i = 0; i < length; i++) {
            last = last.map(value -> value + 1);
        }
        return last;
    }

    @Test
    void a_chain_settles_in_the_handle_of_its_first_future() {
        Future<Integer> last = chain(promise, Tick.CHAIN_LIMIT);
        promise.complete(0);

        loop.tick();

        assertThat(last.result()).isEqualTo(Tick.CHAIN_LIMIT);
    }

    @Test
    void a_chain_of_100_000_settles_without_overflowing_the_stack() {
        Future<Integer> last = chain(promise, LONG);
        promise.complete(0);

        assertThat(loops.settle(last)).isEqualTo(LONG);
    }

    @Test
    void a_failure_goes_down_a_chain_of_100_000() {
        Future<Integer> last = chain(promise, LONG);
        var cause = new IllegalStateException("on purpose");
        promise.fail(cause);

        assertThat(loops.failureOf(last)).isSameAs(cause);
    }

    @Test
    void cancelling_a_chain_of_100_000_does_not_overflow_the_stack() {
        chain(promise, LONG).cancel();

        assertThat(promise.isCancelled()).isTrue();
    }

    @Test
    void a_chain_of_100_000_flatMaps_does_not_overflow_the_stack() {
        Future<Integer> last = promise.flatMap(this::countDown);
        promise.complete(LONG);

        assertThat(loops.settle(last)).isZero();
    }

    private Future<Integer> countDown(int n) {
        Future<Integer> next = Future.of(n);
        for (int i = 0; i < n; i++) {
            next = next.flatMap(value -> Future.of(value - 1));
        }
        return next;
    }

    @Test
    void other_handles_get_their_turn_within_a_very_long_chain() {
        List<String> log = new ArrayList<>();
        Future<Integer> last = chain(promise, LONG);
        last.onDone((value, failure) -> log.add("end of the chain"));
        promise.complete(0);
        loop.schedule(() -> log.add("handle"));

        loops.tickUntil(() -> log.size() == 2);

        assertThat(log).containsExactly("handle", "end of the chain");
    }

    @Test
    void cancellation_goes_upstream_only_with_the_last_dependent() {
        Future<Integer> one = promise.map(value -> value);
        Future<Integer> two = promise.map(value -> value);

        one.cancel();
        assertThat(promise.isDone()).isFalse();
        two.cancel();

        assertThat(promise.isCancelled()).isTrue();
    }

    @Test
    void a_callback_counts_as_a_dependent_that_never_cancels() {
        promise.onDone((value, failure) -> {});

        promise.map(value -> value).cancel();

        assertThat(promise.isDone()).isFalse();
    }

    @Test
    void cancelling_the_source_of_many_reaches_them_all() {
        var derived = new ArrayList<Future<Integer>>();
        for (int i = 0; i < 10; i++) {
            derived.add(promise.map(value -> value));
        }
        promise.cancel();

        loop.tick();

        assertThat(derived).allMatch(Future::isCancelled);
    }
}
