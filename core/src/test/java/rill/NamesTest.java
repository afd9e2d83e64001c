package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** Messages name Futures and threads in words that their users know. */
class NamesTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open(options -> options.name("here"));

    @AfterEach
    void close() {
        loops.close();
    }

    private static String cancelled(Future<?> future) {
        future.cancel();
        Throwable failure = future.failure();
        assertThat(failure).isInstanceOf(CancelledException.class);
        return failure.getMessage();
    }

    private Promise<String> promise() {
        return loop.promise();
    }

    @Test
    void a_future_is_called_by_how_its_user_made_it() {
        assertThat(cancelled(promise())).isEqualTo("a Promise of here was cancelled");
        assertThat(cancelled(promise().map(x -> x))).isEqualTo("a Future made by map of here was cancelled");
        assertThat(cancelled(promise().flatMap(Future::of)))
                .isEqualTo("a Future made by flatMap of here was cancelled");
        assertThat(cancelled(promise().recover(x -> ""))).isEqualTo("a Future made by recover of here was cancelled");
        assertThat(cancelled(promise().timeout(Duration.ofSeconds(1))))
                .isEqualTo("a Future with a timeout of here was cancelled");
        assertThat(cancelled(Future.all(promise(), promise()))).isEqualTo("a Future of all of here was cancelled");
        assertThat(cancelled(Future.any(promise(), promise()))).isEqualTo("a Future of any of here was cancelled");
    }

    @Test
    void a_thread_without_a_name_is_called_by_its_kind_and_number() throws Exception {
        loop.start();
        var nameless = new java.util.concurrent.FutureTask<Object>(() -> {
            loop.requireConfined("receive", "connection");
            return null;
        });
        Thread thread = Thread.ofVirtual().start(nameless);
        assertThatThrownBy(nameless::get)
                .hasRootCauseInstanceOf(IllegalStateException.class)
                .rootCause()
                .hasMessageContaining("on virtual thread #" + thread.threadId())
                .hasMessageContaining("while thread here drives here");
    }
}
