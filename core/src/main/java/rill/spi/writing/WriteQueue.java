package rill.spi.writing;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;

/**
 * Buffers that a Wire was given and that have not left yet, in order. It owns them. A Wire has one only while something waits: see
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

    /** While it is a spare one. */
    @Nullable
    WriteQueue nextSpare;

    WriteQueue() {}

    public boolean isEmpty() {
        return head == tail;
    }

    /** How many buffers there are. */
    public int size() {
        return tail - head;
    }

    /** The one before which there are so many. */
    public ByteBuf get(int index) {
        return Objects.requireNonNull(buffers[head + index]);
    }

    /** All of them, as an array, from {@link #first} on. Valid until anything else is asked of this queue. */
    public @Nullable ByteBuf[] array() {
        return buffers;
    }

    /** Where in {@link #array} they begin. */
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

    /** So many bytes have left: what they have covered is released. How many buffers that were. */
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
        if (buffers.length > KEPT_SIZE) {
            buffers = new @Nullable ByteBuf[FIRST_SIZE];
        }
    }

    /** Releases all but the first so many. */
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

    /** If that throws, its owner has released it as well, and it is gone: no reason to keep the others, or the socket. */
    private static void release(ByteBuf buffer) {
        try {
            buffer.release();
        } catch (RuntimeException | Error e) {
            // That it was gone already shows where it is encoded or written.
        }
    }

    // ---- what its Wire has to tell

    /** Bytes that have left and whose count no {@link Wire#flush()} has returned. */
    public long unreported() {
        return unreported;
    }

    /** Sets {@link #unreported}. */
    public void unreported(long bytes) {
        unreported = bytes;
    }
}
