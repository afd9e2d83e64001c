package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import rill.spi.writing.WriteQueue;

/**
 * Says to the kernel where the bytes lie that a Wire has to send: one buffer alone outside of the heap by its address, all others as the parts of
 * one message.
 *
 * <pre>
 *  {@link #isPlain} ──▶ {@link #address}
 *       └─ else ─────▶ {@link #message} ──▶ {@link #bytes}, {@link #buffers} ──▶ sent, or not: {@link #giveBack}
 * </pre>
 *
 * <p>A request points to the bytes themselves for as long as the peer lets it wait, and so one with bytes of the heap ends before these; a call
 * sends a copy of them.
 *
 * <p><b>Threading:</b> the selector's driver, and whoever carries a Task of its loop while that waits.
 */
final class Gathering {
    private static final long MOST_BYTES = 1 << 30; // of one request, whose answer is an int

    private final Scratch scratch;
    private final HeapBytes heapBytes;
    private boolean copies; // what is on the heap; else it ends before that
    private int buffers;

    Gathering(Scratch scratch, HeapBytes heapBytes) {
        this.scratch = scratch;
        this.heapBytes = heapBytes;
    }

    // ---- one buffer

    /** Whether there is one buffer alone, outside of the heap: no message is needed then. */
    static boolean isPlain(WriteQueue queue) {
        return queue.size() == 1 && isNative(queue.get(0));
    }

    /** Whether its bytes are all in one place, outside of the heap. */
    private static boolean isNative(ByteBuf buffer) {
        return buffer.hasMemoryAddress() || (buffer.isDirect() && buffer.nioBufferCount() == 1);
    }

    /** Where the readable bytes of one outside of the heap are. */
    static long address(ByteBuf buffer) {
        return addressAt(buffer, buffer.readerIndex(), buffer.readableBytes());
    }

    /** Where some bytes of one outside of the heap are. */
    static long addressAt(ByteBuf buffer, int index, int size) {
        if (buffer.hasMemoryAddress()) {
            return buffer.memoryAddress() + index;
        }
        return MemorySegment.ofBuffer(buffer.internalNioBuffer(index, size)).address();
    }

    // ---- a message

    /** Whether there is a place for one before the next enter. */
    boolean hasRoom() {
        return !scratch.isFull();
    }

    /** Makes a message of as many bytes as go into one; where it is. Without any it need not be sent. */
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

    /** How many bytes it has. */
    long bytes() {
        return scratch.bytes();
    }

    /** Of how many buffers it may have bytes, the first ones. */
    int buffers() {
        return buffers;
    }

    /** Nothing points to it any more. */
    void giveBack() {
        scratch.giveBack();
    }

    /** False if not all of it fitted in. */
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
