package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What ends a select without a timeout. */
class WakeTest extends OnSelector {
    private static final long LONG = 20_000_000_000L;

    @Test
    void an_interrupt_before_or_during_it_ends_it_and_stays_set() throws Exception {
        for (int round = 0; round < 20; round++) {
            Thread driver = Thread.currentThread();
            var interrupter = Thread.ofPlatform().start(driver::interrupt); // before or while it waits: both must work
            long start = System.nanoTime();
            selector.select(LONG);
            assertThat(System.nanoTime() - start).as("it waited on").isLessThan(LONG);
            assertThat(Thread.interrupted()).isTrue();
            interrupter.join();
        }
    }

    @Test
    void many_wakeups_make_it_return_at_once_and_none_is_lost_however_they_fall() throws Exception {
        int rounds = 20_000;
        var asked = new AtomicInteger();
        var seen = new AtomicInteger();
        var failed = new AtomicBoolean();
        var waker = Thread.ofPlatform().start(() -> {
            for (int n = 1; n <= rounds && !failed.get(); n++) {
                asked.set(n);
                selector.wakeup();
                if (n % 3 == 0) {
                    selector.wakeup();
                }
                long deadline = System.nanoTime() + 10_000_000_000L;
                while (seen.get() < n) { // only a select that has returned can advance it
                    Thread.onSpinWait();
                    if (System.nanoTime() > deadline) {
                        failed.set(true);
                        selector.wakeup();
                        return;
                    }
                }
            }
        });
        while (seen.get() < rounds && !failed.get()) {
            selector.select(LONG);
            seen.set(asked.get());
        }
        waker.join();
        assertThat(failed).as("a wake-up was lost").isFalse();
    }

    @Test
    void after_close_it_is_harmless() throws Exception {
        selector.close();
        assertThatCode(() -> {
                    selector.wakeup();
                    var other = Thread.ofPlatform().start(selector::wakeup);
                    other.join();
                })
                .doesNotThrowAnyException();
    }

    @Test
    void a_timeout_is_not_cut_short_by_much() throws Exception {
        selector.select(1); // absorbs the cost of a first call
        long start = System.nanoTime();
        selector.select(3_500_000);
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(3_400_000);
    }

    @Test
    void a_wakeup_is_used_up_by_the_next_select_whatever_its_timeout() throws Exception {
        for (int round = 0; round < 3; round++) {
            selector.wakeup();
            selector.wakeup();
            selector.select(0);
            long start = System.nanoTime();
            selector.select(30_000_000);
            assertThat(System.nanoTime() - start).as("it waited").isGreaterThanOrEqualTo(29_000_000);
        }
    }

    @Test
    void a_wakeup_after_one_that_was_used_up_is_not_lost() throws Exception {
        for (int round = 0; round < 3; round++) {
            selector.wakeup();
            selector.select(0);
            selector.wakeup();
            long start = System.nanoTime();
            selector.select(LONG);
            assertThat(System.nanoTime() - start).as("it waited on").isLessThan(LONG);
        }
    }

    @Test
    void a_wait_of_a_part_of_a_millisecond_is_no_shorter_and_not_for_ever() throws Exception {
        for (long nanos : new long[] {1, 999, 500_000, 1_000_001, 1_900_000, 2_999_999}) {
            long start = System.nanoTime();
            selector.select(nanos);
            assertThat(System.nanoTime() - start).as("waited for " + nanos).isBetween(nanos, LONG);
        }
    }
}
