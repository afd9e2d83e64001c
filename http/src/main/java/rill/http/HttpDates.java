package rill.http;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Formats and parses dates for HTTP, without java.time's formatter: its locale data takes a tenth of a second to load, on the loop.
 *
 * <p><b>Source:</b> RFC 9110, 5.6.7.
 */
final class HttpDates {
    private static final String DAYS = "MonTueWedThuFriSatSun";
    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
    private static final List<String> DAYS_IN_FULL =
            List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");
    private static final int NAME = 3;
    private static final int CENTURY = 100;

    private HttpDates() {}

    static String format(Instant instant) {
        OffsetDateTime date = instant.atOffset(ZoneOffset.UTC);
        var text = new StringBuilder(29);
        text.append(name(DAYS, date.getDayOfWeek().getValue())).append(", ");
        digits(text, date.getDayOfMonth(), 2).append(' ');
        text.append(name(MONTHS, date.getMonthValue())).append(' ');
        digits(text, date.getYear(), 4).append(' ');
        digits(text, date.getHour(), 2).append(':');
        digits(text, date.getMinute(), 2).append(':');
        return digits(text, date.getSecond(), 2).append(" GMT").toString();
    }

    private static String name(String all, int number) {
        return all.substring((number - 1) * NAME, number * NAME);
    }

    /**
     * Parses a date in any of the three forms: {@code Sun, 06 Nov 1994 08:49:37 GMT}, {@code Sunday, 06-Nov-94 08:49:37 GMT} and
     * {@code Sun Nov  6 08:49:37 1994}. Null if it is none of them, or no such day exists.
     *
     * @param now a date with a year of two digits is at most 50 years later than this
     */
    static @Nullable Instant parse(String date, Instant now) {
        try {
            int comma = date.indexOf(',');
            return comma < 0 ? asctime(date) : comma == NAME ? usual(date) : longer(date, comma, now);
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static Instant usual(String date) {
        require(date.length() == 29 && date.startsWith(", ", 3) && date.endsWith(" GMT"));
        require(date.charAt(7) == ' ' && date.charAt(11) == ' ' && date.charAt(16) == ' ');
        LocalDate day = LocalDate.of(number(date, 12, 16), month(date, 8), number(date, 5, 7));
        require(date.startsWith(name(DAYS, day.getDayOfWeek().getValue())));
        return at(day, date, 17);
    }

    private static Instant longer(String date, int comma, Instant now) {
        int from = comma + 2;
        require(date.length() == from + 22 && date.charAt(from - 1) == ' ' && date.endsWith(" GMT"));
        require(date.charAt(from + 2) == '-' && date.charAt(from + 6) == '-' && date.charAt(from + 9) == ' ');
        OffsetDateTime today = now.atOffset(ZoneOffset.UTC);
        int year = today.getYear() / CENTURY * CENTURY + number(date, from + 7, from + 9);
        int month = month(date, from + 3);
        int dayOfMonth = number(date, from, from + 2);
        // in this century the 29th of February may not exist
        if (at(LocalDate.of(year, month, 1).plusDays(dayOfMonth - 1L), date, from + 10)
                .isAfter(today.plusYears(CENTURY / 2).toInstant())) {
            year -= CENTURY;
        }
        LocalDate day = LocalDate.of(year, month, dayOfMonth);
        require(date.substring(0, comma)
                .equals(DAYS_IN_FULL.get(day.getDayOfWeek().getValue() - 1)));
        return at(day, date, from + 10);
    }

    private static Instant asctime(String date) {
        require(date.length() == 24 && date.charAt(3) == ' ' && date.charAt(7) == ' ');
        require(date.charAt(10) == ' ' && date.charAt(19) == ' ');
        int dayOfMonth = number(date, date.charAt(8) == ' ' ? 9 : 8, 10);
        LocalDate day = LocalDate.of(number(date, 20, 24), month(date, 4), dayOfMonth);
        require(date.startsWith(name(DAYS, day.getDayOfWeek().getValue())));
        return at(day, date, 11);
    }

    /** With the time at this index, which may be a leap second. */
    private static Instant at(LocalDate day, String date, int from) {
        require(date.charAt(from + 2) == ':' && date.charAt(from + 5) == ':');
        int hour = number(date, from, from + 2);
        int minute = number(date, from + 3, from + 5);
        int second = number(date, from + 6, from + 8);
        require(hour < 24 && minute < 60 && second <= 60);
        return day.atStartOfDay(ZoneOffset.UTC).toInstant().plusSeconds((hour * 60L + minute) * 60 + second);
    }

    private static int month(String date, int from) {
        int at = MONTHS.indexOf(date.substring(from, from + NAME));
        require(at >= 0 && at % NAME == 0);
        return at / NAME + 1;
    }

    private static int number(String date, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            char c = date.charAt(i);
            require(c >= '0' && c <= '9');
            number = 10 * number + c - '0';
        }
        return number;
    }

    private static void require(boolean valid) {
        if (!valid) {
            throw new DateTimeException("no date of HTTP");
        }
    }

    private static StringBuilder digits(StringBuilder text, int number, int least) {
        String digits = Integer.toString(number);
        return text.repeat("0", Math.max(0, least - digits.length())).append(digits);
    }
}
