package rill.http.websocket;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Masking; the same masks and unmasks. It is done in {@link Scratch}, on the way from one buffer to another: an array is masked many times faster than a
 * buffer, and bytes that are only lent stay as they are.
 *
 * <p><b>Source:</b> RFC 6455, section 5.3.
 */
final class Mask {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    /** From so many bytes on, it is done by a loop that the JIT makes vector instructions of, and that takes classes of its own. */
    private static final int MANY = 512;

    private Mask() {}

    /** The key as it applies from the nth byte of a payload on. */
    static int from(int key, long n) {
        return Integer.rotateLeft(key, (int) (n & 3) * Byte.SIZE);
    }

    /** Of the scratch, the first so many bytes. */
    static void apply(int key, Scratch scratch, int count) {
        long both = ((long) key << Integer.SIZE) | (key & 0xFFFF_FFFFL);
        long asStored = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? both : Long.reverseBytes(both);
        if (count >= MANY) {
            many(asStored, scratch.segment, count / Long.BYTES);
        } else {
            few(asStored, scratch.bytes, count & -Long.BYTES);
        }
        byte[] bytes = scratch.bytes;
        for (int i = count & -Long.BYTES, turn = 7; i < count; i++, turn--) {
            bytes[i] ^= (byte) (both >>> (turn * Byte.SIZE));
        }
    }

    private static void many(long key, MemorySegment bytes, int longs) {
        for (int i = 0; i < longs; i++) {
            bytes.setAtIndex(LONG, i, bytes.getAtIndex(LONG, i) ^ key);
        }
    }

    private static void few(long key, byte[] bytes, int to) {
        for (int i = 0; i < to; i += Long.BYTES) {
            LONGS.set(bytes, i, (long) LONGS.get(bytes, i) ^ key);
        }
    }
}
