package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Sums and gauges of snapshots, number by number: each has a different value, so none can stand in for another. */
class LoopMetricsTest {
    private long next = 1;

    @Test
    void each_number_of_a_sum_is_the_sum_of_both_and_each_longest_time_the_longer_one() throws Exception {
        var one = (LoopMetrics) filled(LoopMetrics.class);
        var other = (LoopMetrics) filled(LoopMetrics.class);
        checkSum(one.plus(other), one, other);
        checkSum(other.plus(one), one, other);
    }

    @Test
    void the_gauge_of_connections_is_of_those_that_came_and_have_not_gone() {
        assertThat(new LoopMetrics.Connections(17, 4, 1, 2, 1, 1, 1).open()).isEqualTo(13);
    }

    @Test
    void the_gauges_of_calls_are_of_those_without_an_end_and_of_tombstones_that_are_left() {
        var calls = new LoopMetrics.Calls(1_000_000, 1, 20, 300, 4_000, 5, 60, 700, 8_000, 99, 77, 7);
        assertThat(calls.failed()).isEqualTo(4_765);
        assertThat(calls.outstanding()).isEqualTo(1_000_000 - 1 - 20 - 300 - 8_000 - 4_765);
        assertThat(calls.tombstones()).isEqualTo(70);
    }

    private Object filled(Class<?> type) throws Exception {
        if (type == long.class) {
            return next++ * next;
        }
        if (type == Duration.class) {
            return Duration.ofNanos(next++ * next);
        }
        RecordComponent[] parts = type.getRecordComponents();
        Object[] values = new Object[parts.length];
        for (int i = 0; i < parts.length; i++) {
            values[i] = filled(parts[i].getType());
        }
        Constructor<?> made = type.getDeclaredConstructor(
                Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new));
        return made.newInstance(values);
    }

    private static void checkSum(Object sum, Object one, Object other) throws Exception {
        for (RecordComponent part : sum.getClass().getRecordComponents()) {
            Object is = part.getAccessor().invoke(sum);
            Object a = part.getAccessor().invoke(one);
            Object b = part.getAccessor().invoke(other);
            if (is instanceof Long number) {
                assertThat(number).as(part.toString()).isEqualTo((long) a + (long) b);
            } else if (is instanceof Duration time) {
                assertThat(time).as(part.toString()).isEqualTo(together(part.getName(), (Duration) a, (Duration) b));
            } else {
                checkSum(is, a, b);
            }
        }
    }

    private static Duration together(String name, Duration a, Duration b) {
        if (name.startsWith("longest")) {
            return a.compareTo(b) > 0 ? a : b;
        }
        return a.plus(b);
    }
}
