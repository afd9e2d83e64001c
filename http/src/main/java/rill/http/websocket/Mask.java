package rill.http.websocket;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Masking, eight bytes at a time. The same masks and unmasks. <b>Source:</b> RFC 6455, section 5.3. */
final class Mask {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Mask() {}

    /** The key as it applies from the nth byte of a payload on. */
    static int from(int key, long n) {
        return Integer.rotateLeft(key, (int) (n & 3) * Byte.SIZE);
    }

    private static long twice(int key) {
        return ((long) key << Integer.SIZE) | (key & 0xFFFF_FFFFL);
    }

    static void apply(int key, byte[] bytes, int from, int to) {
        long both = twice(key);
        int i = from;
        for (; i + Long.BYTES <= to; i += Long.BYTES) {
            LONGS.set(bytes, i, (long) LONGS.get(bytes, i) ^ both);
        }
        for (int turn = 7; i < to; i++, turn--) {
            bytes[i] ^= (byte) (both >>> (turn * Byte.SIZE));
        }
    }

    static void apply(int key, ByteBuf bytes, int from, int to) {
        long both = twice(key);
        int i = from;
        for (; i + Long.BYTES <= to; i += Long.BYTES) {
            bytes.setLong(i, bytes.getLong(i) ^ both);
        }
        for (int turn = 7; i < to; i++, turn--) {
            bytes.setByte(i, bytes.getByte(i) ^ (byte) (both >>> (turn * Byte.SIZE)));
        }
    }
}
