package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testing.Loops;

/** The timer queue against a model that is plainly right, and its use of memory. */
class TimerQueueTest {
    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();

    @AfterEach
    void close() {
        loops.close();
    }

    private record Entry(Handle handle, long afterOrigin, long sequence) {}

    @ParameterizedTest
    @ValueSource(longs = {0, 1_000_000, Long.MAX_VALUE - 500, Long.MIN_VALUE + 3})
    void it_does_what_a_sorted_set_does(long origin) {
        long seed = java.util.concurrent.ThreadLocalRandom.current().nextLong();
        var random = new Random(seed);
        var queue = new TimerQueue();
        var model = new TreeSet<>(Comparator.comparingLong(Entry::afterOrigin).thenComparingLong(Entry::sequence));
        var live = new ArrayList<Entry>();
        long now = 0;
        for (int step = 0; step < 20_000; step++) {
            String where = "seed " + seed + ", step " + step;
            switch (random.nextInt(8)) {
                case 0, 1, 2, 3 -> {
                    long at = now + random.nextInt(random.nextBoolean() ? 10 : 1000);
                    var entry = new Entry(new Handle(loop, "timer", () -> {}), at, step);
                    queue.add(entry.handle, origin + at);
                    model.add(entry);
                    live.add(entry);
                }
                case 4, 5 -> {
                    if (!live.isEmpty()) {
                        Entry victim = live.remove(random.nextInt(live.size()));
                        queue.cancelled(victim.handle);
                        queue.cancelled(victim.handle); // by now it is no longer in the queue
                        model.remove(victim);
                    }
                }
                default -> {
                    now += random.nextInt(20);
                    while (!model.isEmpty() && model.first().afterOrigin <= now) {
                        Entry due = model.removeFirst();
                        live.remove(due);
                        assertThat(queue.pollDue(origin + now)).as(where).isSameAs(due.handle);
                    }
                    assertThat(queue.pollDue(origin + now)).as(where).isNull();
                }
            }
            assertThat(queue.pending()).as(where).isEqualTo(model.size());
            assertThat(queue.isEmpty()).as(where).isEqualTo(model.isEmpty());
            if (!model.isEmpty()) {
                assertThat(queue.nextDeadline()).as(where).isEqualTo(origin + model.first().afterOrigin);
            }
        }
    }

    @Test
    void a_burst_that_is_over_gives_its_space_back_and_leaves_the_others_in_order() {
        var queue = new TimerQueue();
        List<Handle> handles = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            var handle = new Handle(loop, "timeout", () -> {});
            queue.add(handle, i);
            handles.add(handle);
        }

        handles.subList(0, 990).forEach(queue::cancelled);

        assertThat(queue.pending()).isEqualTo(10);
        assertThat(queue.capacity()).isBetween(10, 64);
        for (Handle each : handles.subList(990, 1_000)) {
            assertThat(queue.pollDue(1_000)).isSameAs(each);
        }
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    @Tag("slow")
    void a_million_pending_timers_come_out_in_order() {
        long seed = java.util.concurrent.ThreadLocalRandom.current().nextLong();
        var random = new Random(seed);
        var queue = new TimerQueue();
        int n = 1_000_000;
        long[] deadlines = new long[n];
        for (int i = 0; i < n; i++) {
            deadlines[i] = random.nextInt(n);
            queue.add(new Handle(loop, Long.toString(deadlines[i]), () -> {}), deadlines[i]);
        }
        assertThat(queue.pending()).isEqualTo(n);

        long last = Long.MIN_VALUE;
        for (int i = 0; i < n; i++) {
            long next = queue.nextDeadline();
            Handle handle = queue.pollDue(n);
            if (next < last || !handle.name().equals(Long.toString(next))) {
                throw new AssertionError("seed " + seed + ": " + handle + " came after " + last);
            }
            last = next;
        }

        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    @Tag("slow")
    void timers_that_are_scheduled_and_cancelled_take_bounded_space() {
        var queue = new TimerQueue();
        var window = new ArrayDeque<Handle>();
        for (int i = 0; i < 1_000_000; i++) {
            var handle = new Handle(loop, "timeout", () -> {});
            queue.add(handle, 1_000_000_000L + i);
            window.add(handle);
            if (window.size() > 100) {
                queue.cancelled(window.remove());
            }
        }

        assertThat(queue.pending()).isEqualTo(100);
        assertThat(queue.capacity()).isLessThanOrEqualTo(512);
    }

    @Test
    @Tag("slow")
    void cancelling_a_million_pending_timers_gives_their_space_back() {
        var queue = new TimerQueue();
        List<Handle> handles = new ArrayList<>();
        for (int i = 0; i < 1_000_000; i++) {
            var handle = new Handle(loop, "timeout", () -> {});
            queue.add(handle, i);
            handles.add(handle);
        }

        handles.subList(0, handles.size() - 10).forEach(queue::cancelled);

        assertThat(queue.pending()).isEqualTo(10);
        assertThat(queue.capacity()).isLessThanOrEqualTo(512);
        assertThat(queue.isEmpty()).isFalse();
        assertThat(queue.nextDeadline()).isEqualTo(999_990);
    }
}
