package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The order of deadlines; calls arrive nearly sorted. */
class CallListTest {
    private final CallList<String, String> list = new CallList<>();

    private static Call<String, String> due(long due) {
        var call = new Call<String, String>(null);
        call.due = due;
        return call;
    }

    private Call<String, String> add(long due) {
        Call<String, String> call = due(due);
        assertThat(list.add(call)).isTrue();
        return call;
    }

    private List<Long> dues() {
        var dues = new ArrayList<Long>();
        for (Call<String, String> call = list.first(); call != null; call = call.after) {
            assertThat(call.after == null || call.after.before == call).isTrue();
            dues.add(call.due);
        }
        return dues;
    }

    @Test
    void one_that_is_due_before_others_goes_before_them_and_equal_ones_stay_as_they_came() {
        add(5);
        Call<String, String> second = add(5);
        add(3);
        add(4);
        add(9);
        assertThat(dues()).containsExactly(3L, 4L, 5L, 5L, 9L);
        assertThat(second.after.due).isEqualTo(9);
    }

    @Test
    void deadlines_may_overflow() {
        add(Long.MAX_VALUE);
        add(Long.MIN_VALUE + 1);
        add(Long.MAX_VALUE - 1);
        assertThat(dues()).containsExactly(Long.MAX_VALUE - 1, Long.MAX_VALUE, Long.MIN_VALUE + 1);
    }

    @Test
    void one_that_is_due_before_very_many_is_refused_after_a_few_steps() {
        for (int i = 0; i < 1_000; i++) {
            add(100 + i);
        }
        assertThat(list.add(due(1_040))).as("behind all but 59").isTrue();
        var early = due(99);
        assertThat(list.add(early)).isFalse();
        assertThat(early.list).isNull();
        assertThat(dues()).hasSize(1_001).doesNotContain(99L).isSorted();
    }

    @Test
    void each_can_be_taken_out_wherever_it_is() {
        long seed = 42;
        var random = new Random(seed);
        var in = new ArrayList<Call<String, String>>();
        for (int i = 0; i < 1_000; i++) {
            if (in.isEmpty() || (in.size() < 60 && random.nextInt(3) > 0)) {
                in.add(add(random.nextInt(100)));
            } else {
                Call<String, String> gone = in.remove(random.nextInt(in.size()));
                list.remove(gone);
                assertThat(gone.list).isNull();
            }
            assertThat(dues())
                    .containsExactlyElementsOf(
                            in.stream().map(each -> each.due).sorted().toList());
        }
    }
}
