package rill.spi.writing;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;

/**
 * Buffers passed to a Wire that have not left yet, in order. The queue owns them. A Wire has one only while something is waiting: see
 * {@link SpareQueues}.
 *
 * <pre>
 *  add ──▶ [ first … last ] ──sent──▶ released
 *                 └──────releaseFrom──▶ released, unsent
 * </pre>
 */
public final class WriteQueue {
    private static final int FIRST_SIZE = 4;
    private static final int KEPT_SIZE = 64;

    private @Nullable ByteBuf[] buffers = new @Nullable ByteBuf[FIRST_SIZE]; // in buffers[head..tail)
    private int head;
    private int tail;
    private long unreported;

    /** Used while this is a spare queue. */
    @Nullable
    WriteQueue nextSpare;

    WriteQueue() {}

    public boolean isEmpty() {
        return head == tail;
    }

    /** The number of buffers. */
    public int size() {
        return tail - head;
    }

    /** The buffer at this position; 0 is the first. */
    public ByteBuf get(int index) {
        return Objects.requireNonNull(buffers[head + index]);
    }

    /** All buffers, as an array, beginning at {@link #first}. Valid until the next call of another method. */
    public @Nullable ByteBuf[] array() {
        return buffers;
    }

    /** The index in {@link #array} of the first buffer. */
    public int first() {
        return head;
    }

    public void add(ByteBuf buffer) {
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

    /** Notes that this many bytes have left: the buffers that they cover are released. Returns the number of those buffers. */
    public int sent(long bytes) {
        long left = bytes;
        int covered = 0;
        while (head < tail) {
            ByteBuf first = get(0);
            int size = first.readableBytes();
            if (left < size) {
                first.skipBytes((int) left);
                return covered;
            }
            left -= size;
            covered++;
            buffers[head++] = null;
            release(first);
        }
        startAgain();
        return covered;
    }

    private void startAgain() {
        head = 0;
        tail = 0;
    }

    /** Returns whether it has grown so much that it is not worth keeping. It does not shrink: to release buffers must take no memory. */
    boolean isLarge() {
        return buffers.length > KEPT_SIZE;
    }

    /** Releases all buffers from this position on. */
    public void releaseFrom(int index) {
        int kept = head + index;
        while (tail > kept) {
            ByteBuf last = Objects.requireNonNull(buffers[--tail]);
            buffers[tail] = null;
            release(last);
        }
        if (head == tail) {
            startAgain();
        }
    }

    /** Releases everything. */
    public void release() {
        releaseFrom(0);
    }

    /** If the release throws, the buffer's owner has released it as well, and it is gone. That is no reason to keep the others, or the socket. */
    private static void release(ByteBuf buffer) {
        try {
            buffer.release();
        } catch (RuntimeException | Error e) {
            // The failure shows where the buffer is encoded or written.
        }
    }

    // ---- what its Wire has to tell

    /** The number of bytes that have left and that no {@link Wire#flush()} has returned. */
    public long unreported() {
        return unreported;
    }

    /** Sets {@link #unreported}. */
    public void unreported(long bytes) {
        unreported = bytes;
    }
}
