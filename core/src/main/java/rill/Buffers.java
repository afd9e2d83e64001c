package rill;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A loop's buffers: one for receiving, and a pool of chunks that connections hold only while they have something to send or an
 * unfinished message. Confined to the loop, except that a chunk may be released by any thread.
 */
final class Buffers {
    /** Size of the receive buffer and of a chunk. */
    static final int SIZE = 64 * 1024;

    private static final int SMALL = 4 * 1024;
    private static final int POOLED = 64;
    private static final int WORTH_RETAINING = 8 * 1024;
    private static final Object CLOSED = new Object();

    private final Loop loop;
    private final ArrayDeque<Chunk> free = new ArrayDeque<>();
    private final ArrayDeque<Chunk> freeSmall = new ArrayDeque<>();
    private final AtomicReference<@Nullable Object> returned = new AtomicReference<>(); // a stack of Chunks, or CLOSED
    private final Session<ByteBuf, ByteBuf> bytesSession = new Bytes.BytesSession(this);
    private boolean closed;
    private @Nullable ByteBuf receive;

    Buffers(Loop loop) {
        this.loop = loop;
    }

    /** The receive buffer, empty; another one if somebody has retained the last. */
    ByteBuf receiveBuffer() {
        ByteBuf last = receive;
        if (last != null && last.refCnt() == 1) {
            return last.clear();
        }
        forgetReceive();
        ByteBuf other = chunk(SIZE);
        receive = other;
        return other.clear();
    }

    private void forgetReceive() {
        if (receive != null) {
            receive.release();
            receive = null;
        }
    }

    /** The session of every connection whose messages are bytes as they come. */
    Session<ByteBuf, ByteBuf> bytesSession() {
        return bytesSession;
    }

    /** A chunk with at least so much space. */
    ByteBuf chunk(int atLeast) {
        if (atLeast > SIZE) {
            return new Chunk(this, atLeast);
        }
        boolean small = atLeast <= SMALL;
        ArrayDeque<Chunk> pool = small ? freeSmall : free;
        if (pool.isEmpty() && returned.get() != null) {
            fetchReturned();
        }
        Chunk chunk = pool.pollLast();
        if (chunk == null) {
            return new Chunk(this, small ? SMALL : SIZE);
        }
        chunk.reuse();
        return chunk;
    }

    /**
     * Borrowed bytes in a buffer that its receiver releases: many in a retained slice, few in a copy. That is a chunk that lies ready, or else
     * no larger than it has to be.
     */
    ByteBuf own(ByteBuf borrowed) {
        int size = borrowed.readableBytes();
        if (size >= WORTH_RETAINING) {
            return borrowed.retainedSlice();
        }
        if (size > SMALL || freeSmall.isEmpty()) {
            return new HeapBuffer(size).writeBytes(borrowed, borrowed.readerIndex(), size);
        }
        return chunk(SMALL).writeBytes(borrowed, borrowed.readerIndex(), size);
    }

    /** Called by any thread when a chunk's last reference is gone; false if there is no use for it. */
    boolean takeBack(Chunk chunk) {
        return loop.isCurrent() ? !closed && addToPool(chunk) : leave(chunk);
    }

    private boolean addToPool(Chunk chunk) {
        ArrayDeque<Chunk> pool = chunk.capacity() == SMALL ? freeSmall : free;
        if (!hasPoolSize(chunk) || pool.size() >= POOLED) {
            return false;
        }
        pool.addLast(chunk);
        return true;
    }

    private static boolean hasPoolSize(Chunk chunk) {
        return chunk.capacity() == SMALL || chunk.capacity() == SIZE;
    }

    /** From another thread: leaves it for the loop, since giving back the memory would stop all threads for a moment. */
    private boolean leave(Chunk chunk) {
        Object before;
        do {
            before = returned.get();
            Chunk last = before instanceof Chunk other ? other : null;
            int count = last == null ? 0 : last.returnedBefore + 1;
            if (before == CLOSED || !hasPoolSize(chunk) || count >= POOLED) {
                return false;
            }
            chunk.nextReturned = last;
            chunk.returnedBefore = count;
        } while (!returned.compareAndSet(before, chunk));
        return true;
    }

    private void fetchReturned() {
        Chunk chunk = (Chunk) returned.getAndSet(null);
        while (chunk != null) {
            Chunk next = chunk.nextReturned;
            chunk.nextReturned = null;
            if (!addToPool(chunk)) {
                chunk.destroy();
            }
            chunk = next;
        }
    }

    void close() {
        closed = true;
        forgetReceive();
        Object left = returned.getAndSet(CLOSED);
        for (Chunk chunk = left instanceof Chunk last ? last : null; chunk != null; chunk = chunk.nextReturned) {
            chunk.destroy();
        }
        free.forEach(Chunk::destroy);
        freeSmall.forEach(Chunk::destroy);
        free.clear();
        freeSmall.clear();
    }
}
