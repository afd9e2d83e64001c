package rill.http;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** Formats dates for HTTP, without java.time's formatter: its locale data takes a tenth of a second to load, on the loop. <b>Source:</b> RFC 9110, 5.6.7. */
final class HttpDates {
    private static final String DAYS = "MonTueWedThuFriSatSun";
    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
    private static final int NAME = 3;

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

    private static StringBuilder digits(StringBuilder text, int number, int least) {
        String digits = Integer.toString(number);
        return text.repeat("0", Math.max(0, least - digits.length())).append(digits);
    }
}
