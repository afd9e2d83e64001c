package rill.codec.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/** Strict UTF-8: malformed input is reported, not replaced. <b>Source:</b> RFC 3629, section 4. */
public final class Utf8 {
    private static final long NOT_ASCII = 0x8080808080808080L;
    private static final int ASCII_ONLY = 0x7F;

    private Utf8() {}

    // ---- reading

    /** The index of the first malformed sequence, or -1. A sequence that the end cuts off is malformed. */
    public static int firstMalformed(ByteBuf in, int from, int to) {
        int i = from;
        while (i < to) {
            if (to - i >= Long.BYTES && (in.getLong(i) & NOT_ASCII) == 0) {
                i += Long.BYTES;
                continue;
            }
            int size = sequenceAt(in, i, to);
            if (size == 0) {
                return i;
            }
            i += size;
        }
        return -1;
    }

    /** The size in bytes of the well-formed sequence at {@code i}, or 0. */
    private static int sequenceAt(ByteBuf in, int i, int to) {
        int first = in.getUnsignedByte(i);
        if (first < 0x80) {
            return 1;
        }
        int size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        if (first < 0xC2 || first > 0xF4 || to - i < size) {
            return 0;
        }
        int second = in.getUnsignedByte(i + 1);
        // Only the shortest form, no surrogates, nothing above U+10FFFF: these narrow the second byte.
        int low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        int high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        if (second < low || second > high) {
            return 0;
        }
        for (int k = 2; k < size; k++) {
            if ((in.getByte(i + k) & 0xC0) != 0x80) {
                return 0;
            }
        }
        return size;
    }

    // ---- writing

    /** Appends a text. */
    public static void write(String text, ByteBuf out) {
        int ascii = writeAscii(text, out);
        if (ascii < text.length()) {
            requirePaired(text, ascii);
            ByteBufUtil.writeUtf8(out, text, ascii, text.length());
        }
    }

    /**
     * Appends the ASCII characters that a text begins with and returns their number. It writes eight at a time, since each write pays for the
     * buffer's checks.
     */
    public static int writeAscii(String text, ByteBuf out) {
        int length = text.length();
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            int high = ascii4(text, i);
            int low = ascii4(text, i + 4);
            if ((high | low) < 0) {
                break;
            }
            out.writeLong(((long) high << 32) | low);
        }
        if (i + 4 <= length) {
            int four = ascii4(text, i);
            if (four >= 0) {
                out.writeInt(four);
                i += 4;
            }
        }
        for (; i < length; i++) {
            char c = text.charAt(i);
            if (c > ASCII_ONLY) {
                break;
            }
            out.writeByte(c);
        }
        return i;
    }

    /** Four characters as the bytes of an int, which is negative if they are not all ASCII. */
    private static int ascii4(String text, int i) {
        char a = text.charAt(i);
        char b = text.charAt(i + 1);
        char c = text.charAt(i + 2);
        char d = text.charAt(i + 3);
        return (a | b | c | d) > ASCII_ONLY ? -1 : (a << 24) | (b << 16) | (c << 8) | d;
    }

    /**
     * Refuses a text with an unpaired surrogate, which UTF-8 can't encode.
     *
     * @throws IllegalArgumentException if there is one
     */
    public static void requirePaired(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                boolean paired = Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!paired) {
                    throw new IllegalArgumentException("a text with an unpaired surrogate (at index " + i + ", U+"
                            + Integer.toHexString(c).toUpperCase(java.util.Locale.ROOT) + ") can't be encoded");
                }
                i++;
            }
        }
    }
}
