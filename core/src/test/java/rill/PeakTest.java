package rill;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PeakTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long BEGINNING = Long.MAX_VALUE - 5 * SECOND; // nanoTime may be anything, and overflows

    private final Peak peak = new Peak(BEGINNING);

    private static long at(double seconds) {
        return BEGINNING + (long) (seconds * SECOND);
    }

    @Test
    void a_peak_is_recent_for_nineteen_seconds_and_no_longer_than_twenty() {
        peak.note(7, at(0.5));
        for (int i = 1; i <= 30; i++) {
            peak.note(3, at(i + 0.5));
            assertThat(peak.lately(at(i + 0.5))).as("after %s s", i).isEqualTo(i <= 19 ? 7 : 3);
        }
        assertThat(peak.ever()).isEqualTo(7);
    }

    @Test
    void what_was_noted_grows_old_even_if_nothing_follows() {
        peak.note(7, at(0.5));
        assertThat(peak.lately(at(19.9))).isEqualTo(7);
        assertThat(peak.lately(at(20))).isZero();
        assertThat(peak.lately(at(1000))).isZero();
        peak.note(5, at(1000));
        assertThat(peak.lately(at(1000))).isEqualTo(5);
        assertThat(peak.lately(at(1019))).isEqualTo(5);
        assertThat(peak.lately(at(1020))).isZero();
        assertThat(peak.ever()).isEqualTo(7);
    }

    @Test
    void the_highest_of_several_seconds_counts() {
        peak.note(2, at(0));
        peak.note(9, at(3.2));
        peak.note(4, at(3.9));
        peak.note(6, at(8));
        assertThat(peak.lately(at(9))).isEqualTo(9);
        assertThat(peak.lately(at(22.9))).isEqualTo(9);
        assertThat(peak.lately(at(23))).isEqualTo(6);
        assertThat(peak.lately(at(28))).isZero();
    }

    @Test
    void reading_changes_nothing() {
        peak.note(7, at(1));
        assertThat(peak.lately(at(500))).isZero();
        assertThat(peak.lately(at(2))).isEqualTo(7);
    }
}
