package rill.mutants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SampleTest {
    private static List<Integer> takenBy(Sample sample, int count) {
        return IntStream.range(0, count)
                .filter(i -> sample.isTaken("mutant " + i))
                .boxed()
                .toList();
    }

    @Test
    void one_of_so_many_is_taken() {
        assertThat(takenBy(new Sample(20, 1), 20_000).size()).isCloseTo(1_000, within(100));
    }

    @Test
    void one_of_one_is_each() {
        assertThat(takenBy(new Sample(1, 1), 100)).hasSize(100);
    }

    @Test
    void the_same_seed_takes_the_same_ones() {
        assertThat(takenBy(new Sample(20, 7), 1_000)).isEqualTo(takenBy(new Sample(20, 7), 1_000));
    }

    @Test
    void another_seed_takes_others() {
        assertThat(takenBy(new Sample(20, 7), 1_000)).isNotEqualTo(takenBy(new Sample(20, 8), 1_000));
    }

    @Test
    void a_larger_sample_of_the_same_seed_has_those_of_the_smaller_one() {
        assertThat(takenBy(new Sample(20, 1), 10_000)).containsAll(takenBy(new Sample(40, 1), 10_000));
    }

    @Test
    void one_of_none_is_refused() {
        assertThatThrownBy(() -> new Sample(0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one mutant of 0");
    }
}
