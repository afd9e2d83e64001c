package rill.testkit;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.util.Arrays;

/** A stream in which each byte tells its position, so that a lost, duplicated or reordered one is noticed. */
final class Pattern {
    /** A prime, so that no buffer's size is a multiple of it. */
    private static final int PERIOD = 251;

    private static final int BLOCK = 1024 * 1024;
    private static final byte[] BYTES = new byte[BLOCK + PERIOD];

    static {
        for (int i = 0; i < BYTES.length; i++) {
            BYTES[i] = (byte) (i % PERIOD);
        }
    }

    private static final ByteBufAllocator SPOILING = new AbstractByteBufAllocator(true) {
        @Override
        protected ByteBuf newDirectBuffer(int capacity, int most) {
            return toLeakAwareBuffer(new Spoiled(this, capacity, most));
        }

        @Override
        protected ByteBuf newHeapBuffer(int capacity, int most) {
            return newDirectBuffer(capacity, most);
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }
    };

    private Pattern() {}

    /** Returns the bytes of the stream from a position on; at most 1 MiB. */
    static byte[] bytes(long from, int count) {
        int start = (int) (from % PERIOD);
        return Arrays.copyOfRange(BYTES, start, start + count);
    }

    static ByteBuf buffer(long from, int count) {
        ByteBuf buffer = SPOILING.directBuffer(count, count);
        while (buffer.isWritable()) {
            int n = Math.min(BLOCK, buffer.writableBytes());
            buffer.writeBytes(BYTES, (int) ((from + buffer.readableBytes()) % PERIOD), n);
        }
        return buffer;
    }

    /** A direct buffer whose content is overwritten when it is released, so that a late use of it shows. */
    private static final class Spoiled extends UnpooledDirectByteBuf {
        Spoiled(ByteBufAllocator allocator, int capacity, int most) {
            super(allocator, capacity, most);
        }

        @Override
        protected void deallocate() {
            for (int i = 0; i < capacity(); i += PERIOD) {
                _setByte(i, ~_getByte(i));
            }
            super.deallocate();
        }
    }

    /** Returns the position at which the bytes differ from the stream from {@code from} on; negative if they don't. */
    static long mismatch(long from, ByteBuf bytes) {
        byte[] copy = new byte[bytes.readableBytes()];
        bytes.getBytes(bytes.readerIndex(), copy);
        for (int at = 0; at < copy.length; at += BLOCK) {
            int n = Math.min(BLOCK, copy.length - at);
            int start = (int) ((from + at) % PERIOD);
            int differs = Arrays.mismatch(copy, at, at + n, BYTES, start, start + n);
            if (differs >= 0) {
                return from + at + differs;
            }
        }
        return -1;
    }
}
