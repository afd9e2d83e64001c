package rill.http.websocket;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Masking; the same operation masks and unmasks. It works in {@link Scratch}, on the way from one buffer to another: an array is masked many times
 * faster than a buffer, and borrowed bytes stay unchanged.
 *
 * <p>Larger amounts are moved to an array of longs and back, which costs less than it gains: a plain loop over such an array is always vectorized. A
 * loop over an array of bytes by a VarHandle, or over a MemorySegment, is either vectorized or takes 5 to 30 times as long, depending on the JIT's
 * inlining.
 *
 * <p><b>Source:</b> RFC 6455, section 5.3.
 */
final class Mask {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int MANY = 128;

    private Mask() {}

    /** The key as it applies from the nth byte of a payload on. */
    static int from(int key, long n) {
        return Integer.rotateLeft(key, (int) (n & 3) * Byte.SIZE);
    }

    /** Masks the first {@code count} bytes of the scratch. */
    static void apply(int key, Scratch scratch, int count) {
        long twice = ((long) key << Integer.SIZE) | (key & 0xFFFF_FFFFL);
        long stored = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? twice : Long.reverseBytes(twice);
        byte[] bytes = scratch.bytes;
        int longs = count / Long.BYTES;
        if (count >= MANY) {
            many(stored, scratch, longs);
        } else {
            for (int i = 0; i < longs; i++) {
                LONGS.set(bytes, i * Long.BYTES, (long) LONGS.get(bytes, i * Long.BYTES) ^ stored);
            }
        }
        for (int i = longs * Long.BYTES, turn = 7; i < count; i++, turn--) {
            bytes[i] ^= (byte) (twice >>> (turn * Byte.SIZE));
        }
    }

    private static void many(long key, Scratch scratch, int all) {
        long[] longs = scratch.longs;
        for (int from = 0; from < all; from += longs.length) {
            int some = Math.min(longs.length, all - from);
            scratch.bytesAsLongs.get(from, longs, 0, some);
            for (int i = 0; i < some; i++) {
                longs[i] ^= key;
            }
            scratch.bytesAsLongs.put(from, longs, 0, some);
        }
    }
}
