package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import rill.spi.Environment;
import rill.spi.Selector;
import rill.spi.Transport;
import rill.testing.MemoryTransport;

/** A loop on a transport that keeps the driver belongs to the first thread that drives it. */
class KeptDriverTest {
    private final ConcurrentLinkedQueue<Report> reports = new ConcurrentLinkedQueue<>();
    private Loop loop;

    private record Keeping(Transport real) implements Transport {
        @Override
        public String name() {
            return "keeping";
        }

        @Override
        public int preference() {
            return 0;
        }

        @Override
        public Environment environment() {
            return real.environment();
        }

        @Override
        public boolean keepsDriver() {
            return true;
        }

        @Override
        public Selector open(Supplier<ByteBuf> receiveBuffer) throws IOException {
            return real.open(receiveBuffer);
        }
    }

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open(LoopOptions.defaults()
                .transport(new Keeping(new MemoryTransport()))
                .slowHandle(Duration.ZERO)
                .reporter(reports::add));
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private static <T> T elsewhere(boolean virtual, Callable<T> body) throws Exception {
        var task = new FutureTask<T>(body);
        Thread thread =
                virtual ? Thread.ofVirtual().start(task) : Thread.ofPlatform().start(task);
        thread.join();
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    @Test
    void the_same_thread_drives_in_whatever_way_and_again() throws Exception {
        assertThat(loop.run(() -> 1)).isEqualTo(1);
        loop.tick();
        assertThat(loop.submit(() -> 2).await()).isEqualTo(2);
        assertThat(loop.run(() -> 3)).isEqualTo(3);
    }

    @Test
    void a_thread_of_its_own_serves_all_others() throws Exception {
        loop.start();
        for (boolean virtual : new boolean[] {false, true}) {
            assertThat(elsewhere(virtual, () -> loop.submit(() -> 1).await())).isEqualTo(1);
        }
    }

    @Test
    void another_thread_is_refused_in_every_way_and_told_what_to_do() throws Exception {
        loop.run(() -> 1);
        List<Callable<?>> ways =
                List.of(() -> loop.run(() -> 2), () -> loop.promise().await(), loop::start, loop::tick);
        for (boolean virtual : new boolean[] {false, true}) {
            for (Callable<?> way : virtual ? ways.subList(0, 3) : ways) { // no virtual thread may tick
                assertThatThrownBy(() -> elsewhere(virtual, way))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining(loop.name() + " on keeping belongs to the first thread that drove it")
                        .hasMessageContaining("begin with start()");
            }
        }
        assertThat(loop.run(() -> 3)).as("its own goes on").isEqualTo(3);
        assertThat(reports).allMatch(Report.Note.class::isInstance);
    }

    @Test
    void a_virtual_thread_that_would_drive_first_is_told_what_to_do_and_harms_nothing() throws Exception {
        for (int i = 0; i < 2; i++) {
            for (Callable<?> way : List.<Callable<?>>of(
                    () -> loop.run(() -> 1), () -> loop.promise().await())) {
                assertThatThrownBy(() -> elsewhere(true, way))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining(
                                "belongs to the first thread that drives it, which can't be a virtual one")
                        .hasMessageContaining("begin with start()");
            }
        }
        loop.start();
        assertThat(elsewhere(true, () -> loop.submit(() -> 1).await())).isEqualTo(1);
    }

    @Test
    void a_virtual_thread_may_close_what_nobody_has_driven() throws Exception {
        elsewhere(true, () -> {
            loop.close();
            return true;
        });
        assertThat(loop.isClosed()).isTrue();
        assertThat(reports).allMatch(Report.Note.class::isInstance);
    }

    @Test
    void another_thread_may_close_it_while_nobody_drives() throws Exception {
        for (boolean virtual : new boolean[] {false, true}) {
            Loop closed = Loop.open(new Keeping(new MemoryTransport()));
            closed.run(() -> 1);
            Future<Object> pending = closed.task(() -> closed.promise().await());
            elsewhere(virtual, () -> {
                closed.close();
                return true;
            });
            assertThat(closed.isClosed()).isTrue();
            assertThat(pending.isDone()).isTrue();
        }
    }

    @Test
    void whoever_waits_while_its_driver_lets_go_is_told_so_and_does_not_wait_for_ever() throws Exception {
        loop.start();
        var waiting = new FutureTask<>(() -> loop.promise().await());
        Thread waiter = Thread.ofPlatform().start(waiting);
        loop.submit(() -> true).await();
        loop.stop();
        waiter.join(10_000);
        assertThat(waiting.isDone()).isTrue();
        assertThatThrownBy(waiting::get).hasCauseInstanceOf(IllegalStateException.class);
    }
}
