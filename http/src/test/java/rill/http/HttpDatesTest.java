package rill.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests dates, in all the forms that HTTP has. */
class HttpDatesTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    private static DateTimeFormatter form(String pattern) {
        return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).withZone(ZoneOffset.UTC);
    }

    @Test
    void dates_are_as_the_jdk_writes_them() {
        var form = form("EEE, dd MMM yyyy HH:mm:ss 'GMT'");
        var random = new Random(1);
        for (int i = 0; i < 1_000; i++) {
            Instant instant = Instant.ofEpochSecond(random.nextLong(0, 250_000_000_000L));
            assertThat(HttpDates.format(instant)).isEqualTo(form.format(instant));
        }
    }

    @Test
    void dates_of_all_three_forms_are_read() {
        var old = form("EEEE, dd-MMM-yy HH:mm:ss 'GMT'");
        var oldest = form("EEE MMM ppd HH:mm:ss yyyy");
        long first = Instant.parse("1977-01-01T00:00:00Z").getEpochSecond();
        long last = Instant.parse("2076-01-01T00:00:00Z").getEpochSecond();
        var random = new Random(2);
        for (int i = 0; i < 1_000; i++) {
            Instant instant = Instant.ofEpochSecond(random.nextLong(first, last));
            assertThat(HttpDates.parse(HttpDates.format(instant), NOW)).isEqualTo(instant);
            assertThat(HttpDates.parse(old.format(instant), NOW)).isEqualTo(instant);
            assertThat(HttpDates.parse(oldest.format(instant), NOW)).isEqualTo(instant);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    void the_examples_of_rfc_9110_are_one_moment(String date) {
        assertThat(HttpDates.parse(date, NOW)).isEqualTo(Instant.ofEpochSecond(784111777));
    }

    @ParameterizedTest
    @CsvSource({
        "'Sunday, 01-Mar-76 12:00:00 GMT', 2076-03-01T12:00:00Z",
        "'Monday, 01-Mar-76 12:00:01 GMT', 1976-03-01T12:00:01Z",
        "'Monday, 28-Feb-00 00:00:00 GMT', 2000-02-28T00:00:00Z",
        "'Tuesday, 29-Feb-00 23:59:60 GMT', 2000-03-01T00:00:00Z",
        "'Friday, 31-Dec-99 23:59:59 GMT', 1999-12-31T23:59:59Z"
    })
    void a_year_of_two_digits_is_at_most_fifty_years_ahead(String date, Instant moment) {
        assertThat(HttpDates.parse(date, NOW)).isEqualTo(moment);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                "yesterday",
                "Mon, 06 Nov 1994 08:49:37 GMT",
                "Sun, 06 nov 1994 08:49:37 GMT",
                "Sun, 06 ovD 1994 08:49:37 GMT",
                "Sun, 06 Nov 1994 08:49:37 UTC",
                "Sun, 06 Nov 1994 24:49:37 GMT",
                "Sun, 06 Nov 1994 08:60:37 GMT",
                "Sun, 06 Nov 1994 08:49:61 GMT",
                "Wed, 31 Nov 1994 08:49:37 GMT",
                "Wed, 00 Nov 1994 08:49:37 GMT",
                "Sun, 06 Nov 1994 08:49:37 GMT ",
                "Sun, 06-Nov-1994 08:49:37 GMT",
                "Sun, 06 Nov 1994 08.49.37 GMT",
                "Sun, -6 Nov 1994 08:49:37 GMT",
                "Monday, 06-Nov-94 08:49:37 GMT",
                "Sunday, 06-Nov-1994 08:49:37 GMT",
                "Sunday, 06 Nov 94 08:49:37 GMT",
                "Sunday, 31-Feb-94 08:49:37 GMT",
                "Sunday,",
                "Sun Nov 06 08:49:37 94",
                "Sun Nov 6 08:49:37 1994 ",
                "Mon Nov  6 08:49:37 1994",
                "Sun Nov    08:49:37 1994",
                "Sun Nov  6 08:49:37 199\u0664"
            })
    void what_is_no_date_is_none(String text) {
        assertThat(HttpDates.parse(text, NOW)).isNull();
    }
}
