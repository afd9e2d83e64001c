package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testing.Loops;
import rill.testing.ManualClock;

/** Timers, as users see them. */
class TimerTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void timers_run_in_the_order_of_their_deadlines() {
        loop.schedule(Duration.ofMillis(3), () -> log.add("3"));
        loop.schedule(Duration.ofMillis(1), () -> log.add("1"));
        loop.schedule(Duration.ofMillis(2), () -> log.add("2"));
        loop.tick();
        loops.clock().advance(Duration.ofMillis(5));

        loop.tick();

        assertThat(log).containsExactly("1", "2", "3");
    }

    @Test
    void timers_with_one_deadline_run_in_the_order_in_which_they_were_scheduled() {
        var expected = new ArrayList<String>();
        for (int i = 0; i < 100; i++) {
            String name = "timer " + i;
            expected.add(name);
            loop.schedule(Duration.ofMillis(1), name, () -> log.add(name));
        }
        loop.tick();
        loops.clock().advance(Duration.ofMillis(1));

        loops.tickUntil(() -> log.size() == 100);

        assertThat(log).isEqualTo(expected);
    }

    @Test
    void a_delay_is_a_future_that_is_done_when_it_is_over() {
        Future<Void> delay = loop.delay(Duration.ofMillis(2));
        loop.delay(Duration.ofMillis(1)).onDone((nothing, failure) -> log.add("1"));
        loop.tick();
        loops.clock().advance(Duration.ofMillis(1));
        loops.tickUntil(() -> log.size() == 1);
        assertThat(delay.isDone()).isFalse();
        loops.clock().advance(Duration.ofMillis(1));

        loops.settle(delay);
    }

    @Test
    void a_cancelled_delay_leaves_no_timer_behind() {
        Future<Void> delay = loop.delay(Duration.ofHours(1));
        loop.tick();
        delay.cancel();
        loops.tickUntil(() -> !loop.ticking().hasWork());

        assertThat(loop.ticking().hasTimers()).isFalse();
    }

    @Test
    void a_timer_never_runs_early() {
        loop.schedule(Duration.ofNanos(1000), () -> log.add("timer"));
        loop.tick();
        loops.clock().advanceNanos(999);
        loop.tick();
        assertThat(log).isEmpty();

        loops.clock().advanceNanos(1);
        loop.tick();

        assertThat(log).containsExactly("timer");
    }

    @Test
    void the_deadline_counts_from_the_call_even_if_another_thread_makes_it() {
        loop.schedule(Duration.ofMillis(10), () -> log.add("timer"));
        loops.clock().advance(Duration.ofMillis(10));

        loop.tick(); // the timer arrives on the loop
        loop.tick();

        assertThat(log).containsExactly("timer");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void a_deadline_of_zero_or_in_the_past_is_the_next_run_phase(long seconds) {
        loop.schedule(Duration.ofSeconds(seconds), () -> log.add("timer"));

        loop.tick();

        assertThat(log).containsExactly("timer");
    }

    @ParameterizedTest
    @ValueSource(longs = {292L * 365 * 24 * 3600, Long.MAX_VALUE})
    void a_deadline_of_292_years_and_more_does_not_come_and_harms_nobody(long seconds) {
        Handle far = loop.schedule(Duration.ofSeconds(seconds), () -> log.add("far"));
        loop.schedule(Duration.ofSeconds(1), () -> log.add("near"));
        loop.tick();
        loops.clock().advance(Duration.ofDays(365 * 100));

        loop.tick();

        assertThat(log).containsExactly("near");
        assertThat(far.cancel()).isTrue();
    }

    @Test
    void a_far_deadline_and_one_long_overdue_keep_their_order() {
        loop.schedule(Duration.ofMillis(1), () -> log.add("overdue"));
        loop.tick();
        loops.clock().advance(Duration.ofDays(365 * 50));
        loop.schedule(Duration.ofSeconds(Long.MAX_VALUE), () -> log.add("far"));

        loop.tick();
        loop.tick();

        assertThat(log).containsExactly("overdue");
    }

    @Test
    void a_clock_that_overflows_is_harmless() {
        try (var late = Loops.on(new ManualClock(Long.MAX_VALUE - 1_500_000))) {
            Loop lateLoop = late.open();
            lateLoop.schedule(Duration.ofMillis(1), () -> log.add("before"));
            lateLoop.schedule(Duration.ofMillis(2), () -> log.add("after"));
            lateLoop.tick();
            assertThat(log).isEmpty();

            late.clock().advance(Duration.ofMillis(1));
            lateLoop.tick();
            assertThat(log).containsExactly("before");
            late.clock().advance(Duration.ofMillis(1));
            lateLoop.tick();

            assertThat(log).containsExactly("before", "after");
            assertThat(late.clock().nanoTime()).isNegative();
        }
    }

    @Test
    void a_timer_can_not_be_cancelled_from_its_own_callback_and_others_can() {
        var timers = new Handle[2];
        timers[0] = loop.schedule(Duration.ofMillis(1), () -> {
            log.add("itself: " + timers[0].cancel());
            log.add("the next: " + timers[1].cancel());
        });
        timers[1] = loop.schedule(Duration.ofMillis(1), () -> log.add("never"));
        loop.tick();
        loops.clock().advance(Duration.ofMillis(1));

        loop.tick();
        loop.tick();

        assertThat(log).containsExactly("itself: false", "the next: true");
    }

    @Test
    void a_timer_can_schedule_itself_again() {
        var again = new Runnable[1];
        again[0] = () -> {
            log.add("tick");
            loop.schedule(Duration.ofMillis(1), again[0]);
        };
        loop.schedule(Duration.ofMillis(1), again[0]);
        loop.tick();

        for (int i = 0; i < 10; i++) {
            loops.clock().advance(Duration.ofMillis(1));
            loop.tick();
        }

        assertThat(log).hasSize(10);
    }

    @Test
    void a_timer_cancelled_before_it_arrived_on_its_loop_does_not_run() {
        Handle timer = loop.schedule(Duration.ofMillis(1), () -> log.add("never"));
        timer.cancel();

        loop.tick();
        loops.clock().advance(Duration.ofMillis(1));
        loop.tick();

        assertThat(log).isEmpty();
    }

    @Test
    void a_cancelled_timer_does_not_keep_what_its_action_refers_to() {
        var timers = new Handle[1];
        WeakReference<Object> reference = scheduleWithSomethingHeavy(timers);
        loop.tick();
        timers[0].cancel();

        Await.until("it is garbage", () -> {
            System.gc();
            return reference.get() == null;
        });

        assertThat(timers[0].isCancelled()).isTrue();
    }

    private WeakReference<Object> scheduleWithSomethingHeavy(Handle[] timers) {
        Object heavy = new byte[1 << 20];
        timers[0] = loop.schedule(Duration.ofHours(1), () -> log.add(heavy.toString()));
        return new WeakReference<>(heavy);
    }

    @Test
    void durations_beyond_a_long_of_nanoseconds_are_fine_in_the_options() {
        Duration longest = Duration.ofSeconds(Long.MAX_VALUE);

        Loop patient = loops.open(options -> options.slowHandle(longest).handleBudget(longest));
        patient.schedule(() -> log.add("ran"));
        patient.tick();

        assertThat(log).containsExactly("ran");
    }
}
