package rill;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
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

    private final Loop loop;
    private final ArrayDeque<Chunk> free = new ArrayDeque<>();
    private final ArrayDeque<Chunk> freeSmall = new ArrayDeque<>();
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
        Chunk chunk = (small ? freeSmall : free).pollLast();
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

    /** Called when a chunk's last reference is gone; false if the pool has no use for it. */
    boolean takeBack(Chunk chunk) {
        if (!loop.isCurrent() || closed) {
            return false;
        }
        ArrayDeque<Chunk> pool = chunk.capacity() == SMALL ? freeSmall : chunk.capacity() == SIZE ? free : null;
        if (pool == null || pool.size() >= POOLED) {
            return false;
        }
        pool.addLast(chunk);
        return true;
    }

    void close() {
        closed = true;
        forgetReceive();
        free.forEach(Chunk::destroy);
        freeSmall.forEach(Chunk::destroy);
        free.clear();
        freeSmall.clear();
    }
}
