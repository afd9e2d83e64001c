package rill;

import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import rill.spi.Memory;

/**
 * A direct buffer that returns to the pool of its loop when its last reference is released. At the levels ADVANCED and PARANOID, Netty's leak
 * detector watches it, since a message may hold a slice of it. At the other levels it does not, since that would cost an allocation each time.
 */
final class Chunk extends SingleBuffer {
    private static final ResourceLeakDetector<Chunk> LEAKS =
            ResourceLeakDetectorFactory.instance().newResourceLeakDetector(Chunk.class);

    private final Buffers pool;
    private Memory.Piece memory;
    private long address; // 0 if not needed yet: finding it loads classes that not every program needs
    private @Nullable ResourceLeakTracker<Chunk> leak;

    Buffers.@Nullable Shelf shelf;

    /** Whether its pool still relies on it: see {@link Buffers#lend}. Written by the loop, before any other code sees the chunk. */
    boolean lent;

    // While it waits to be fetched by its loop: see Buffers.
    @Nullable
    Chunk nextReturned;

    int returnedBefore;

    Chunk(Buffers pool, int capacity) {
        Memory.Piece memory = pool.piece(capacity);
        super(upTo(memory, capacity));
        this.pool = pool;
        this.memory = memory;
        shelf = pool.shelfFor(memory);
        leak = track();
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
        checkNewCapacity(newCapacity);
        Memory.Piece before = memory;
        if (newCapacity > before.bytes().capacity()) {
            Memory.Piece after = pool.piece(newCapacity);
            after.bytes().put(0, bytes(), 0, capacity());
            replace(upTo(after, newCapacity));
            memory = after;
            shelf = pool.shelfFor(after);
            address = 0;
            pool.giveBack(before);
        } else {
            trimIndicesToCapacity(newCapacity);
            replace(upTo(before, newCapacity));
        }
        return this;
    }

    private static ByteBuffer upTo(Memory.Piece memory, int capacity) {
        ByteBuffer all = memory.bytes();
        return capacity == all.capacity() ? all : all.slice(0, capacity);
    }

    /** The size of its memory, in bytes. */
    int size() {
        return memory.bytes().capacity();
    }

    /** Remembered, so that a transport that makes system calls itself allocates nothing to find it. */
    @Override
    public boolean hasMemoryAddress() {
        return true;
    }

    @Override
    public long memoryAddress() {
        if (address == 0) {
            address = MemorySegment.ofBuffer(bytes()).address();
        }
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
            int start = (int) (from.memoryAddress() - chunk.memoryAddress()); // where the slice begins
            chunk.checkIndex(start + fromIndex, length); // also checks that it is still in use
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
        if (!lent && !pool.takeBack(this)) {
            destroy();
        }
    }

    void destroy() {
        pool.giveBack(memory);
    }

    /** Resets it for reuse. */
    void reuse() {
        if (capacity() != size()) {
            replace(memory.bytes());
        }
        reborn();
        clear().markReaderIndex().markWriterIndex();
        leak = track();
    }
}
