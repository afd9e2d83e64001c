package rill.http.websocket;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Checks UTF-8 piece by piece: a character that one piece leaves unfinished has to be finished by the next.
 *
 * <pre>
 *  BETWEEN characters ── first byte of a longer one ──▶ WITHIN: some bytes missing, the next one from low to high
 *          ▲                                               │  ▲ └ a byte, and more missing ┘
 *          └───────────────────── the last byte ───────────┘
 * </pre>
 *
 * <p><b>Source:</b> RFC 3629, section 4.
 */
final class Utf8Check {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final long NOT_ASCII = 0x8080808080808080L;

    private int missing;
    private int seen; // bytes of the unfinished character
    private int low = 0x80;
    private int high = 0xBF;

    /** Whether it is between characters. */
    boolean complete() {
        return missing == 0;
    }

    /** The number of bytes of an unfinished character. */
    int unfinished() {
        return missing == 0 ? 0 : seen;
    }

    void reset() {
        missing = 0;
        low = 0x80;
        high = 0xBF;
    }

    /** The index of the first malformed byte, or -1; then the next call continues from there. */
    int firstMalformed(byte[] bytes, int from, int to) {
        int i = from;
        while (i < to) {
            if (missing == 0 && i + Long.BYTES <= to && ((long) LONGS.get(bytes, i) & NOT_ASCII) == 0) {
                i += Long.BYTES;
            } else if (accepts(bytes[i] & 0xFF)) {
                i++;
            } else {
                return i;
            }
        }
        return -1;
    }

    private boolean accepts(int b) {
        if (missing == 0) {
            return b < 0x80 || begins(b);
        }
        if (b < low || b > high) {
            return false;
        }
        low = 0x80;
        high = 0xBF;
        missing--;
        seen++;
        return true;
    }

    /** Only shortest forms, no surrogates, nothing above U+10FFFF: these narrow the second byte. */
    private boolean begins(int b) {
        if (b < 0xC2 || b > 0xF4) {
            return false;
        }
        missing = b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
        seen = 1;
        low = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;
        high = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
        return true;
    }
}
