package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import rill.WaitingThreads.Waiter;

/** Threads that wait outside are known in the order in which they came, whatever the order in which they leave. */
class WaitingThreadsTest {
    /** A waiter, and the thread that it stands for. */
    private record Waits(Waiter waiter, Thread thread) {}

    private static Waits one() {
        Thread thread = Thread.ofVirtual().unstarted(() -> {});
        return new Waits(new Waiter(thread), thread);
    }

    @Test
    void the_first_is_who_has_waited_longest_of_those_still_there() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        var threads = new WaitingThreads();
        List<Waits> model = new ArrayList<>();
        for (int n = 0; n < 10_000; n++) {
            if (model.isEmpty() || random.nextInt(20) < 10) {
                Waits next = one();
                threads.add(next.waiter);
                model.addLast(next);
            } else {
                threads.remove(model.remove(random.nextInt(model.size())).waiter);
            }
            assertThat(threads.longest())
                    .as("seed %d, after %d steps", seed, n)
                    .isSameAs(model.isEmpty() ? null : model.getFirst().thread);
        }
    }

    /** A search from the head would make ten thousand million steps of it. */
    @Test
    void a_hundred_thousand_may_leave_from_the_last_to_the_first() {
        var threads = new WaitingThreads();
        List<Waits> all = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            all.add(one());
            threads.add(all.getLast().waiter);
        }
        for (Waits each : all.reversed()) {
            assertThat(threads.longest()).isNotNull();
            threads.remove(each.waiter);
        }
        assertThat(threads.longest()).isNull();
    }

    @Test
    void one_may_come_back() {
        var threads = new WaitingThreads();
        Waits first = one();
        Waits second = one();
        threads.add(first.waiter);
        threads.add(second.waiter);
        threads.remove(first.waiter);
        threads.add(first.waiter);
        assertThat(threads.longest()).isSameAs(second.thread);
        threads.remove(second.waiter);
        assertThat(threads.longest()).isSameAs(first.thread);
    }
}
