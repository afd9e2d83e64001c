package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** Callbacks are never nested: neither in the call that completes, nor in one another. */
class CallbackTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void callbacks_do_not_run_inside_complete() {
        Promise<String> promise = loop.promise();
        promise.onDone((value, failure) -> log.add(value));
        loop.schedule(() -> {
            promise.complete("value");
            log.add("after complete");
        });

        loops.tickUntil(() -> log.size() == 2);

        assertThat(log).containsExactly("after complete", "value");
    }

    @Test
    void callbacks_do_not_run_inside_onDone_even_if_it_is_done() {
        loop.schedule(() -> {
            Future<String> done = Future.of("value");
            done.onDone((value, failure) -> log.add(value));
            done.map(value -> log.add("mapped"));
            log.add("after onDone");
        });

        loops.tickUntil(() -> log.size() == 3);

        assertThat(log).containsExactly("after onDone", "value", "mapped");
    }

    @Test
    void callbacks_do_not_run_inside_cancel() {
        Promise<String> promise = loop.promise();
        promise.onCancel(() -> log.add("stopped"));
        promise.onDone((value, failure) -> log.add("callback"));
        Future<String> derived = promise.map(value -> value);
        loop.schedule(() -> {
            promise.cancel();
            log.add("after cancel");
        });

        loops.tickUntil(derived::isDone);

        assertThat(log).containsExactly("after cancel", "stopped", "callback");
        assertThat(derived.isCancelled()).isTrue();
    }

    @Test
    void a_nested_tick_or_run_throws() {
        loop.schedule(() -> {
            assertThatThrownBy(loop::tick).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> loop.run(() -> 1)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(loop::start).isInstanceOf(IllegalStateException.class);
            log.add("checked");
        });

        loop.tick();

        assertThat(log).containsExactly("checked");
        loops.reporter().assertNone();
    }

    @Test
    void a_tick_within_the_callback_of_another_loop_throws() {
        Loop other = loops.open();
        loop.schedule(() -> {
            assertThatThrownBy(other::tick).isInstanceOf(IllegalStateException.class);
            log.add("checked");
        });

        loop.tick();

        assertThat(log).containsExactly("checked");
    }
}
