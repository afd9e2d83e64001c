package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tasks: awaiting, order, results and failures. */
abstract class TaskTest extends EngineTest {
    @Test
    void the_loop_runs_tasks_with_the_engine_that_was_asked_for() {
        assertThat(loop().taskEngine()).isSameAs(engine());
    }

    @Test
    void a_body_begins_in_a_handle_and_never_inside_the_call_that_starts_it() {
        loop().schedule(() -> {
            loop().task(() -> log.add("body"));
            log.add("started");
        });

        loops.tickUntil(() -> log.size() == 2);

        assertThat(log).containsExactly("started", "body");
    }

    @Test
    void a_task_gives_what_its_body_returns_or_throws() {
        var cause = new IOException("on purpose");
        Task<Integer> fine = loop().task(() -> 42);
        Task<Integer> failing = loop().task(() -> {
            throw cause;
        });

        assertThat(loops.settle(fine)).isEqualTo(42);
        assertThat(loops.failureOf(failing)).isSameAs(cause);
    }

    @Test
    void a_body_that_raises_an_error_fails_its_task_and_never_the_loop() {
        var error = new StackOverflowError("on purpose");
        Task<Integer> failing = loop().task(() -> {
            throw error;
        });

        assertThat(loops.failureOf(failing)).isSameAs(error);
        assertThat(loops.settle(loop().task(() -> 1))).isEqualTo(1);
    }

    @Test
    void a_body_that_awaits_two_tasks_gets_their_results_in_argument_order_whichever_is_first() {
        for (boolean firstIsFirst : new boolean[] {true, false}) {
            Promise<String> a = loop().promise();
            Promise<String> b = loop().promise();
            Task<String> body = loop().task(() -> {
                Task<String> x = loop().task(a::await);
                Task<String> y = loop().task(b::await);
                return String.join(" ", Future.all(x, y).await());
            });
            loop().tick();
            loop().tick();
            (firstIsFirst ? a : b).complete(firstIsFirst ? "a" : "b");
            loop().tick();
            loop().tick();
            (firstIsFirst ? b : a).complete(firstIsFirst ? "b" : "a");

            assertThat(loops.settle(body)).isEqualTo("a b");
        }
    }

    @Test
    void awaiting_suspends_the_task_while_the_loop_goes_on() {
        Promise<String> promise = loop().promise();
        Task<String> task = loop().task(() -> {
            log.add("before");
            String value = promise.await();
            log.add("after");
            return value;
        });
        loop().tick();
        loop().schedule(() -> log.add("meanwhile"));
        loop().tick();
        promise.complete("value");

        assertThat(loops.settle(task)).isEqualTo("value");
        assertThat(log).containsExactly("before", "meanwhile", "after");
    }

    @Test
    void awaiting_what_is_done_does_not_suspend() {
        Task<String> task = loop().task(() -> {
            loop().schedule(() -> log.add("handle"));
            String value = Future.of("value").await();
            log.add("after");
            return value;
        });

        assertThat(loops.settle(task)).isEqualTo("value");
        loops.tickUntil(() -> log.size() == 2);
        assertThat(log).containsExactly("after", "handle");
    }

    @Test
    void await_in_a_callback_throws_even_if_it_is_done() {
        Promise<String> done = loop().promise();
        done.complete("value");
        var thrown = new ArrayList<Throwable>();
        Runnable tries = () -> {
            try {
                done.await();
            } catch (IllegalStateException | IOException e) {
                thrown.add(e);
            }
        };
        loop().schedule(tries);
        done.onDone((value, failure) -> tries.run());
        Task<Integer> task = loop().task(() -> 1);
        task.onDone((value, failure) -> tries.run());
        task.map(value -> {
            tries.run();
            return value;
        });
        loops.selector().inject(tries);

        loops.tickUntil(() -> thrown.size() == 5);

        assertThat(thrown)
                .allSatisfy(e ->
                        assertThat(e).isInstanceOf(IllegalStateException.class).hasMessageContaining("loop.task"));
    }

    @Test
    void a_task_that_awaits_a_future_of_another_loop_is_resumed_on_its_own() {
        Loop other = open();
        Promise<String> far = other.promise();
        Task<String> task = loop().task(() -> {
            String value = far.await();
            log.add(Loop.current() == loop() ? "own loop" : "wrong loop");
            return value;
        });
        loop().tick();
        other.schedule(() -> far.complete("value"));

        assertThat(loops.settle(task)).isEqualTo("value");
        assertThat(log).containsExactly("own loop");
    }

    @Test
    void run_gives_the_result_or_throws_the_failure_and_can_be_repeated() throws IOException {
        assertThat(loop().run(() -> loop().task(() -> 20).await() + 1)).isEqualTo(21);
        assertThat(loop().run(() -> 22)).isEqualTo(22);
        var cause = new IOException("on purpose");
        assertThatThrownBy(() -> loop().run(() -> {
                    throw cause;
                }))
                .isSameAs(cause);
    }

    @Test
    void nested_driving_in_a_task_throws() throws IOException {
        loop().run(() -> {
            assertThatThrownBy(() -> loop().run(() -> 1)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> loop().tick()).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> loop().start()).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> loop().close()).isInstanceOf(IllegalStateException.class);
            return log.add("checked");
        });

        assertThat(log).containsExactly("checked");
    }

    @Test
    void run_works_on_a_virtual_thread() throws Exception {
        var outside = Outside.startVirtual(() -> loop().run(() -> {
            Promise<String> promise = loop().promise();
            loop().schedule(() -> promise.complete("value"));
            return promise.await();
        }));

        assertThat(outside.result()).isEqualTo("value");
    }

    @Test
    void tick_on_a_virtual_thread_says_that_it_is_impossible() throws Exception {
        Task<Integer> task = loop().task(() -> 1);

        Throwable failure = Outside.startVirtual(loop()::tick).failure();

        assertThat(failure).isInstanceOf(IllegalStateException.class).hasMessageContaining("platform thread");
        assertThat(loops.settle(task)).isEqualTo(1);
    }

    @Test
    void a_timer_wakes_a_task() {
        Task<Long> task = loop().task(() -> {
            long start = loop().nanoTime();
            Promise<Void> over = loop().promise();
            loop().schedule(Duration.ofSeconds(3), () -> over.complete(null));
            over.await();
            return loop().nanoTime() - start;
        });
        loop().tick();
        loops.clock().advance(Duration.ofSeconds(3));

        assertThat(loops.settle(task)).isEqualTo(3_000_000_000L);
    }

    @Test
    void a_body_may_await_deep_within_its_recursion() {
        Promise<Integer> bottom = loop().promise();
        Task<Integer> task = loop().task(() -> descend(2_000, bottom));
        loop().tick();
        bottom.complete(0);

        assertThat(loops.settle(task)).isEqualTo(2_000);
    }

    private static int descend(int levels, Future<Integer> bottom) throws IOException {
        return levels == 0 ? bottom.await() : 1 + descend(levels - 1, bottom);
    }

    @Test
    @Tag("slow")
    void ten_thousand_tasks_await_at_the_same_time() {
        Promise<Integer> signal = loop().promise();
        var sum = new AtomicInteger();
        var tasks = new ArrayList<Task<Integer>>();
        for (int i = 0; i < 10_000; i++) {
            tasks.add(loop().task(() -> sum.addAndGet(signal.await())));
        }
        loops.tickUntil(() -> !loop().ticking().hasWork());
        signal.complete(1);

        loops.tickUntil(() -> tasks.stream().allMatch(Future::isDone));

        assertThat(sum).hasValue(10_000);
    }

    @Test
    void many_awaits_in_a_row_do_not_grow_anything() {
        Task<Integer> task = loop().task(() -> {
            int sum = 0;
            for (int i = 0; i < 5_000; i++) {
                Promise<Integer> promise = loop().promise();
                loop().schedule(() -> promise.complete(1));
                sum += promise.await();
            }
            return sum;
        });

        assertThat(loops.settle(task)).isEqualTo(5_000);
    }
}
