package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;
import rill.testing.MemorySelector;

/** A loop with nothing to do sleeps, and wakes up when there is work. */
class IdleTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final MemorySelector selector = loops.selector();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void a_loop_with_nothing_to_do_blocks_in_select() throws Exception {
        loop.start();
        Await.until("it sleeps", selector::blocked);
        long selects = selector.selects();

        for (int i = 0; i < 1000; i++) {
            selector.nudge(); // would make it select again if it did not sleep for ever
        }
        roundTrip();

        Await.until("it sleeps again", () -> selector.blocked() && selector.selects() > selects);
        assertThat(selector.selects() - selects).isLessThanOrEqualTo(5);
    }

    @Test
    void a_timer_is_slept_for_and_runs_once_its_time_has_come() throws Exception {
        loop.start();
        var ran = new CountDownLatch(1);
        loop.schedule(Duration.ofHours(1), ran::countDown);
        Await.until("it sleeps", selector::blocked);
        long selects = selector.selects();

        loops.clock().advance(Duration.ofMinutes(59));
        assertThat(ran.getCount()).isEqualTo(1);
        assertThat(selector.selects() - selects).isLessThan(5);
        loops.clock().advance(Duration.ofMinutes(1));

        Await.latch(ran);
    }

    @Test
    void a_loop_that_was_stopped_and_is_driven_by_an_await_sleeps_while_it_has_nothing_to_do() throws Exception {
        loop.start();
        loop.stop();
        Await.until("nobody drives", () -> !loop.driving().driven());
        Promise<String> promise = loop.promise();
        var outside = Outside.start(promise::await);
        Await.until("it sleeps", selector::blocked);
        long selects = selector.selects();

        promise.complete("value");

        assertThat(outside.result()).isEqualTo("value");
        assertThat(selector.selects() - selects).isLessThan(5);
    }

    @Test
    void cancelling_the_only_timer_lets_the_loop_sleep_for_ever() throws Exception {
        Handle timer = loop.schedule(Duration.ofSeconds(1), () -> {});
        loop.tick();
        timer.cancel();
        loop.tick();
        loop.start();
        Await.until("it sleeps", selector::blocked);
        long selects = selector.selects();

        loops.clock().advance(Duration.ofSeconds(2));
        roundTrip();

        assertThat(selector.selects() - selects).isLessThan(5);
    }

    private void roundTrip() throws InterruptedException {
        var done = new CountDownLatch(1);
        loop.schedule(done::countDown);
        Await.latch(done);
    }
}
