package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LatestTest {
    @Test
    void of_many_numbers_the_latest_are_kept() {
        var latest = new Latest(3);
        assertThat(latest.sorted()).isEmpty();
        latest.add(7);
        latest.add(5);
        assertThat(latest.sorted()).containsExactly(5, 7);
        for (long number = 100; number > 0; number--) {
            latest.add(number);
        }
        assertThat(latest.sorted()).containsExactly(1, 2, 3);
    }
}
