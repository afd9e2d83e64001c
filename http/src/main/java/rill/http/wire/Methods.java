package rill.http.wire;

import java.nio.charset.StandardCharsets;

/** The names of the methods, so that reading one needs no new object. Any other token is as good. */
final class Methods {
    private static final String[] NAMES = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"
    };
    private static final long[] WORDS = new long[NAMES.length];

    static {
        for (int i = 0; i < NAMES.length; i++) {
            WORDS[i] = Swar.word(NAMES[i].getBytes(StandardCharsets.US_ASCII), 0, NAMES[i].length());
        }
    }

    private Methods() {}

    /** The method that the first {@code length} bytes are. */
    static String of(byte[] bytes, int length) {
        if (length < Long.BYTES) {
            long word = Swar.word(bytes, 0, length);
            for (int i = 0; i < WORDS.length; i++) {
                if (word == WORDS[i]) {
                    return NAMES[i];
                }
            }
        }
        return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }
}
