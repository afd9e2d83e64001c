package rill.bench.program;

import java.nio.charset.StandardCharsets;

/** The responses of each HTTP server: for {@code /json}, newly built JSON of 27 bytes; for everything else, a text of 13 bytes. */
final class HttpTexts {
    static final String JSON_PATH = "/json";
    private static final byte[] TEXT = "Hello, World!".getBytes(StandardCharsets.US_ASCII);

    private HttpTexts() {}

    /** Returns the same array each time. */
    static byte[] text() {
        return TEXT;
    }

    /** Returns a new array, built by hand, since no JSON library is measured. */
    static byte[] json() {
        return "{\"message\":\"Hello, World!\"}".getBytes(StandardCharsets.ISO_8859_1);
    }
}
