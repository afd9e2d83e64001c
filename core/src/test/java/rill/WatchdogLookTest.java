package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** What the watchdog concludes from each look at a loop, at times that the test chooses. */
class WatchdogLookTest {
    private static final long THRESHOLD = Duration.ofMillis(10).toNanos();
    private static final long START = Long.MAX_VALUE - THRESHOLD; // so that readings overflow

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open(options -> options.name("watched"));
    private final Activity activity = new Activity(loop, THRESHOLD); // which the real watchdog does not know
    private final Node slow = new Handle(loop, "slow", () -> {});

    @AfterEach
    void close() {
        loops.close();
    }

    private void look(long after) {
        Watchdog.look(activity, START + after);
    }

    private List<Report.Slow> slow() {
        return loops.reporter().take(Report.Slow.class);
    }

    private List<Report.Undriven> undriven() {
        return loops.reporter().take(Report.Undriven.class);
    }

    @Test
    void what_holds_the_loop_for_as_long_as_the_threshold_is_reported_once_with_how_long() {
        activity.enter(slow);
        look(0);
        look(THRESHOLD / 2);
        look(THRESHOLD - 1);
        assertThat(slow()).isEmpty();
        look(THRESHOLD);
        assertThat(slow()).singleElement().satisfies(report -> {
            assertThat(report.loop()).isEqualTo("watched");
            assertThat(report.what()).isEqualTo("slow");
            assertThat(report.held()).isEqualTo(Duration.ofNanos(THRESHOLD));
        });
        look(2 * THRESHOLD);
        look(200 * THRESHOLD);
        assertThat(slow()).isEmpty();
    }

    @Test
    void what_comes_next_is_measured_from_when_it_was_first_seen() {
        activity.enter(slow);
        look(0);
        activity.enter(slow); // another event with the same name
        look(THRESHOLD - 1);
        look(2 * THRESHOLD - 2);
        assertThat(slow()).isEmpty();
        look(2 * THRESHOLD - 1);
        assertThat(slow()).hasSize(1);
        activity.enter(slow);
        look(3 * THRESHOLD);
        look(4 * THRESHOLD);
        assertThat(slow()).hasSize(1);
    }

    @Test
    void an_idle_loop_is_not_slow() {
        activity.enter(slow);
        activity.enter(null);
        look(0);
        look(THRESHOLD);
        look(1_000 * THRESHOLD);
        loops.reporter().assertNone();
    }

    // ---- nobody drives

    @Test
    void work_that_waits_for_a_driver_for_a_second_is_reported_once() {
        loop.execute(() -> {});
        look(0);
        look(5); // the loop is found at rest, and its work waiting
        look(5 + Watchdog.UNDRIVEN_NANOS - 1);
        assertThat(undriven()).isEmpty();
        look(5 + Watchdog.UNDRIVEN_NANOS);
        assertThat(undriven()).singleElement().satisfies(report -> {
            assertThat(report.loop()).isEqualTo("watched");
            assertThat(report.waiting()).isEqualTo(Duration.ofNanos(Watchdog.UNDRIVEN_NANOS));
        });
        look(5 + 2 * Watchdog.UNDRIVEN_NANOS);
        assertThat(undriven()).isEmpty();
    }

    @Test
    void a_loop_without_work_waits_for_no_driver_and_work_is_measured_from_when_it_was_seen() {
        look(0);
        look(Watchdog.UNDRIVEN_NANOS);
        look(2 * Watchdog.UNDRIVEN_NANOS);
        assertThat(undriven()).isEmpty();
        loop.execute(() -> {});
        look(3 * Watchdog.UNDRIVEN_NANOS);
        look(4 * Watchdog.UNDRIVEN_NANOS - 1);
        assertThat(undriven()).isEmpty();
        look(4 * Watchdog.UNDRIVEN_NANOS);
        assertThat(undriven()).hasSize(1);
    }

    @Test
    void work_that_was_done_in_between_has_not_waited() {
        loop.execute(() -> {});
        look(0);
        look(Watchdog.UNDRIVEN_NANOS / 2);
        loop.tick();
        look(Watchdog.UNDRIVEN_NANOS);
        loop.execute(() -> {});
        look(Watchdog.UNDRIVEN_NANOS + 1);
        look(2 * Watchdog.UNDRIVEN_NANOS);
        assertThat(undriven()).isEmpty();
        look(2 * Watchdog.UNDRIVEN_NANOS + 1);
        assertThat(undriven()).hasSize(1);
        loop.tick();
    }

    // ---- a mistake

    @Test
    void a_name_that_can_not_be_had_is_reported_once_and_concerns_this_loop_only() {
        activity.enter(new Node() {
            @Override
            void execute() {}

            @Override
            String label() {
                throw new IllegalStateException("on purpose");
            }
        });
        look(0);
        look(THRESHOLD);
        look(2 * THRESHOLD);
        assertThat(loops.reporter().take(Report.Thrown.class))
                .singleElement()
                .satisfies(report -> assertThat(report.cause()).hasMessage("on purpose"));
    }
}
