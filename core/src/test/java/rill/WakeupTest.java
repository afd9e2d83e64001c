package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.testing.Loops;

/** No wake-up is ever lost. */
@Tag("slow")
class WakeupTest {
    private static final int PRODUCERS = 3;

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void handles_scheduled_by_many_threads_all_run_and_each_threads_in_order() throws Exception {
        int each = 50_000;
        loop.start();
        int[] next = new int[PRODUCERS];
        var wrong = new AtomicInteger();
        var ran = new AtomicInteger();
        var producers = new ArrayList<Outside<Void>>();
        for (int p = 0; p < PRODUCERS; p++) {
            int producer = p;
            producers.add(Outside.start(() -> {
                for (int i = 0; i < each; i++) {
                    int number = i;
                    loop.schedule(() -> {
                        if (next[producer]++ != number) {
                            wrong.incrementAndGet();
                        }
                        ran.incrementAndGet();
                    });
                }
                return null;
            }));
        }
        for (Outside<Void> producer : producers) {
            producer.result();
        }

        Await.until("all have run", () -> ran.get() == PRODUCERS * each);
        assertThat(wrong).hasValue(0);
    }

    @Test
    void a_loop_that_falls_asleep_after_each_handle_always_wakes_up() throws Exception {
        loop.start();
        var producers = new ArrayList<Outside<Integer>>();
        for (int p = 0; p < PRODUCERS; p++) {
            producers.add(Outside.start(() -> {
                int sum = 0;
                for (int i = 0; i < 2_000; i++) {
                    sum += loop.submit(() -> 1).await(); // nothing else wakes the loop once all of them wait
                }
                return sum;
            }));
        }

        for (Outside<Integer> producer : producers) {
            assertThat(producer.result()).isEqualTo(2_000);
        }
    }

    @Test
    void threads_that_take_turns_at_driving_never_leave_the_loop_without_a_driver() throws Exception {
        var producers = new ArrayList<Outside<Integer>>();
        for (int p = 0; p < PRODUCERS; p++) {
            producers.add(Outside.start(() -> {
                int sum = 0;
                for (int i = 0; i < 1_000; i++) {
                    sum += loop.submit(() -> 1).await();
                }
                return sum;
            }));
        }

        for (Outside<Integer> producer : producers) {
            assertThat(producer.result()).isEqualTo(1_000);
        }
        assertThat(loop.driving().driven()).isFalse();
    }
}
