package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** The stack trace of an awaited failure shows the line that awaited it. */
class AwaitedHereTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();

    @AfterEach
    void close() {
        loops.close();
    }

    /** A failure created elsewhere, as one of the network is. */
    private static Throwable madeElsewhere(Throwable failure) {
        failure.setStackTrace(
                new StackTraceElement[] {new StackTraceElement("the.Network", "broke", "Network.java", 1)});
        return failure;
    }

    private static String trace(Throwable failure) {
        var text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    private Future<String> failed(Throwable cause) {
        Promise<String> promise = loop.promise();
        promise.fail(cause);
        return promise;
    }

    private void theLineThatAwaits(Future<?> future) throws IOException {
        future.await();
    }

    @Test
    void it_shows_the_line_of_a_thread_outside() {
        for (Throwable cause :
                List.of(new IOException("io"), new IllegalStateException("x"), new AssertionError("y"))) {
            Throwable thrown = catchThrowable(() -> theLineThatAwaits(failed(madeElsewhere(cause))));

            assertThat(thrown).isSameAs(cause);
            assertThat(trace(thrown)).contains("AwaitedHereTest.theLineThatAwaits");
        }
    }

    @Test
    void it_shows_the_line_of_a_task() {
        for (TaskEngine engine : TaskEngine.values()) {
            if (engine.unavailable() == null) {
                Loop other = loops.open(options -> options.taskEngine(engine));
                var cause = madeElsewhere(new IOException("io"));
                Promise<String> promise = other.promise();
                Task<Throwable> task = other.task(() -> catchThrowable(() -> theLineThatAwaits(promise)));
                other.tick();
                promise.fail(cause);

                assertThat(loops.settle(task)).isSameAs(cause);
                assertThat(trace(cause)).contains("AwaitedHereTest.theLineThatAwaits");
            }
        }
    }

    @Test
    void it_shows_who_ran_a_body_that_failed() {
        var cause = madeElsewhere(new IOException("io"));

        Throwable thrown = catchThrowable(this::run);

        assertThat(thrown).isInstanceOf(IOException.class);
        assertThat(trace(thrown)).contains("AwaitedHereTest.run");
        assertThat(cause.getSuppressed()).isEmpty();
    }

    @Test
    void a_failure_of_two_runs_shows_both() {
        var shared = (IOException) madeElsewhere(new IOException("shared"));
        assertThat(catchThrowable(() -> runAt(0, shared))).isSameAs(shared);
        assertThat(catchThrowable(() -> runAt(1, shared))).isSameAs(shared);
        assertThat(catchThrowable(() -> runAt(1, shared))).isSameAs(shared);
        assertThat(shared.getSuppressed()).hasSize(2);
    }

    private void runAt(int line, IOException failure) throws IOException {
        switch (line) {
            case 0 ->
                loop.run(() -> {
                    throw failure;
                });
            default ->
                loop.run(() -> {
                    throw failure;
                });
        }
    }

    private void run() throws IOException {
        loop.run(() -> {
            throw (IOException) madeElsewhere(new IOException("in the body"));
        });
    }

    @Test
    void one_failure_awaited_often_does_not_grow() {
        Future<String> failed = failed(madeElsewhere(new IOException("shared")));
        for (int i = 0; i < 10_000; i++) {
            assertThat(catchThrowable(() -> theLineThatAwaits(failed))).isNotNull();
        }
        assertThat(failed.failure().getSuppressed()).hasSize(1);
        for (int line = 0; line < 10; line++) {
            int here = line;
            assertThat(catchThrowable(() -> awaitAt(here, failed))).isSameAs(failed.failure());
        }
        assertThat(failed.failure().getSuppressed()).hasSize(AwaitedHere.PLACES);
    }

    /** Awaits at one of ten places, which is more than a failure remembers. */
    private static void awaitAt(int line, Future<?> future) throws IOException {
        switch (line) {
            case 0 -> future.await();
            case 1 -> future.await();
            case 2 -> future.await();
            case 3 -> future.await();
            case 4 -> future.await();
            case 5 -> future.await();
            case 6 -> future.await();
            case 7 -> future.await();
            case 8 -> future.await();
            default -> future.await();
        }
    }

    @Test
    void an_exception_that_takes_no_suppressed_ones_is_thrown_as_it_is() {
        class Bare extends RuntimeException {
            private static final long serialVersionUID = 1L;

            Bare() {
                super("bare", null, false, false);
            }
        }

        var cause = new Bare();
        assertThat(catchThrowable(() -> theLineThatAwaits(failed(cause)))).isSameAs(cause);
        assertThat(cause.getSuppressed()).isEmpty();
        assertThat(cause.getStackTrace()).isEmpty();
    }

    @Test
    void an_out_of_memory_error_is_not_made_larger() {
        var cause = new OutOfMemoryError("on purpose");
        assertThat(catchThrowable(() -> theLineThatAwaits(failed(cause)))).isSameAs(cause);
        assertThat(cause.getSuppressed()).isEmpty();
    }
}
