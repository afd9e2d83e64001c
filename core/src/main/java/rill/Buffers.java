package rill;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.Memory;

/**
 * The buffers of a loop: one for receiving, and chunks. A connection holds a chunk only while it has something to send or an unfinished
 * message. The size of a chunk is a power of two. A few chunks of each size are kept for the next use.
 *
 * <p>Confined to the loop, except that any thread may release a chunk.
 */
final class Buffers {
    /** The size of the receive buffer; larger chunks are for a single large message. */
    static final int SIZE = 64 * 1024;

    /** The smallest chunk. */
    static final int SMALL = 4 * 1024;

    private static final int SMALL_SHIFT = 12;
    private static final int LARGEST_POWER = 1 << 30;

    /** For each size, up to this many bytes of chunks in total, and at most {@link #KEPT} chunks, are kept. */
    private static final int KEPT_BYTES = 512 * 1024;

    private static final int KEPT = 64;
    private static final int KEPT_SIZES = 7;
    private static final int LARGEST_KEPT = SMALL << (KEPT_SIZES - 1); // 256 KiB

    /** A retained slice keeps the whole receive buffer from being reused, so it has to be a good part of it. */
    private static final int WORTH_RETAINING = 16 * 1024;

    private static final Object CLOSED = new Object();

    static {
        HeapBuffer.load();
    }

    private final BareLoop loop;
    private final Memory memory;
    private final long limit;
    private final AtomicLong taken = new AtomicLong(); // bytes of memory, including kept chunks
    private final Shelf[] shelves = new Shelf[KEPT_SIZES];
    private final AtomicReference<@Nullable Object> returned = new AtomicReference<>(); // a stack of Chunks, or CLOSED
    private final Map<Class<?>, Object> shared = new HashMap<>(2);
    private boolean closed;
    private @Nullable ByteBuf receive;

    /** The kept chunks of one size. */
    static final class Shelf {
        private final ArrayDeque<Chunk> chunks = new ArrayDeque<>(4);
        private final int size;
        private final int most;

        Shelf(int size) {
            this.size = size;
            most = Math.min(KEPT, KEPT_BYTES / size);
        }
    }

    /**
     * @param limit the maximum number of bytes of memory for all chunks together
     */
    Buffers(BareLoop loop, Memory memory, long limit) {
        this.loop = loop;
        this.memory = memory;
        this.limit = limit;
        for (int i = 0; i < KEPT_SIZES; i++) {
            shelves[i] = new Shelf(SMALL << i);
        }
    }

    /** Objects that codecs keep on the heap for all of their sessions on this loop: see {@link Context#shared}. */
    <T> T shared(Class<T> type, Supplier<? extends T> maker) {
        return type.cast(shared.computeIfAbsent(type, first -> maker.get()));
    }

    /** The receive buffer, empty; a new one if the last was retained. */
    ByteBuf receiveBuffer() {
        ByteBuf last = receive;
        if (last != null && last.refCnt() == 1) {
            return last.clear();
        }
        forgetReceive();
        ByteBuf other = lend(SIZE);
        receive = other;
        return other.clear();
    }

    private void forgetReceive() {
        ByteBuf last = receive;
        receive = null;
        if (last != null) {
            giveUp(last);
        }
    }

    /**
     * A chunk whose bytes are lent to codecs and layers, until {@link #giveUp}. Code that releases a chunk it was only lent breaks its own
     * connection, but does not return the chunk to the pool, from where another connection would take it.
     */
    ByteBuf lend(int atLeast) {
        Chunk chunk = take(atLeast);
        chunk.lent = true;
        return chunk;
    }

    /** Ends {@link #lend}. If a part was retained, it keeps the whole chunk alive. */
    void giveUp(ByteBuf lent) {
        Chunk chunk = (Chunk) lent;
        chunk.lent = false;
        if (chunk.refCnt() == 0) {
            chunk.destroy();
        } else {
            chunk.release();
        }
    }

    // ---- chunks

    /**
     * Returns a chunk with at least this much space.
     *
     * @throws NoMemory if there is none: the failure of the connection that needed it
     */
    ByteBuf chunk(int atLeast) {
        return take(atLeast);
    }

    private Chunk take(int atLeast) {
        Shelf shelf = atLeast <= SMALL ? shelves[0] : shelfFor(atLeast);
        if (shelf == null) {
            return new Chunk(this, sizeFor(atLeast));
        }
        if (shelf.chunks.isEmpty() && returned.get() != null) {
            fetchReturned();
        }
        Chunk chunk = shelf.chunks.pollLast();
        if (chunk == null) {
            return new Chunk(this, shelf.size);
        }
        chunk.reuse();
        return chunk;
    }

    /** A power of two, as far as an int can hold one. */
    static int sizeFor(int atLeast) {
        if (atLeast <= SMALL) {
            return SMALL;
        }
        return atLeast > LARGEST_POWER ? atLeast : Integer.highestOneBit(atLeast - 1) << 1;
    }

    private @Nullable Shelf shelfFor(int atLeast) {
        return atLeast > LARGEST_KEPT ? null : shelves[Integer.numberOfTrailingZeros(sizeFor(atLeast)) - SMALL_SHIFT];
    }

    /** The shelf on which a chunk with this memory is kept for reuse; null if it is not kept. */
    @Nullable
    Shelf shelfFor(Memory.Piece piece) {
        return piece.lasting() ? shelfFor(piece.bytes().capacity()) : null;
    }

    /** Returns memory for a chunk. */
    Memory.Piece piece(int atLeast) {
        int size = sizeFor(atLeast);
        try {
            return allocate(size);
        } catch (OutOfMemoryError e) {
            if (!letGo()) {
                throw noMemory(size, e);
            }
        }
        try {
            return allocate(size); // now that the kept chunks are free
        } catch (OutOfMemoryError e) {
            throw noMemory(size, e);
        }
    }

    private NoMemory noMemory(int size, OutOfMemoryError cause) {
        return new NoMemory(
                loop.name() + ": no memory for a buffer of " + size + " bytes: " + cause.getMessage(), cause);
    }

    private Memory.Piece allocate(int size) {
        long all = taken.addAndGet(size);
        try {
            if (all > limit) {
                throw new OutOfMemoryError("the buffers of this loop have " + (all - size) + " bytes, the limit is "
                        + limit + "; LoopOptions.bufferMemory raises it");
            }
            return memory.allocate(size);
        } catch (Throwable t) {
            taken.addAndGet(-size);
            throw t;
        }
    }

    /** Releases memory. Never throws: if one piece fails, there are others to be released. */
    void giveBack(Memory.Piece piece) {
        taken.addAndGet(-piece.bytes().capacity());
        try {
            piece.release();
        } catch (Throwable t) { // thrown by the supplier of the memory
            loop.threw("giving memory back", null, t);
        }
    }

    /** Bytes of memory, including kept chunks. From any thread. */
    long taken() {
        return taken.get();
    }

    /** The approximate number of bytes of kept chunks. From any thread. */
    long kept() {
        long kept = 0;
        for (Shelf shelf : shelves) {
            kept += (long) shelf.chunks.size() * shelf.size;
        }
        return kept;
    }

    /** Bytes of memory in use; on the loop. */
    long held() {
        fetchReturned();
        long kept = 0;
        for (Shelf shelf : shelves) {
            for (Chunk chunk : shelf.chunks) {
                kept += chunk.size();
            }
        }
        return taken.get() - kept;
    }

    /** Turns borrowed bytes into a buffer that its receiver releases: a retained slice if they are many, otherwise a copy. */
    ByteBuf own(ByteBuf borrowed) {
        int size = borrowed.readableBytes();
        return size >= WORTH_RETAINING
                ? borrowed.retainedSlice()
                : own(size).writeBytes(borrowed, borrowed.readerIndex(), size);
    }

    /**
     * Returns a buffer that its receiver releases, for bytes that differ from the borrowed ones. For very few bytes it is a kept chunk, or if there
     * is none, a buffer that is no larger than necessary.
     */
    ByteBuf own(int atLeast) {
        return atLeast <= SMALL && shelves[0].chunks.isEmpty() ? new HeapBuffer(atLeast) : take(atLeast);
    }

    // ---- returned chunks

    /** Called by any thread when a chunk's last reference is released; false if the chunk is not needed. */
    boolean takeBack(Chunk chunk) {
        return loop.isCurrent() ? !closed && keep(chunk) : leave(chunk);
    }

    private boolean keep(Chunk chunk) {
        Shelf shelf = chunk.shelf;
        if (shelf == null || shelf.chunks.size() >= shelf.most) {
            return false;
        }
        shelf.chunks.addLast(chunk);
        return true;
    }

    /** Called from another thread: leaves the chunk for the loop. */
    private boolean leave(Chunk chunk) {
        if (chunk.shelf == null) {
            return false;
        }
        Object before;
        do {
            before = returned.get();
            Chunk last = before instanceof Chunk other ? other : null;
            int count = last == null ? 0 : last.returnedBefore + 1;
            if (before == CLOSED || count >= KEPT) {
                return false;
            }
            chunk.nextReturned = last;
            chunk.returnedBefore = count;
        } while (!returned.compareAndSet(before, chunk));
        return true;
    }

    private void fetchReturned() {
        if (!closed) {
            Object all = returned.getAndSet(null);
            for (Chunk chunk = (Chunk) all, next; chunk != null; chunk = next) {
                next = chunk.nextReturned;
                chunk.nextReturned = null;
                if (!keep(chunk)) {
                    chunk.destroy();
                }
            }
        }
    }

    /** Releases the kept chunks; false if there were none. */
    private boolean letGo() {
        if (!loop.isCurrent()) {
            return false; // a chunk that grows on another thread
        }
        fetchReturned();
        boolean any = false;
        for (Shelf shelf : shelves) {
            any |= !shelf.chunks.isEmpty();
            shelf.chunks.forEach(Chunk::destroy);
            shelf.chunks.clear();
        }
        return any;
    }

    void close() {
        closed = true;
        forgetReceive();
        Object left = returned.getAndSet(CLOSED);
        for (Chunk chunk = left instanceof Chunk last ? last : null; chunk != null; chunk = chunk.nextReturned) {
            chunk.destroy();
        }
        for (Shelf shelf : shelves) {
            shelf.chunks.forEach(Chunk::destroy);
            shelf.chunks.clear();
        }
    }
}
