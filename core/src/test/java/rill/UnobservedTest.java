package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.TextLines;

/** A failure that nobody looked at is reported once; one that somebody looked at, never. */
class UnobservedTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final IOException cause = new IOException("on purpose");

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void it_is_reported_once_when_the_future_is_garbage() {
        failAndDrop();

        Await.until("it is reported", () -> {
            System.gc();
            loop.tick();
            return !loops.reporter().reports().isEmpty();
        });
        loop.close();

        assertThat(loops.reporter().take(Report.Unobserved.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).isSameAs(cause));
    }

    @Test
    void when_tracing_the_report_says_where_the_future_was_made() {
        Loop tracing = loops.open(options -> options.tracing(true));
        tracing.promise().fail(cause);
        tracing.close();

        assertThat(loops.reporter().take(Report.Unobserved.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause().getSuppressed())
                        .singleElement()
                        .satisfies(origin -> assertThat(origin.getStackTrace())
                                .anySatisfy(frame ->
                                        assertThat(frame.getClassName()).isEqualTo(UnobservedTest.class.getName()))));
    }

    @Test
    void a_cause_that_many_share_is_left_as_it_is_by_those_that_are_looked_at() {
        Loop tracing = loops.open(options -> options.tracing(true));
        for (int i = 0; i < 10; i++) {
            Promise<String> seen = tracing.promise();
            seen.fail(cause);
            assertThat(seen.failure()).isSameAs(cause);
        }
        assertThat(cause.getSuppressed()).isEmpty();
    }

    @Test
    void what_a_reporter_writes_leaves_although_nothing_else_happens() throws IOException {
        var to = new AtomicReference<Connection<String, String>>();
        var received = new AtomicReference<String>();
        var told = new AtomicBoolean();
        Loop peer = loops.open();
        Loop reporting = loops.open(options -> options.reporter(report -> {
            if (report instanceof Report.Unobserved) {
                to.get().write("told");
                told.set(true);
            }
        }));
        Listener listener = loops.settle(peer.listen(
                new InetSocketAddress("127.0.0.1", 0),
                TextLines.pipeline(),
                connection -> connection.onMessage(received::set)));
        to.set(loops.settle(reporting.connect(listener.address(), TextLines.pipeline())));
        loops.settle();
        dropFailureOf(reporting);
        var goesOn = new AtomicBoolean();
        Await.until("it is reported", () -> {
            System.gc();
            goesOn.set(reporting.tick());
            return told.get();
        });
        assertThat(goesOn).as("something waits to be written").isTrue();
        peer.start();
        reporting.start(); // and does not fall asleep before
        Await.until("it has arrived", () -> "told".equals(received.get()));
    }

    private void dropFailureOf(Loop of) {
        of.promise().fail(cause);
    }

    private void failAndDrop() {
        dropFailureOf(loop);
    }

    @Test
    void it_is_reported_once_when_the_loop_closes() {
        Promise<String> kept = loop.promise();
        kept.fail(cause);

        loop.close();

        assertThat(loops.reporter().take(Report.Unobserved.class)).hasSize(1);
        assertThat(kept.isDone()).isTrue();
    }

    @Test
    void a_derived_failure_is_reported_once_and_not_for_each_link() {
        Promise<String> promise = loop.promise();
        Future<Integer> end = promise.map(String::length).map(length -> length + 1);
        promise.fail(cause);
        loops.tickUntil(end::isDone);

        loop.close();

        assertThat(loops.reporter().take(Report.Unobserved.class)).hasSize(1);
    }

    @Test
    void a_task_that_fails_unobserved_is_reported_by_name() {
        Task<String> task = loop.task("loser", () -> {
            throw cause;
        });
        loops.tickUntil(task::isDone);

        loop.close();

        assertThat(loops.reporter().take(Report.Unobserved.class))
                .singleElement()
                .satisfies(report -> assertThat(report.what()).contains("loser"));
    }

    @Test
    void a_task_that_fails_and_that_nobody_awaits_is_reported_after_a_second() {
        Task<String> task = loop.task("loser", () -> {
            throw cause;
        });
        loops.tickUntil(task::isDone);
        loops.clock().advance(FailureWatch.GRACE.minusNanos(1));
        loop.tick();
        assertThat(loops.reporter().reports()).isEmpty();
        loops.clock().advanceNanos(1);
        loop.tick();

        assertThat(loops.reporter().take(Report.Unobserved.class))
                .singleElement()
                .satisfies(report -> {
                    assertThat(report.what()).contains("loser");
                    assertThat(report.cause()).isSameAs(cause);
                });
        assertThat(task.failure()).as("a late look is fine").isSameAs(cause);
        loop.close();
        assertThat(loops.reporter().reports()).as("reported once").isEmpty();
    }

    @Test
    void a_task_whose_failure_somebody_looks_at_within_a_second_is_not_reported_and_leaves_no_timer() {
        Task<String> task = loop.task(() -> {
            throw cause;
        });
        loops.tickUntil(task::isDone);
        assertThat(loop.nextTimer()).isPresent();
        assertThat(task.failure()).isSameAs(cause);
        loop.tick();
        assertThat(loop.nextTimer()).isEmpty();

        loops.clock().advance(FailureWatch.GRACE);
        loop.tick();
        loop.close();
        assertThat(loops.reporter().reports()).isEmpty();
    }

    @Test
    void a_task_that_somebody_awaits_or_that_was_cancelled_or_run_is_not_reported() {
        Task<String> awaited = loop.task(() -> {
            throw cause;
        });
        Task<String> waiter = loop.task(() -> {
            try {
                return awaited.await();
            } catch (IOException e) {
                return "caught";
            }
        });
        Task<String> cancelled = loop.task(() -> loop.<String>promise().await());
        loop.tick();
        cancelled.cancel();
        assertThat(loops.settle(waiter)).isEqualTo("caught");
        assertThat(catchThrowable(() -> loop.run(() -> {
                    throw cause;
                })))
                .isSameAs(cause);
        loop.tick();
        assertThat(loop.nextTimer()).isEmpty();

        loops.clock().advance(FailureWatch.GRACE);
        loop.tick();
        assertThat(loops.reporter().reports()).isEmpty();
    }

    @Test
    void a_look_before_or_after_the_failure_suffices() {
        Promise<String> asked = loop.promise();
        asked.fail(cause);
        assertThat(asked.failure()).isSameAs(cause);

        Promise<String> late = loop.promise();
        late.fail(cause);
        loop.tick();
        late.onDone((value, failure) -> {});

        Promise<String> derived = loop.promise();
        derived.fail(cause);
        Future<String> recovered = derived.recover(failure -> "recovered");

        Promise<String> awaited = loop.promise();
        awaited.fail(cause);
        Task<String> waiter = loop.task(() -> {
            try {
                return awaited.await();
            } catch (IOException e) {
                return "caught";
            }
        });

        assertThat(loops.settle(recovered)).isEqualTo("recovered");
        assertThat(loops.settle(waiter)).isEqualTo("caught");
        loop.close();
        assertThat(loops.reporter().reports()).isEmpty();
    }

    @Test
    void the_parts_of_all_and_any_count_as_looked_at() {
        Promise<String> one = loop.promise();
        Promise<String> two = loop.promise();
        one.fail(cause);
        two.fail(new IOException("another"));
        Future<List<String>> all = Future.all(one, two);
        Future<String> any = Future.any(one, two);

        assertThat(loops.failureOf(all)).isSameAs(cause);
        assertThat(loops.failureOf(any)).hasMessage("another");
        loop.close();
        assertThat(loops.reporter().reports()).isEmpty();
    }

    @Test
    void a_cancellation_is_no_failure_to_report() {
        Promise<String> promise = loop.promise();
        promise.cancel();

        loop.close();

        assertThat(loops.reporter().reports()).isEmpty();
        assertThat(promise.isCancelled()).isTrue();
    }

    @Test
    void the_report_names_a_promise_and_a_task_and_says_a_call_of_whatever_a_call_ended_in() throws IOException {
        var failed = new CallFailedException(CallFailedException.Fate.NEVER_SENT, "call of x", cause, "a connection");
        loop.promise().fail(cause);
        loop.promise().fail(failed);
        loop.task("caller", () -> {
            throw failed;
        });
        loops.settle();

        loop.close();

        assertThat(loops.reporter().take(Report.Unobserved.class))
                .extracting(Report.Unobserved::what, Report.Unobserved::cause)
                .containsExactlyInAnyOrder(
                        tuple("a Promise of " + loop.name(), cause),
                        tuple("a call", failed),
                        tuple("Task caller", failed));
    }
}
