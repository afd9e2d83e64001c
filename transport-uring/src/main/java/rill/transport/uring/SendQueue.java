package rill.transport.uring;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Buffers that a Wire was given and that have not left yet, in order. It owns them. The first of them may be on their way: the kernel reads
 * these until it has answered, and they are neither released nor offered again before. A Wire has a queue only while something waits.
 */
final class SendQueue {
    private static final int FIRST_SIZE = 4;
    private static final int KEPT_SIZE = 64;
    private static final long MOST_BYTES = 1 << 30; // of one request, whose answer is an int

    private @Nullable ByteBuf[] buffers = new @Nullable ByteBuf[FIRST_SIZE]; // in buffers[head..tail)
    private int head;
    private int tail;
    private int onTheirWay; // the first so many of them

    /** While it is a spare one. */
    @Nullable
    SendQueue nextSpare;

    boolean isEmpty() {
        return head == tail;
    }

    void add(ByteBuf buffer) {
        if (tail == buffers.length) {
            makeRoom();
        }
        buffers[tail++] = buffer;
    }

    private void makeRoom() {
        int used = tail - head;
        @Nullable ByteBuf[] target = used > buffers.length / 2 ? new @Nullable ByteBuf[used * 2] : buffers;
        System.arraycopy(buffers, head, target, 0, used);
        if (target == buffers) {
            Arrays.fill(buffers, used, tail, null);
        }
        buffers = target;
        head = 0;
        tail = used;
    }

    private ByteBuf get(int index) {
        return Objects.requireNonNull(buffers[index]);
    }

    /** Whether there is one buffer alone, outside of the heap: no message is needed then. */
    boolean isPlain() {
        return tail - head == 1 && (get(head).hasMemoryAddress() || isDirect(get(head)));
    }

    private static boolean isDirect(ByteBuf buffer) {
        return buffer.isDirect() && buffer.nioBufferCount() == 1;
    }

    /** Of one that {@link #isPlain}: the address of its bytes, which are on their way from here on. */
    long plainAddress() {
        long address = address(get(head));
        onTheirWay = 1;
        return address;
    }

    int plainLength() {
        return get(head).readableBytes();
    }

    private static long address(ByteBuf buffer) {
        return addressAt(buffer, buffer.readerIndex(), buffer.readableBytes());
    }

    /** Of a direct buffer. */
    static long addressAt(ByteBuf buffer, int index, int size) {
        if (buffer.hasMemoryAddress()) {
            return buffer.memoryAddress() + index;
        }
        return MemorySegment.ofBuffer(buffer.internalNioBuffer(index, size)).address();
    }

    /**
     * Says where the bytes are, of as many buffers as go into one message, which are on their way from here on; where it says so.
     *
     * @param heapBytes where bytes of the heap are copied to; null to stop before the first of them
     */
    long gather(Scratch scratch, @Nullable HeapBytes heapBytes) {
        scratch.message();
        if (heapBytes != null) {
            heapBytes.clear();
        }
        int taken = 0;
        try {
            for (int i = head; i < tail && scratch.bytes() < MOST_BYTES; i++) {
                taken++;
                if (!add(get(i), scratch, heapBytes)) {
                    break;
                }
            }
        } catch (RuntimeException | Error e) {
            scratch.giveBack();
            throw e;
        }
        onTheirWay = taken;
        return scratch.finished();
    }

    /** False if not all of it fitted in. */
    private boolean add(ByteBuf buffer, Scratch scratch, @Nullable HeapBytes heapBytes) {
        if (buffer.hasMemoryAddress() || isDirect(buffer)) {
            if (!scratch.hasRoom()) {
                return false;
            }
            scratch.part(address(buffer), buffer.readableBytes());
            return true;
        }
        int index = buffer.readerIndex();
        int size = buffer.readableBytes();
        if (buffer.nioBufferCount() == 1) {
            return add(buffer.internalNioBuffer(index, size), scratch, heapBytes);
        }
        for (ByteBuffer part : buffer.nioBuffers(index, size)) {
            if (!add(part, scratch, heapBytes)) {
                return false;
            }
        }
        return true;
    }

    private boolean add(ByteBuffer part, Scratch scratch, @Nullable HeapBytes heapBytes) {
        if (!scratch.hasRoom()) {
            return false;
        }
        if (part.isDirect()) {
            scratch.part(MemorySegment.ofBuffer(part).address(), part.remaining());
            return true;
        }
        if (heapBytes == null) {
            return false;
        }
        long at = heapBytes.end();
        int length = heapBytes.add(part);
        if (length > 0) {
            scratch.part(at, length);
        }
        return length == part.remaining();
    }

    /** The kernel has answered: so many bytes have left, and what they covered is released. */
    void sent(long bytes) {
        onTheirWay = 0;
        long left = bytes;
        while (head < tail) {
            ByteBuf first = get(head);
            int size = first.readableBytes();
            if (left < size) {
                first.skipBytes((int) left);
                return;
            }
            left -= size;
            buffers[head++] = null;
            release(first);
        }
        startAgain();
    }

    private void startAgain() {
        head = 0;
        tail = 0;
        if (buffers.length > KEPT_SIZE) {
            buffers = new @Nullable ByteBuf[FIRST_SIZE];
        }
    }

    /** Releases what is not on its way. */
    void releaseWaiting() {
        int keep = head + onTheirWay;
        while (tail > keep) {
            ByteBuf last = get(tail - 1);
            buffers[--tail] = null;
            release(last);
        }
        if (head == tail) {
            startAgain();
        }
    }

    /** Releases everything: nothing is on its way any more. */
    void release() {
        onTheirWay = 0;
        releaseWaiting();
    }

    /** If that throws, its owner has released it as well, and it is gone: no reason to keep the others, or the socket. */
    private static void release(ByteBuf buffer) {
        try {
            buffer.release();
        } catch (RuntimeException | Error e) {
            // That it was gone already shows where it is encoded or written.
        }
    }
}
