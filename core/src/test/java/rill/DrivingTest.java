package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Who drives a loop, and what an await does on a thread outside. */
abstract class DrivingTest extends EngineTest {
    @Test
    void an_await_outside_drives_a_loop_that_nobody_drives() throws IOException {
        assertThat(loop().task(() -> loop().task(() -> 42).await()).await()).isEqualTo(42);
        assertThat(loop().driving().driven()).isFalse();
    }

    @Test
    void an_await_on_a_virtual_thread_lets_a_platform_thread_drive() throws Exception {
        var outside = Outside.startVirtual(
                () -> loop().task(() -> loop().task(() -> 42).await()).await());

        assertThat(outside.result()).isEqualTo(42);
        Await.until("nobody drives", () -> !loop().driving().driven());
    }

    @Test
    void an_await_outside_parks_while_somebody_drives() throws Exception {
        var driver = new AtomicReference<Thread>();
        loop().start();
        loop().schedule(() -> driver.set(Thread.currentThread()));
        Promise<Thread> promise = loop().promise();
        var waiter = Outside.start(promise::await);
        Await.until("it waits", waiter::waits);

        loop().schedule(() -> promise.complete(Thread.currentThread()));

        assertThat(waiter.result()).isSameAs(driver.get()).isNotSameAs(waiter.thread());
    }

    @Test
    void join_drives_a_loop_that_nobody_drives_until_it_is_closed() throws Exception {
        var outside = Outside.start(() -> {
            loop().join();
            return loop().isClosed();
        });
        assertThat(loop().submit(() -> "driven").await()).isEqualTo("driven");
        Await.until("it drives", () -> loop().driving().driver() == outside.thread());
        loop().close();
        assertThat(outside.result()).isTrue();
        loop().join(); // at once
    }

    @Test
    void join_ends_with_an_interrupt_and_is_refused_where_it_would_wait_for_itself() throws Exception {
        loop().start();
        var outside = Outside.start(() -> {
            loop().join();
            return null;
        });
        Await.until("it waits", outside::waits);
        outside.thread().interrupt();
        assertThat(outside.failure()).isInstanceOf(InterruptedIOException.class);
        assertThatThrownBy(() -> loop().task(() -> loop().join()).await())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("inside a callback or a Task");
    }

    @Test
    void driving_passes_on_when_the_awaiting_driver_is_done() throws Exception {
        var promises = new ArrayList<Promise<Integer>>();
        var waiters = new ArrayList<Outside<Integer>>();
        for (int i = 0; i < 5; i++) {
            Promise<Integer> promise = loop().promise();
            promises.add(promise);
            waiters.add(Outside.start(promise::await));
        }
        Await.until("somebody drives", loops.selector()::blocked);

        for (int i = 0; i < 5; i++) {
            promises.get(i).complete(i);
            assertThat(waiters.get(i).result()).isEqualTo(i);
        }
        Await.until("nobody drives", () -> !loop().driving().driven());
    }

    @Test
    void an_interrupt_that_comes_while_the_loop_closes_is_still_there_afterwards() throws Exception {
        var closing = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        Loop slow = loops.open(options -> options.reporter(report -> {
            if (report instanceof Report.Unobserved) {
                closing.countDown();
                Await.latchUninterruptibly(goOn);
            }
        }));
        slow.start();
        Promise<String> never = slow.promise();
        slow.promise().fail(new IOException("that nobody looks at, so it is told at the close"));
        var waiter = Outside.start(() -> {
            assertThatThrownBy(never::await).isInstanceOf(CancelledException.class);
            return Thread.interrupted();
        });
        Await.until("it waits", waiter::waits);
        var closer = Outside.start(() -> {
            slow.close();
            return true;
        });
        Await.latch(closing);
        waiter.thread().interrupt();
        assertThat(waiter.result()).as("interrupted").isTrue();
        goOn.countDown();
        assertThat(closer.result()).isTrue();
    }

    @Test
    void a_waiter_takes_over_when_the_loop_is_stopped() throws Exception {
        loop().start();
        Promise<String> promise = loop().promise();
        var waiter = Outside.start(promise::await);
        Await.until("it waits", waiter::waits);
        loop().stop();
        var thread = new AtomicReference<Thread>();
        Await.until("the waiter drives", () -> {
            loop().schedule(() -> thread.set(Thread.currentThread()));
            return thread.get() == waiter.thread();
        });

        promise.complete("value");

        assertThat(waiter.result()).isEqualTo("value");
    }

    @Test
    void an_outside_waiter_that_is_interrupted_gets_InterruptedIOException_and_others_go_on() throws Exception {
        for (boolean driven : new boolean[] {true, false}) {
            if (driven) {
                loop().start();
            }
            Promise<String> promise = loop().promise();
            Future<String> other = promise.copy();
            var waiter = Outside.start(promise::await);
            Await.until("it waits", waiter::waits);

            waiter.thread().interrupt();

            assertThat(waiter.failure()).isInstanceOf(InterruptedIOException.class);
            assertThat(promise.isDone()).isFalse();
            assertThat(other.isDone()).isFalse();
            loop().stop();
            Await.until("nobody drives", () -> !loop().driving().driven());
        }
    }

    @Test
    void a_virtual_waiter_that_is_interrupted_leaves_nobody_driving() throws Exception {
        for (int i = 0; i < 50; i++) {
            Promise<String> promise = loop().promise();
            var waiter = Outside.startVirtual(promise::await);
            Await.until("somebody drives", () -> loop().driving().driven());

            waiter.thread().interrupt();

            assertThat(waiter.failure()).isInstanceOf(InterruptedIOException.class);
            Await.until("nobody drives", () -> !loop().driving().driven());
        }
    }

    @Test
    void an_awaiting_driver_notices_an_interrupt_although_the_loop_is_busy_with_tasks() throws Exception {
        var over = new AtomicReference<Boolean>();
        Task<Void> busy = loop().task(() -> {
            while (over.get() == null) {
                Promise<Void> promise = loop().promise();
                loop().schedule(() -> promise.complete(null));
                promise.await();
            }
            return null;
        });
        Promise<String> promise = loop().promise();
        var waiter = Outside.start(promise::await);
        Await.until("it drives", () -> loop().driving().driven());

        Await.until("it noticed", () -> {
            waiter.thread().interrupt();
            return waiter.done();
        });

        assertThat(waiter.failure()).isInstanceOf(InterruptedIOException.class);
        over.set(true);
        loops.tickUntil(busy::isDone);
    }

    @Test
    void a_stray_interrupt_of_the_loops_thread_is_cleared_and_reported_and_does_not_make_it_spin() throws Exception {
        var thread = new AtomicReference<Thread>();
        loop().start();
        loop().schedule(() -> thread.set(Thread.currentThread()));
        Await.until("it sleeps", () -> thread.get() != null && loops.selector().blocked());
        long selects = loops.selector().selects();

        thread.get().interrupt();

        loops.reporter().await(Report.Interrupted.class);
        Await.until("it sleeps", loops.selector()::blocked);
        assertThat(loops.selector().selects() - selects).isLessThan(5);
        assertThat(thread.get().isInterrupted()).isFalse();
    }

    @Test
    void only_one_thread_drives() {
        loop().start();

        assertThatThrownBy(() -> loop().tick())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("driven by");
        assertThatThrownBy(() -> loop().run(() -> 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loop().start()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_loop_can_be_stopped_and_driven_again_and_its_tasks_go_on() throws IOException {
        Promise<String> promise = loop().promise();
        loop().schedule(() -> loop().stop());
        assertThatThrownBy(() -> loop().run(promise::await))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("stopped");

        loop().schedule(() -> promise.complete("value"));

        assertThat(loop().run(() -> promise.await())).isEqualTo("value");
    }

    @Test
    @Tag("slow")
    void a_stop_is_never_lost() throws Exception {
        for (int i = 0; i < 500; i++) {
            var started = new AtomicInteger();
            loop().start();
            loop().schedule(started::incrementAndGet);
            loop().stop();
            Await.until("nobody drives", () -> !loop().driving().driven());
        }
        assertThat(loop().isClosed()).isFalse();
    }

    @Test
    void two_loops_await_each_other_on_threads_of_their_own() throws Exception {
        Loop other = open();
        loop().start();
        other.start();

        Task<Integer> sum = loop().task(() -> {
            int total = 0;
            for (int i = 0; i < 200; i++) {
                total += other.task(() -> loop().task(() -> 1).await()).await();
            }
            return total;
        });

        assertThat(sum.await()).isEqualTo(200);
    }
}
