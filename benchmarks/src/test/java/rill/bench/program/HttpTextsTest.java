package rill.bench.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import org.junit.jupiter.api.Test;

final class HttpTextsTest {
    @Test
    void a_date_is_as_long_on_the_first_of_a_month_as_on_the_last() {
        assertThat(HttpTexts.date(ZonedDateTime.of(2026, 12, 1, 0, 0, 5, 0, ZoneOffset.UTC)))
                .isEqualTo("Tue, 01 Dec 2026 00:00:05 GMT")
                .hasSameSizeAs(HttpTexts.date(ZonedDateTime.of(2026, 11, 30, 23, 59, 59, 0, ZoneOffset.UTC)));
    }
}
