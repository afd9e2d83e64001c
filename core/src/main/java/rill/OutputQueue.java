package rill;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that a layer has written and the layer below has not taken yet. Holds no buffer while it is empty. Otherwise it holds about as much memory as
 * there are bytes: each further chunk is about as large as all before it.
 */
final class OutputQueue implements Outgoing {
    private final Buffers buffers;
    private @Nullable ArrayDeque<ByteBuf> full;
    private long fullBytes;
    private @Nullable ByteBuf current;

    OutputQueue(Buffers buffers) {
        this.buffers = buffers;
    }

    @Override
    public ByteBuf buffer(int atLeast) {
        ByteBuf open = current;
        if (open != null && open.writableBytes() >= atLeast) {
            return open;
        }
        int asMuchAgain = (int) Math.min(bytes(), Buffers.SIZE);
        seal();
        ByteBuf fresh = buffers.chunk(Math.max(atLeast, asMuchAgain));
        current = fresh;
        return fresh;
    }

    @Override
    public void pass(ByteBuf payload) {
        int size = payload.readableBytes();
        if (size < Bytes.WORTH_PASSING) {
            passSmall(payload, size);
            return;
        }
        try {
            sealBeforePayload();
        } catch (Throwable t) {
            Messages.release(payload);
            throw t;
        }
        add(payload);
    }

    private void sealBeforePayload() {
        ByteBuf open = current;
        if (open != null && open.isReadable() && open.isWritable()) {
            add(open.readRetainedSlice(open.readableBytes())); // what follows the payload goes into the same chunk
        } else {
            seal();
        }
    }

    /** Copies the payload, unless it is a chunk that is not shared: in that case later bytes are appended to it. */
    private void passSmall(ByteBuf payload, int size) {
        if (current == null && payload instanceof Chunk && payload.refCnt() == 1) {
            current = payload;
            return;
        }
        try {
            buffer(size).writeBytes(payload);
        } finally {
            Messages.release(payload);
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

    /** Returns the next buffer to which nothing will be appended, transferring its reference; null if there is none. */
    @Nullable
    ByteBuf pollFull() {
        ByteBuf first = full == null ? null : full.poll();
        if (first != null) {
            fullBytes -= first.readableBytes();
        } else {
            dropIfEmpty();
        }
        return first;
    }

    /** Drops an open chunk to which nothing was written since its last part was taken. */
    private void dropIfEmpty() {
        ByteBuf open = current;
        if (open != null && !open.isReadable()) {
            current = null;
            open.release();
        }
    }

    /** Returns the next buffer, transferring its reference; null if there is none. */
    @Nullable
    ByteBuf poll() {
        ByteBuf first = pollFull();
        if (first != null) {
            return first;
        }
        ByteBuf open = current;
        current = null;
        return open;
    }

    /** Like {@link #poll()}, but at most so many bytes, even of a larger buffer. */
    @Nullable
    ByteBuf poll(int most) {
        if ((full == null || full.isEmpty()) && current != null && current.readableBytes() > most) {
            seal();
        }
        ByteBuf first = full == null ? null : full.peek();
        if (first == null || first.readableBytes() <= most) {
            return poll();
        }
        ByteBuf part = first.readRetainedSlice(most);
        fullBytes -= most;
        return part;
    }

    /** Removes what was appended since there were {@code bytes} bytes; nothing of that may have been polled meanwhile. */
    void rollBackTo(long bytes) {
        long surplus = bytes() - bytes;
        ByteBuf open = current;
        if (open != null) {
            current = null;
            surplus = cut(open, surplus);
            if (open.isReadable()) {
                current = open;
            } else {
                open.release();
            }
        }
        while (surplus > 0) {
            ByteBuf last = Objects.requireNonNull(full).removeLast();
            fullBytes -= last.readableBytes();
            surplus = cut(last, surplus);
            if (last.isReadable()) {
                add(last);
            } else {
                last.release();
            }
        }
    }

    /** Cuts the surplus off a buffer's end, or all that it has; returns how much remains to be cut elsewhere. */
    private static long cut(ByteBuf buffer, long surplus) {
        int off = (int) Math.max(0, Math.min(surplus, buffer.readableBytes()));
        buffer.writerIndex(buffer.writerIndex() - off);
        return surplus - off;
    }

    void release() {
        for (ByteBuf buffer = poll(); buffer != null; buffer = poll()) {
            Messages.release(buffer);
        }
    }
}
