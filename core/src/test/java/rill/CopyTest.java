package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** A copy waits and does not own. */
class CopyTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final Promise<Integer> signal = loop.promise();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void it_has_the_same_outcome() {
        var cause = new IOException("on purpose");
        Promise<Integer> failing = loop.promise();
        Future<Integer> copy = signal.copy();
        Future<Integer> failed = failing.copy();
        signal.complete(1);
        failing.fail(cause);

        assertThat(loops.settle(copy)).isEqualTo(1);
        assertThat(loops.failureOf(failed)).isSameAs(cause);
        assertThat(loops.settle(signal.copy())).isEqualTo(1);
    }

    @Test
    void cancelling_it_or_what_is_derived_from_it_does_not_go_upstream() {
        signal.copy().cancel();
        signal.copy().map(value -> value).cancel();
        signal.copy().copy().cancel();
        Future.any(signal.copy(), loop.promise()).cancel();
        Future<Integer> limited = signal.copy().timeout(Duration.ofSeconds(1));
        Task<Integer> task = loop.task(() -> signal.copy().await());
        loop.tick();
        task.cancel();
        loops.clock().advance(Duration.ofSeconds(1));

        assertThat(loops.failureOf(limited)).isInstanceOf(DeadlineException.class);
        assertThat(loops.failureOf(task)).isInstanceOf(CancelledException.class);
        assertThat(signal.isDone()).isFalse();
    }

    @Test
    void a_shutdown_signal_outlives_every_any_and_timeout_of_its_copies() {
        for (int i = 0; i < 1_000; i++) {
            Promise<Integer> message = loop.promise();
            Future<Integer> next = Future.any(message, signal.copy());
            message.complete(i);
            assertThat(loops.settle(next)).isEqualTo(i);
        }
        assertThat(signal.isDone()).isFalse();
        Future<Integer> last = Future.any(loop.promise(), signal.copy());
        signal.complete(-1);
        assertThat(loops.settle(last)).isEqualTo(-1);
    }

    @Test
    void as_long_as_it_waits_it_is_a_reason_to_go_on() {
        Future<Integer> copy = signal.copy();
        signal.map(value -> value).cancel();
        assertThat(signal.isDone()).isFalse();
        copy.cancel();
        assertThat(signal.isDone()).isFalse();
        signal.map(value -> value).cancel();
        assertThat(signal.isCancelled()).isTrue();
    }

    @Test
    void many_that_are_cancelled_leave_nothing() {
        var copies = new ArrayList<Future<Integer>>();
        for (int i = 0; i < 40_000; i++) {
            copies.add(signal.copy());
        }
        copies.forEach(Future::cancel);
        var told = new ArrayList<Integer>();
        signal.onDone((value, failure) -> told.add(value));
        assertThat(signal.waiting()).isEqualTo(1);
        signal.complete(1);
        loop.tick();
        assertThat(told).containsExactly(1);
    }
}
