package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import rill.spi.writing.WriteQueue;

/**
 * Describes to the kernel where the bytes are that a Wire has to send: a single off-heap buffer by its address, anything else as the parts of one
 * message.
 *
 * <pre>
 *  {@link #isPlain} ──▶ {@link #address}
 *       └─ else ─────▶ {@link #message} ──▶ {@link #bytes}, {@link #buffers} ──▶ sent, or not: {@link #giveBack}
 * </pre>
 *
 * <p>A request points to the bytes themselves for as long as the peer lets it wait, so its message ends before the first bytes on the heap; a call
 * sends a copy of those.
 *
 * <p><b>Threading:</b> the selector's driver, and the thread that carries a Task of its loop while the driver waits.
 */
final class Gathering {
    private static final long MOST_BYTES = 1 << 30; // of one request, whose answer is an int

    private final Scratch scratch;
    private final HeapBytes heapBytes;
    private boolean copies; // bytes on the heap; else the message ends before them
    private int buffers;

    Gathering(Scratch scratch, HeapBytes heapBytes) {
        this.scratch = scratch;
        this.heapBytes = heapBytes;
    }

    // ---- one buffer

    /** Returns whether there is a single buffer, off the heap: no message is needed then. */
    static boolean isPlain(WriteQueue queue) {
        return queue.size() == 1 && isNative(queue.get(0));
    }

    /** Returns whether its bytes are all in one place, off the heap. */
    private static boolean isNative(ByteBuf buffer) {
        return buffer.hasMemoryAddress() || (buffer.isDirect() && buffer.nioBufferCount() == 1);
    }

    /** Returns where the readable bytes of an off-heap buffer are. */
    static long address(ByteBuf buffer) {
        return addressAt(buffer, buffer.readerIndex(), buffer.readableBytes());
    }

    /** Returns where some bytes of an off-heap buffer are. */
    static long addressAt(ByteBuf buffer, int index, int size) {
        if (buffer.hasMemoryAddress()) {
            return buffer.memoryAddress() + index;
        }
        return MemorySegment.ofBuffer(buffer.internalNioBuffer(index, size)).address();
    }

    // ---- a message

    /** Returns whether there is a place for a message before the next enter. */
    boolean hasRoom() {
        return !scratch.isFull();
    }

    /** Makes a message of as many bytes as fit, and returns where it is. An empty one need not be sent. */
    long message(WriteQueue queue, boolean withCopies) {
        copies = withCopies;
        heapBytes.clear();
        buffers = 0;
        scratch.message();
        try {
            while (buffers < queue.size() && scratch.bytes() < MOST_BYTES) {
                if (!add(queue.get(buffers++))) {
                    break;
                }
            }
        } catch (RuntimeException | Error e) {
            scratch.giveBack();
            throw e;
        }
        return scratch.finished();
    }

    /** Returns how many bytes it has. */
    long bytes() {
        return scratch.bytes();
    }

    /** Returns of how many buffers, the first ones, it may have bytes. */
    int buffers() {
        return buffers;
    }

    /** Frees its place, because nothing points to it any more. */
    void giveBack() {
        scratch.giveBack();
    }

    /** Returns false if not all of it fitted. */
    private boolean add(ByteBuf buffer) {
        int index = buffer.readerIndex();
        int size = buffer.readableBytes();
        if (isNative(buffer)) {
            return add(address(buffer), size);
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
        if (!copies || !scratch.hasRoom()) {
            return false;
        }
        long at = heapBytes.end();
        int length = heapBytes.add(part);
        if (length > 0) {
            scratch.part(at, length);
        }
        return length == part.remaining();
    }

    private boolean add(long address, int size) {
        if (!scratch.hasRoom()) {
            return false;
        }
        scratch.part(address, size);
        return true;
    }
}
