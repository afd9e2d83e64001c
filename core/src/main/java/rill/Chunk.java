package rill;

import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A direct buffer that goes back to its loop's pool when its last reference is released. At its levels ADVANCED and PARANOID
 * Netty's leak detector watches it, since a message may hold a slice of it; at the others that would cost an allocation each time.
 */
@SuppressWarnings("MustBeClosedChecker") // the arena is closed with the last reference
final class Chunk extends SingleBuffer {
    private static final ResourceLeakDetector<Chunk> LEAKS =
            ResourceLeakDetectorFactory.instance().newResourceLeakDetector(Chunk.class);

    private final Buffers pool;
    private Arena arena; // shared, since any thread may be the last to release
    private MemorySegment memory;
    private long address;
    private @Nullable ResourceLeakTracker<Chunk> leak;

    // While it waits to be fetched by its loop: see Buffers.
    @Nullable
    Chunk nextReturned;

    int returnedBefore;

    Chunk(Buffers pool, int capacity) {
        Arena arena = Arena.ofShared();
        MemorySegment memory = arena.allocate(capacity);
        super(memory.asByteBuffer());
        this.pool = pool;
        this.arena = arena;
        this.memory = memory;
        address = memory.address();
        leak = track();
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
        checkNewCapacity(newCapacity);
        Arena before = arena;
        Arena after = Arena.ofShared();
        MemorySegment moved = after.allocate(newCapacity);
        MemorySegment.copy(memory, 0, moved, 0, Math.min(capacity(), newCapacity));
        trimIndicesToCapacity(newCapacity);
        replace(moved.asByteBuffer());
        arena = after;
        memory = moved;
        address = moved.address();
        before.close();
        return this;
    }

    /** Known for good, so that a transport that calls the system itself allocates nothing to find it. */
    @Override
    public boolean hasMemoryAddress() {
        return true;
    }

    @Override
    public long memoryAddress() {
        return address;
    }

    private @Nullable ResourceLeakTracker<Chunk> track() {
        boolean watched = ResourceLeakDetector.getLevel().compareTo(ResourceLeakDetector.Level.ADVANCED) >= 0;
        return watched ? LEAKS.track(this) : null;
    }

    /** Copying from a slice of a chunk (a rest that is kept, a payload too small to pass on) allocates nothing. */
    @Override
    void setFrom(ByteBuf from, int fromIndex, int index, int length) {
        if (from.unwrap() instanceof Chunk chunk) {
            int start = (int) (from.memoryAddress() - chunk.address); // where the slice begins
            chunk.checkIndex(start + fromIndex, length); // that it still is somebody's, too
            bytes().put(index, chunk.bytes(), start + fromIndex, length);
        } else {
            super.setFrom(from, fromIndex, index, length);
        }
    }

    @Override
    void released() {
        if (leak != null) {
            leak.close(this);
            leak = null;
        }
        if (!pool.takeBack(this)) {
            destroy();
        }
    }

    void destroy() {
        arena.close();
    }

    /** Makes it as good as new. */
    void reuse() {
        reborn();
        clear().markReaderIndex().markWriterIndex();
        leak = track();
    }
}
