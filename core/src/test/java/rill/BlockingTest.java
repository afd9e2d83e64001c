package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** Blocking work, run elsewhere than on the loop. */
class BlockingTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void it_runs_elsewhere_and_its_result_comes_to_the_loop() throws Exception {
        Thread[] ran = new Thread[1];
        Future<String> result = loop.blocking(() -> {
            ran[0] = Thread.currentThread();
            assertThat(Loop.current()).isNull();
            return "result";
        });
        Loop[] told = new Loop[1];
        Future<String> mapped = result.map(value -> {
            told[0] = Loop.current();
            return value + "!";
        });
        assertThat(mapped.await()).isEqualTo("result!");
        assertThat(told[0]).isSameAs(loop);
        assertThat(ran[0]).isNotSameAs(Thread.currentThread());
    }

    @Test
    void what_it_throws_is_the_failure_whatever_that_is() throws Exception {
        Exception checked = new Exception("on purpose");
        Future<Void> failed = loop.blocking(() -> {
            throw checked;
        });
        assertThatThrownBy(failed::await)
                .isInstanceOf(CompletionException.class)
                .hasCause(checked);
        assertThat(failed.failure()).isSameAs(checked);
    }

    @Test
    void a_result_that_nobody_sees_goes_back() {
        List<String> back = new CopyOnWriteArrayList<>();
        var mayEnd = new CountDownLatch(1);
        Future<String> result = loop.blocking(
                () -> {
                    Await.latchUninterruptibly(mayEnd);
                    return "open file";
                },
                back::add);
        result.cancel();
        loop.tick();
        mayEnd.countDown();
        Await.until("it goes back", () -> {
            loop.tick();
            return back.equals(List.of("open file"));
        });
    }
}
