package rill;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;

/** A direct buffer that goes back to its loop's pool when its last reference is released. */
final class Chunk extends UnpooledDirectByteBuf {
    private final Buffers pool;

    Chunk(Buffers pool, int capacity) {
        super(UnpooledByteBufAllocator.DEFAULT, capacity, Integer.MAX_VALUE);
        this.pool = pool;
    }

    /** Copying from chunk to chunk (a rest that is kept, a payload too small to pass on) allocates nothing. */
    @Override
    public ByteBuf setBytes(int index, ByteBuf from, int fromIndex, int length) {
        if (from instanceof Chunk && from != this) {
            checkSrcIndex(index, length, fromIndex, from.capacity());
            return setBytes(index, from.internalNioBuffer(fromIndex, length));
        }
        return super.setBytes(index, from, fromIndex, length);
    }

    @Override
    protected void deallocate() {
        if (!pool.takeBack(this)) {
            super.deallocate();
        }
    }

    void destroy() {
        super.deallocate();
    }

    /** Makes it as good as new. */
    void reuse() {
        resetRefCnt();
        clear();
    }
}
