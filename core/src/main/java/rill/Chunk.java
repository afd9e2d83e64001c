package rill;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;

/** A direct buffer that goes back to its loop's pool when its last reference is released. */
final class Chunk extends UnpooledDirectByteBuf {
    private final Buffers pool;

    Chunk(Buffers pool, int capacity) {
        super(UnpooledByteBufAllocator.DEFAULT, capacity, Integer.MAX_VALUE);
        this.pool = pool;
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
