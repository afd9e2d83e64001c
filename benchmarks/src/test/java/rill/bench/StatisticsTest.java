package rill.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import rill.bench.Statistics.Interval;
import rill.bench.Statistics.Verdict;

final class StatisticsTest {
    @Test
    void the_median_is_the_middle_or_between_the_two_middle_ones() {
        assertThat(Statistics.median(new double[] {3, 1, 2})).isEqualTo(2);
        assertThat(Statistics.median(new double[] {4, 1, 2, 3})).isEqualTo(2.5);
        assertThatIllegalArgumentException().isThrownBy(() -> Statistics.median(new double[0]));
    }

    @Test
    void the_interval_holds_the_median_lies_within_the_data_and_is_the_same_each_time() {
        double[] values = {1.0, 1.1, 0.9, 1.05, 5.0};
        Interval interval = Statistics.bootstrap(values);
        assertThat(interval.value()).isEqualTo(1.05);
        assertThat(interval.low()).isBetween(0.9, 1.05);
        assertThat(interval.high()).isBetween(1.05, 5.0);
        assertThat(Statistics.bootstrap(values)).isEqualTo(interval);
    }

    @Test
    void the_same_value_again_and_again_has_an_interval_of_no_width() {
        assertThat(Statistics.bootstrap(new double[] {2, 2, 2, 2, 2})).isEqualTo(new Interval(2, 2, 2));
    }

    @Test
    void the_interval_of_many_values_is_narrower_than_that_of_few() {
        double[] few = {1, 2, 3, 4, 5};
        double[] many = new double[100];
        for (int i = 0; i < many.length; i++) {
            many[i] = few[i % few.length];
        }
        Interval ofMany = Statistics.bootstrap(many);
        Interval ofFew = Statistics.bootstrap(few);
        assertThat(ofMany.high() - ofMany.low()).isLessThan(ofFew.high() - ofFew.low());
    }

    @Test
    void the_floor_is_the_larger_deviation_as_a_factor_whichever_way_it_went() {
        assertThat(Statistics.floor(new double[] {0.5, 0.5, 0.5})).isEqualTo(2);
        assertThat(Statistics.floor(new double[] {1.25, 1.25, 1.25})).isEqualTo(1.25);
        assertThat(Statistics.floor(new double[] {1, 1, 1})).isEqualTo(1);
    }

    @Test
    void a_difference_inside_the_noise_is_none() {
        assertThat(Statistics.verdict(new Interval(1.04, 1.02, 1.06), 5, 1.05, true))
                .isEqualTo(Verdict.NO_DIFFERENCE);
        assertThat(Statistics.verdict(new Interval(0.96, 0.95, 0.97), 5, 1.05, true))
                .isEqualTo(Verdict.NO_DIFFERENCE);
    }

    @Test
    void a_difference_whose_interval_holds_1_is_none() {
        assertThat(Statistics.verdict(new Interval(1.4, 0.99, 1.8), 5, 1.05, true))
                .isEqualTo(Verdict.NO_DIFFERENCE);
    }

    @Test
    void more_is_ahead_or_behind_as_the_figure_has_it() {
        var more = new Interval(1.4, 1.3, 1.5);
        assertThat(Statistics.verdict(more, 5, 1.05, true)).isEqualTo(Verdict.AHEAD);
        assertThat(Statistics.verdict(more, 5, 1.05, false)).isEqualTo(Verdict.BEHIND);
        assertThat(Statistics.verdict(new Interval(0.5, 0.4, 0.6), 5, 1.05, false))
                .isEqualTo(Verdict.AHEAD);
    }

    @Test
    void without_a_floor_no_difference_counts() {
        assertThat(Statistics.verdict(new Interval(9, 8, 10), 5, null, true)).isEqualTo(Verdict.NO_FLOOR);
    }

    @Test
    void four_pairs_support_no_verdict() {
        assertThat(Statistics.verdict(new Interval(9, 8, 10), 4, 1.01, true)).isEqualTo(Verdict.TOO_FEW_PAIRS);
    }
}
