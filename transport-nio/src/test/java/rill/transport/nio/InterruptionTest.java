package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.spi.readiness.Interruption;

/** Tests how a thread that waits in a system call notices that it is interrupted. */
class InterruptionTest {
    private final AtomicInteger woken = new AtomicInteger();
    private final Interruption interruption = new Interruption(woken::incrementAndGet);

    @AfterEach
    void goOn() {
        var _ = Thread.interrupted();
    }

    private static void interruptFromOutside(Thread thread) throws InterruptedException {
        Thread.ofPlatform().start(thread::interrupt).join();
    }

    @Test
    void a_thread_that_was_interrupted_before_it_waits_is_woken_at_once() {
        Thread.currentThread().interrupt();
        interruption.begins();
        interruption.ends();
        assertThat(woken).hasPositiveValue();
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
    }

    @Test
    void a_thread_that_is_interrupted_is_woken_only_while_it_waits() throws InterruptedException {
        var waiting = Thread.ofPlatform().unstarted(() -> {
            interruption.begins();
            Thread.currentThread().interrupt();
            interruption.ends();
        });
        waiting.start();
        waiting.join();
        int before = woken.get();
        interruptFromOutside(waiting);
        assertThat(woken).hasValue(before);
    }

    @Test
    void a_wait_without_an_interrupt_wakes_nobody() {
        interruption.begins();
        interruption.ends();
        assertThat(woken).hasValue(0);
    }
}
