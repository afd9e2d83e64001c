package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What a Task's body does to the thread beneath it: blocking, interrupting, starting others, being unparked. */
abstract class TaskThreadTest extends EngineTest {
    @Test
    void a_body_that_sleeps_blocks_the_loop_and_works() {
        Task<String> sleeper = loop().task(() -> {
            Thread.sleep(1);
            log.add("slept");
            return "value";
        });
        loop().schedule(() -> log.add("handle"));

        assertThat(loops.settle(sleeper)).isEqualTo("value");
        assertThat(log).containsExactly("slept", "handle");
    }

    @Test
    void a_body_that_contends_for_a_monitor_blocks_the_loop_and_works() throws Exception {
        Object monitor = new Object();
        var held = new CountDownLatch(1);
        var letGo = new CountDownLatch(1);
        var holder = Outside.start(() -> {
            synchronized (monitor) {
                held.countDown();
                Await.latch(letGo);
            }
            return null;
        });
        Await.latch(held);
        var thread = new AtomicReference<Thread>();
        Task<String> task = loop().task(() -> {
            thread.set(Thread.currentThread());
            synchronized (monitor) {
                log.add("entered");
                return "value";
            }
        });
        loop().schedule(() -> log.add("handle"));
        var driver = Outside.start(() -> loops.settle(task));
        Await.until(
                "the body is blocked",
                () -> thread.get() != null && thread.get().getState() == Thread.State.BLOCKED);
        assertThat(log).isEmpty();

        letGo.countDown();

        assertThat(driver.result()).isEqualTo("value");
        assertThat(log).containsExactly("entered", "handle");
        holder.result();
    }

    @Test
    void a_body_that_waits_for_another_thread_blocks_the_loop_and_works() throws Exception {
        var queue = new LinkedBlockingQueue<String>();
        Task<String> task = loop().task(queue::take);
        var driver = Outside.start(() -> loops.settle(task));
        queue.put("value");

        assertThat(driver.result()).isEqualTo("value");
    }

    @Test
    void a_virtual_thread_that_a_body_starts_runs_elsewhere_while_the_body_waits_for_it() {
        Task<String> task = loop().task(() -> {
            var child = Outside.startVirtual(() -> Loop.current() == null ? "elsewhere" : "on the loop");
            return child.result(); // blocks the loop; the child must not need it
        });

        assertThat(loops.settle(task)).isEqualTo("elsewhere");
    }

    @Test
    void a_virtual_thread_that_a_body_starts_may_await_from_outside_what_the_body_does_next() {
        Promise<String> promise = loop().promise();
        Promise<String> seen = loop().promise();
        Task<String> task = loop().task(() -> {
            Outside.startVirtual(() -> seen.complete("child: " + promise.await()));
            promise.complete("value");
            return seen.await();
        });

        assertThat(loops.settle(task)).isEqualTo("child: value");
    }

    @Test
    void a_body_that_yields_goes_on() {
        Task<String> task = loop().task(() -> {
            for (int i = 0; i < 100; i++) {
                Thread.yield();
            }
            return "value";
        });

        assertThat(loops.settle(task)).isEqualTo("value");
    }

    @Test
    void an_unpark_by_a_stranger_does_not_wake_an_await() {
        Promise<String> promise = loop().promise();
        var thread = new AtomicReference<Thread>();
        Task<String> task = loop().task(() -> {
            thread.set(Thread.currentThread());
            return promise.await();
        });
        loop().tick();
        for (int i = 0; i < 100; i++) {
            LockSupport.unpark(thread.get());
            loop().tick();
        }
        assertThat(task.isDone()).isFalse();

        promise.complete("value");

        assertThat(loops.settle(task)).isEqualTo("value");
    }

    @Test
    void strangers_that_unpark_all_the_time_do_no_harm() throws Exception {
        var thread = new AtomicReference<Thread>();
        var over = new AtomicReference<Boolean>();
        var stranger = Outside.start(() -> {
            while (over.get() == null) {
                LockSupport.unpark(thread.get());
            }
            return null;
        });
        for (int i = 0; i < 300; i++) {
            Task<Integer> task = loop().task(() -> {
                thread.set(Thread.currentThread());
                int sum = 0;
                for (int n = 0; n < 20; n++) {
                    Promise<Integer> promise = loop().promise();
                    loop().schedule(() -> promise.complete(1));
                    sum += promise.await();
                }
                return sum;
            });
            assertThat(loops.settle(task)).isEqualTo(20);
        }
        over.set(true);
        stranger.result();

        loop().close(Duration.ofHours(1)); // on a clock that stands still: hangs if the end of a Task went unnoticed
        assertThat(loop().isClosed()).isTrue();
    }

    @Test
    void a_body_that_interrupts_itself_neither_spins_nor_loses_the_interrupt() {
        Promise<String> promise = loop().promise();
        Task<Boolean> task = loop().task(() -> {
            Thread.currentThread().interrupt();
            promise.await();
            return Thread.currentThread().isInterrupted();
        });
        loop().tick();
        loop().tick();
        assertThat(loop().ticking().hasWork()).isFalse();
        promise.complete("value");

        assertThat(loops.settle(task)).isTrue();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void a_body_that_somebody_interrupts_goes_on_waiting_and_finds_the_interrupt_afterwards() {
        Promise<String> promise = loop().promise();
        var thread = new AtomicReference<Thread>();
        Task<Boolean> task = loop().task(() -> {
            thread.set(Thread.currentThread());
            promise.await();
            return Thread.currentThread().isInterrupted();
        });
        loop().tick();
        thread.get().interrupt();
        loop().tick();
        assertThat(task.isDone()).isFalse();
        promise.complete("value");

        assertThat(loops.settle(task)).isTrue();
    }

    @Test
    void a_thread_that_ticks_keeps_its_interrupt_across_tasks() {
        Task<Integer> task = loop().task(() -> 1);
        Thread.currentThread().interrupt();

        loop().tick();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(loops.settle(task)).isEqualTo(1);
    }
}
