package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** The only worker of a ForkJoinPool waits for work that the pool itself has to do. */
class ForkJoinTest {
    private final ForkJoinPool pool = new ForkJoinPool(1);
    private final Loops loops = Loops.realTime();
    private final Loop loop = loops.open();

    @AfterEach
    void close() {
        pool.shutdownNow();
        loops.close();
    }

    private <T> T onTheOnlyWorker(Callable<T> work) throws Exception {
        return pool.submit(work).get(20, TimeUnit.SECONDS);
    }

    /** Makes the pool compute it; called on the loop. */
    private Future<String> askThePool() {
        return Future.from(java.util.concurrent.CompletableFuture.supplyAsync(() -> "from the pool", pool));
    }

    private String clean() {
        try {
            return loop.<String>promise().await();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            pool.submit(() -> "clean").join();
        }
    }

    @Test
    void may_await_while_another_thread_drives() throws Exception {
        loop.start();
        assertThat(onTheOnlyWorker(() ->
                        loop.submit(this::askThePool).flatMap(asked -> asked).await()))
                .isEqualTo("from the pool");
    }

    @Test
    void may_await_and_drive_itself() throws Exception {
        assertThat(onTheOnlyWorker(() ->
                        loop.submit(this::askThePool).flatMap(asked -> asked).await()))
                .isEqualTo("from the pool");
    }

    @Test
    void may_run_a_loop() throws Exception {
        assertThat(onTheOnlyWorker(() -> loop.run(() -> askThePool().await()))).isEqualTo("from the pool");
    }

    @Test
    void may_close_a_loop_whose_tasks_need_the_pool_to_clean_up() throws Exception {
        loop.start();
        Task<String> task = loop.task(this::clean);
        loop.submit(() -> "begun").await();
        assertThat(onTheOnlyWorker(() -> {
                    loop.close(Duration.ofSeconds(60));
                    return task.isCancelled();
                }))
                .isTrue();
    }

    @Test
    void may_close_a_group_whose_tasks_need_the_pool_to_clean_up() throws Exception {
        var options = LoopOptions.defaults()
                .transport(loops.transport())
                .reporter(loops.reporter())
                .slowHandle(Duration.ZERO);
        LoopGroup group = LoopGroup.open(2, options);
        Loop member = group.loops().getFirst();
        Task<String> task = member.task(() -> {
            try {
                return member.<String>promise().await();
            } finally {
                pool.submit(() -> "clean").join();
            }
        });
        member.submit(() -> "begun").await();
        assertThat(onTheOnlyWorker(() -> {
                    group.close(Duration.ofSeconds(60));
                    return task.isCancelled();
                }))
                .isTrue();
    }

    @Test
    void may_start_a_loop_and_wait_where_the_pool_may_have_no_other_thread() throws Exception {
        try (var narrow = new ForkJoinPool(
                1, ForkJoinPool.defaultForkJoinWorkerThreadFactory, null, false, 1, 1, 1, null, 60, TimeUnit.SECONDS)) {
            assertThat(narrow.submit(() ->
                                    loop.start().submit(() -> "from the loop").await())
                            .get(20, TimeUnit.SECONDS))
                    .isEqualTo("from the loop");
        }
    }
}
