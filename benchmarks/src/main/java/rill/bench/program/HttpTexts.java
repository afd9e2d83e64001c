package rill.bench.program;

import java.nio.charset.StandardCharsets;

/** What each server of HTTP answers: {@code /json} with JSON of 27 bytes that it makes anew, and everything else with a text of 13. */
final class HttpTexts {
    static final String JSON_PATH = "/json";
    private static final byte[] TEXT = "Hello, World!".getBytes(StandardCharsets.US_ASCII);

    private HttpTexts() {}

    /** Always the same array. */
    static byte[] text() {
        return TEXT;
    }

    /** A new array; by hand, since it is not a library for JSON that is measured. */
    static byte[] json() {
        return "{\"message\":\"Hello, World!\"}".getBytes(StandardCharsets.ISO_8859_1);
    }
}
