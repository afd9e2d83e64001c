package rill.bench.program;

import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The responses of each HTTP server: for {@code /json}, newly built JSON of 27 bytes; for everything else, a text of 13 bytes. */
final class HttpTexts {
    static final String JSON_PATH = "/json";
    private static final byte[] TEXT = "Hello, World!".getBytes(StandardCharsets.US_ASCII);

    /** RFC 9110, section 5.6.7: the day of the month has two digits, so all dates are equally long. */
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US);

    private HttpTexts() {}

    /** Returns the same array each time. */
    static byte[] text() {
        return TEXT;
    }

    /** Returns what servers that set the field themselves say as Date, once a second. */
    static String date() {
        return date(ZonedDateTime.now(ZoneOffset.UTC));
    }

    static String date(ZonedDateTime time) {
        return DATE.format(time);
    }

    /** Returns a new array, built by hand, since no JSON library is measured. */
    static byte[] json() {
        return "{\"message\":\"Hello, World!\"}".getBytes(StandardCharsets.ISO_8859_1);
    }
}
