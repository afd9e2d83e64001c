package rill.http.wire;

import java.nio.charset.StandardCharsets;

/** The names of the methods, so that reading a common one allocates nothing. Any other token is accepted as well. */
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

    /** The method in the first {@code length} bytes. */
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
