package rill.transport.epoll;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Describes to the kernel where the bytes of several buffers are, so that one call writes them all: a {@code struct msghdr} and its array of
 * {@code struct iovec}. There is one per Selector.
 *
 * <p>Bytes on the heap are first copied to memory outside it. What does not fit, be it parts or bytes on the heap, is left for the next call.
 *
 * <p><b>Source:</b> sendmsg(2).
 */
final class Gathering {
    private static final int MOST_PARTS = 256; // the kernel takes 1,024 (IOV_MAX)
    private static final int COPY_BYTES = 64 * 1024;
    private static final long PART_SIZE = 2 * JAVA_LONG.byteSize();
    private static final long LENGTH = JAVA_LONG.byteSize();

    private static final long MESSAGE_SIZE = 56;
    private static final long MESSAGE_PARTS = 16;
    private static final long MESSAGE_COUNT = 24;

    private final Arena arena;
    private final MemorySegment message;
    private final MemorySegment parts;
    private @Nullable ByteBuffer copies; // allocated when the first bytes on the heap are written
    private long copiesAt;
    private int count;

    Gathering(Arena arena) {
        this.arena = arena;
        message = arena.allocate(MESSAGE_SIZE, Long.BYTES);
        parts = arena.allocate(PART_SIZE * MOST_PARTS, Long.BYTES);
        message.set(JAVA_LONG, MESSAGE_PARTS, parts.address());
    }

    /** Returns the address of the {@code msghdr} for these buffers. */
    long message(@Nullable ByteBuf[] buffers, int from, int number) {
        count = 0;
        if (copies != null) {
            copies.clear();
        }
        for (int i = from; i < from + number; i++) {
            ByteBuf buffer = buffers[i];
            if (buffer != null && !add(buffer)) {
                break;
            }
        }
        message.set(JAVA_LONG, MESSAGE_COUNT, (long) count);
        return message.address();
    }

    /** Returns false if not all of it fitted. */
    private boolean add(ByteBuf buffer) {
        int index = buffer.readerIndex();
        int size = buffer.readableBytes();
        if (buffer.hasMemoryAddress()) {
            return add(buffer.memoryAddress() + index, size);
        }
        if (buffer.nioBufferCount() == 1) {
            return add(buffer.internalNioBuffer(index, size));
        }
        for (ByteBuffer part : buffer.nioBuffers(index, size)) {
            if (!add(part)) {
                return false;
            }
        }
        return true;
    }

    private boolean add(ByteBuffer part) {
        if (part.isDirect()) {
            return add(MemorySegment.ofBuffer(part).address(), part.remaining());
        }
        ByteBuffer space = copies;
        if (space == null) {
            MemorySegment segment = arena.allocate(COPY_BYTES);
            space = segment.asByteBuffer();
            copies = space;
            copiesAt = segment.address();
        }
        int at = space.position();
        int size = Math.min(part.remaining(), space.remaining());
        space.put(at, part, part.position(), size).position(at + size);
        return add(copiesAt + at, size) && size == part.remaining();
    }

    private boolean add(long address, int size) {
        if (count == MOST_PARTS) {
            return false;
        }
        parts.set(JAVA_LONG, count * PART_SIZE, address);
        parts.set(JAVA_LONG, count * PART_SIZE + LENGTH, (long) size);
        count++;
        return true;
    }
}
