package rill;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A direct buffer that goes back to its loop's pool when its last reference is released. At its levels ADVANCED and PARANOID
 * Netty's leak detector watches it, since a message may hold a slice of it; at the others that would cost an allocation each time.
 */
final class Chunk extends UnpooledDirectByteBuf {
    private static final ResourceLeakDetector<Chunk> LEAKS =
            ResourceLeakDetectorFactory.instance().newResourceLeakDetector(Chunk.class);

    private final Buffers pool;
    private long address;
    private @Nullable ResourceLeakTracker<Chunk> leak;

    Chunk(Buffers pool, int capacity) {
        super(UnpooledByteBufAllocator.DEFAULT, capacity, Integer.MAX_VALUE);
        this.pool = pool;
        address = findAddress();
        leak = track();
    }

    private long findAddress() {
        return MemorySegment.ofBuffer(internalNioBuffer(0, capacity())).address();
    }

    /** Known without Unsafe as well, and for good, so that a transport that calls the system itself allocates nothing to find it. */
    @Override
    public boolean hasMemoryAddress() {
        return true;
    }

    @Override
    public long memoryAddress() {
        return address;
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
        super.capacity(newCapacity);
        address = findAddress();
        return this;
    }

    private @Nullable ResourceLeakTracker<Chunk> track() {
        boolean watched = ResourceLeakDetector.getLevel().compareTo(ResourceLeakDetector.Level.ADVANCED) >= 0;
        return watched ? LEAKS.track(this) : null;
    }

    /** Copying from chunk to chunk (a rest that is kept, a payload too small to pass on) allocates nothing. */
    @Override
    public ByteBuf setBytes(int index, ByteBuf from, int fromIndex, int length) {
        Chunk chunk = chunkOf(from);
        if (chunk == null || chunk == this) {
            return super.setBytes(index, from, fromIndex, length);
        }
        checkSrcIndex(index, length, fromIndex, from.capacity());
        int start = (int) (from.memoryAddress() - chunk.address); // where a slice begins
        return setBytes(index, chunk.internalNioBuffer(start + fromIndex, length));
    }

    /** The chunk that a buffer is, or is a slice of. */
    private static @Nullable Chunk chunkOf(ByteBuf buffer) {
        return buffer instanceof Chunk chunk ? chunk : buffer.unwrap() instanceof Chunk chunk ? chunk : null;
    }

    @Override
    protected void deallocate() {
        if (leak != null) {
            leak.close(this);
            leak = null;
        }
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
        leak = track();
    }
}
