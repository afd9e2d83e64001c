package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** Functions of Futures that throw or return another Future, bodies without a result, and Futures that are already done. */
class FutureFunctionsTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();

    @AfterEach
    void close() {
        loops.close();
    }

    private static String fails(Object why) throws IOException {
        throw new FileNotFoundException("of " + why);
    }

    @Test
    void a_function_may_throw_an_io_exception_which_is_the_failure() {
        assertThat(loops.failureOf(loop.done("a").map(FutureFunctionsTest::fails)))
                .isInstanceOf(FileNotFoundException.class)
                .hasMessage("of a");
        assertThat(loops.failureOf(loop.done("b").flatMap(value -> loop.done(fails(value)))))
                .isInstanceOf(FileNotFoundException.class);
        assertThat(loops.failureOf(loop.failed(new IOException("c")).recover(FutureFunctionsTest::fails)))
                .isInstanceOf(FileNotFoundException.class);
        assertThat(loops.failureOf(loop.failed(new IOException("d")).recoverWith(why -> loop.done(fails(why)))))
                .isInstanceOf(FileNotFoundException.class);
    }

    @Test
    void recover_with_goes_on_with_another_future_after_a_failure_only() {
        Promise<String> first = loop.promise();
        Promise<String> second = loop.promise();
        var causes = new ArrayList<Throwable>();
        Future<String> recovered = first.recoverWith(why -> {
            causes.add(why);
            return second;
        });
        var cause = new IOException("first");
        first.fail(cause);
        loop.tick();
        assertThat(causes).containsExactly(cause);
        assertThat(recovered.isDone()).isFalse();
        second.complete("second");
        assertThat(loops.settle(recovered)).isEqualTo("second");

        assertThat(loops.settle(loop.done("value").recoverWith(why -> loop.failed(why))))
                .isEqualTo("value");
        assertThat(loops.settle(loop.<String>failed(cause).recoverWith(why -> loop.done("at once"))))
                .isEqualTo("at once");
        assertThat(loops.failureOf(loop.failed(cause).recoverWith(why -> loop.failed(new IOException("again")))))
                .hasMessage("again");
    }

    @Test
    void recovering_from_one_kind_of_failure_lets_others_pass() {
        var other = new IllegalStateException("a mistake");
        var late = new DeadlineException("late");
        assertThat(loops.settle(loop.<String>failed(late).recover(IOException.class, Throwable::getMessage)))
                .isEqualTo("late");
        assertThat(loops.failureOf(loop.<String>failed(other).recover(IOException.class, why -> "hidden")))
                .isSameAs(other);
        assertThat(loops.settle(
                        loop.<String>failed(late).recoverWith(IOException.class, why -> loop.done(why.getMessage()))))
                .isEqualTo("late");
        assertThat(loops.failureOf(
                        loop.<String>failed(other).recoverWith(IOException.class, why -> loop.done("hidden"))))
                .isSameAs(other);
        assertThat(loops.settle(loop.done("value").recover(IOException.class, why -> "hidden")))
                .isEqualTo("value");
    }

    @Test
    void a_failure_that_passes_a_recovery_of_another_kind_is_reported_if_nobody_looks() {
        var _ = loop.<String>failed(new IllegalStateException("a mistake")).recover(IOException.class, why -> "hidden");
        loops.settle();
        loop.close();
        assertThat(loops.reporter().take(Report.Unobserved.class)).hasSize(1);
    }

    @Test
    void cancelling_what_recovers_cancels_what_it_waits_for_first_one_and_then_the_other() {
        Promise<String> first = loop.promise();
        first.recoverWith(why -> loop.done("other")).cancel();
        loop.tick();
        assertThat(first.isCancelled()).isTrue();

        Promise<String> second = loop.promise();
        Future<String> recovered = loop.<String>failed(new IOException("first")).recoverWith(why -> second);
        loop.tick();
        loop.tick();
        recovered.cancel();
        loop.tick();
        assertThat(second.isCancelled()).isTrue();
    }

    @Test
    void recover_with_never_asks_its_function_once_the_loop_is_closed() {
        Loop other = loops.open();
        Promise<String> pending = other.promise();
        var asked = new ArrayList<Throwable>();
        Future<String> recovered = pending.recoverWith(why -> {
            asked.add(why);
            return other.done("late");
        });
        other.closeNow();
        pending.fail(new IOException("late"));
        assertThat(asked).isEmpty();
        assertThat(recovered.failure()).isInstanceOf(CancelledException.class);
    }

    // ---- bodies without a result

    @Test
    void run_task_and_submit_take_bodies_without_a_result() throws Exception {
        var ran = new ArrayList<String>();
        loop.run(() -> {
            loop.task(() -> {
                        ran.add("task");
                    })
                    .await();
            loop.task("named", () -> {
                        ran.add(Thread.currentThread().getName());
                    })
                    .await();
            loop.submit(() -> {
                        ran.add("submitted");
                    })
                    .await();
            ran.add("run");
        });
        assertThat(ran).hasSize(4).contains("task", "submitted", "run").anyMatch(each -> each.contains("named"));
    }

    @Test
    void a_body_with_a_result_is_still_taken_for_one() throws IOException {
        String result = loop.run(() -> "result");
        int length = loop.run(result::length);
        assertThat(length).isEqualTo(6);
        Future<Integer> submitted = loop.submit(result::length);
        assertThat(loops.settle(submitted)).isEqualTo(6);
    }

    @Test
    void a_body_without_a_result_may_throw_what_it_likes() {
        assertThatThrownBy(() -> loop.run(() -> {
                    fails("a body");
                }))
                .isInstanceOf(FileNotFoundException.class);
        assertThat(loops.failureOf(loop.submit(() -> {
                    fails("work");
                })))
                .isInstanceOf(FileNotFoundException.class);
    }

    @Test
    void a_task_without_a_result_is_named_after_its_body() {
        Task<Void> task = loop.task(() -> {
            loop.name();
        });
        assertThat(task.name()).contains(FutureFunctionsTest.class.getSimpleName());
        loops.settle(task);
    }

    // ---- done and failed

    @Test
    void a_thread_outside_gets_futures_that_are_done_from_the_loop() throws Exception {
        Future<String> done = Outside.start(() -> loop.done("value")).result();
        assertThat(done.result()).isEqualTo("value");
        assertThat(done.executor()).isSameAs(loop);
        var cause = new IOException("why");
        Future<String> failed = Outside.start(() -> loop.<String>failed(cause)).result();
        assertThat(failed.failure()).isSameAs(cause);
    }

    @Test
    void what_has_failed_already_is_reported_if_nobody_looks_at_it() {
        loop.failed(new IOException("nobody looks"));
        loop.close(java.time.Duration.ZERO);
        assertThat(loops.reporter().take(Report.Unobserved.class)).hasSize(1);
    }
}
