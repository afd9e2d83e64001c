package rill;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** An await where a virtual thread can't leave its carrier, for example below a static initializer. */
class PinnedTest {
    private static final ThreadLocal<Future<String>> AWAITED = new ThreadLocal<>();

    private final Loops loops = Loops.manual();

    @AfterEach
    void closeLoops() {
        loops.close();
    }

    /** Awaits during its initialization, which happens only once for a class. */
    private static final class ForMounted {
        static final String VALUE = awaited();
    }

    private static final class ForHandedOver {
        static final String VALUE = awaited();
    }

    private static String awaited() {
        try {
            return AWAITED.get().await();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        } finally {
            AWAITED.remove();
        }
    }

    @Test
    void an_await_inside_a_static_initializer_fails_its_task_says_what_to_do_and_the_loop_goes_on() throws Exception {
        Assumptions.assumeTrue(TaskEngine.MOUNTED.unavailable() == null, "there is no mounted engine");
        Loop loop = loops.open(options -> options.taskEngine(TaskEngine.MOUNTED));
        Promise<String> promise = loop.promise();
        Task<String> pinned = loop.task("pinned", () -> {
            AWAITED.set(promise);
            return ForMounted.VALUE;
        });
        Task<String> other =
                loop.task("other", () -> loop.submit(() -> "goes on").await());

        var driver = Outside.start(() -> loops.settle(other));

        assertThat(driver.result()).isEqualTo("goes on");
        assertThat(pinned.isDone()).isTrue();
        assertThat(pinned.failure())
                .isInstanceOf(ExceptionInInitializerError.class)
                .hasRootCauseInstanceOf(IllegalStateException.class)
                .rootCause()
                .hasMessageContaining("pinned")
                .hasMessageContaining("static initializer")
                .hasMessageContaining("HANDED_OVER");
        assertThat(promise.isCancelled())
                .as("what nobody waits for is given up")
                .isTrue();
    }

    @Test
    void handed_over_tasks_may_await_inside_a_static_initializer() throws Exception {
        Loop loop = loops.open(options -> options.taskEngine(TaskEngine.HANDED_OVER));
        Promise<String> promise = loop.promise();
        Task<String> pinned = loop.task("pinned", () -> {
            AWAITED.set(promise);
            return ForHandedOver.VALUE;
        });
        loop.task("other", () -> promise.complete("value"));

        var driver = Outside.start(() -> loops.settle(pinned));

        assertThat(driver.result()).isEqualTo("value");
    }
}
