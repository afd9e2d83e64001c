package rill;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Bytes that a layer has written and the one below has not taken yet. Holds no buffer while it is empty. */
final class OutputQueue implements Outgoing {
    /** Below this a payload is copied: a buffer of its own would cost more than the copy. */
    static final int WORTH_PASSING = 2 * 1024;

    private final Loop loop;
    private @Nullable ArrayDeque<ByteBuf> full;
    private long fullBytes;
    private @Nullable ByteBuf current;

    OutputQueue(Loop loop) {
        this.loop = loop;
    }

    @Override
    public ByteBuf buffer(int atLeast) {
        ByteBuf open = current;
        if (open != null && open.writableBytes() >= atLeast) {
            return open;
        }
        boolean busy = holdsBuffer();
        seal();
        ByteBuf fresh = loop.chunk(busy ? Math.max(atLeast, Buffers.SIZE) : atLeast);
        current = fresh;
        return fresh;
    }

    @Override
    public void pass(ByteBuf payload) {
        int size = payload.readableBytes();
        if (size < WORTH_PASSING) {
            passSmall(payload, size);
            return;
        }
        ByteBuf open = current;
        if (open != null && open.isReadable() && open.isWritable()) {
            add(open.readRetainedSlice(open.readableBytes())); // what follows the payload goes into the same chunk
        } else {
            seal();
        }
        add(payload);
    }

    /** Copied, unless it is a chunk that nobody else holds: then what follows goes into that one. */
    private void passSmall(ByteBuf payload, int size) {
        if (current == null && payload instanceof Chunk && payload.refCnt() == 1) {
            current = payload;
            return;
        }
        try {
            buffer(size).writeBytes(payload);
        } finally {
            payload.release();
        }
    }

    private void add(ByteBuf buffer) {
        if (full == null) {
            full = new ArrayDeque<>(4);
        }
        full.add(buffer);
        fullBytes += buffer.readableBytes();
    }

    private void seal() {
        ByteBuf open = current;
        current = null;
        if (open == null) {
            return;
        }
        if (open.isReadable()) {
            add(open);
        } else {
            open.release();
        }
    }

    boolean holdsBuffer() {
        return current != null || fullBytes > 0;
    }

    long bytes() {
        ByteBuf open = current;
        return fullBytes + (open == null ? 0 : open.readableBytes());
    }

    /** Hands over the next buffer, with its reference; null if there is none. */
    @Nullable
    ByteBuf poll() {
        ByteBuf first = full == null ? null : full.poll();
        if (first != null) {
            fullBytes -= first.readableBytes();
            return first;
        }
        ByteBuf open = current;
        current = null;
        if (open != null && !open.isReadable()) {
            open.release();
            return null;
        }
        return open;
    }

    /** Takes back what was appended since there were {@code bytes}; false if that can't be done any more. */
    boolean rollBackTo(long bytes) {
        ByteBuf open = current;
        long surplus = bytes() - bytes;
        if (open == null && surplus == 0) {
            return true;
        }
        if (open == null || surplus > open.readableBytes()) {
            return false;
        }
        open.writerIndex(open.writerIndex() - (int) surplus);
        if (!open.isReadable()) {
            current = null;
            open.release();
        }
        return true;
    }

    void release() {
        for (ByteBuf buffer = poll(); buffer != null; buffer = poll()) {
            buffer.release();
        }
    }
}
