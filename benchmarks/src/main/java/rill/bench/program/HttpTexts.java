package rill.bench.program;

import java.nio.charset.StandardCharsets;

/** The responses of every HTTP server: 27 bytes of JSON, encoded anew each time, for {@code /json}, and a text of 13 bytes for everything else. */
final class HttpTexts {
    static final String JSON_PATH = "/json";
    private static final byte[] TEXT = "Hello, World!".getBytes(StandardCharsets.US_ASCII);

    private HttpTexts() {}

    /** Always the same array. */
    static byte[] text() {
        return TEXT;
    }

    /** A new array; encoded by hand, since no JSON library is measured here. */
    static byte[] json() {
        return "{\"message\":\"Hello, World!\"}".getBytes(StandardCharsets.ISO_8859_1);
    }
}
