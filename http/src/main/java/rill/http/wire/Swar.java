package rill.http.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Operations on eight bytes at a time, in a long whose lowest byte is the first. Only the lowest mark in a result is exact. */
final class Swar {
    static final long ONES = 0x0101010101010101L;
    static final long HIGHS = 0x8080808080808080L;

    /** Converts letters to lower case; other characters may collide. */
    static final long SMALL = 0x2020202020202020L;

    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Swar() {}

    /** The eight bytes from {@code at} on, all of which must exist. */
    static long word(byte[] bytes, int at) {
        return (long) WORDS.get(bytes, at);
    }

    /** The bytes from {@code at} on, at most eight of them, padded with zeros. */
    static long word(byte[] bytes, int at, int length) {
        if (at + Long.BYTES <= bytes.length) {
            long word = word(bytes, at);
            return length >= Long.BYTES ? word : word & mask(length);
        }
        long word = 0;
        for (int i = Math.min(length, Long.BYTES) - 1; i >= 0; i--) {
            word = (word << Byte.SIZE) | (bytes[at + i] & 0xFF);
        }
        return word;
    }

    /** A mask of the lowest {@code length} bytes of a word; fewer than eight. */
    static long mask(int length) {
        return (1L << (length * Byte.SIZE)) - 1;
    }

    /** Marks the bytes equal to a character, which was repeated by {@link #each}. */
    static long equal(long word, long each) {
        long difference = word ^ each;
        return (difference - ONES) & ~difference & HIGHS;
    }

    /** The character repeated in each byte. */
    static long each(char character) {
        return ONES * character;
    }

    /** The index of the next control character from {@code at} on, or {@code stop}. */
    static int control(byte[] bytes, int at, int stop) {
        int i = at;
        for (; i + Long.BYTES <= stop; i += Long.BYTES) {
            long marks = controls(word(bytes, i));
            if (marks != 0) {
                return i + first(marks);
            }
        }
        while (i < stop) {
            byte octet = bytes[i];
            if ((octet >= 0 && octet < ' ') || octet == 0x7F) {
                return i;
            }
            i++;
        }
        return i;
    }

    /** Marks control characters: below 0x20, and 0x7F. */
    private static long controls(long word) {
        long low = (word - SMALL) & ~word;
        long deleted = word ^ ONES * 0x7F;
        return (low | ((deleted - ONES) & ~deleted)) & HIGHS;
    }

    /** The index of the byte with the lowest mark. */
    static int first(long marks) {
        return Long.numberOfTrailingZeros(marks) / Byte.SIZE;
    }
}
