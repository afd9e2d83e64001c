package rill.spi.readiness;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;

/** Buffers that a Wire was given and the system has not taken yet, in order. It owns them. A Wire has one only while something waits. */
final class WriteQueue {
    /** Buffers passed to one gathering write; systems take 1,024 (IOV_MAX), and few gain beyond this. */
    private static final int GATHER = 64;

    private static final int FIRST_SIZE = 4;

    private @Nullable ByteBuf[] buffers = new @Nullable ByteBuf[FIRST_SIZE]; // in buffers[head..tail)
    private int head;
    private int tail;

    /** While it is a spare one: see {@link SpareQueues}. */
    @Nullable
    WriteQueue nextSpare;

    /** Bytes written whose count no {@link Wire#flush()} returned. */
    long unreported;

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

    /** Writes until it is empty or the system takes no more; adds to {@link #unreported}. */
    void writeTo(ReadinessWire wire) throws IOException {
        while (head < tail) {
            int count = Math.min(GATHER, tail - head);
            wire.selector().tally().written();
            long n = wire.write(buffers, head, count);
            unreported += n;
            if (!advance(n, count)) {
                return;
            }
        }
    }

    /** Releases what {@code n} bytes have covered of the first {@code count} buffers; false if not all of them. */
    private boolean advance(long n, int count) {
        for (int i = 0; i < count; i++) {
            ByteBuf first = Objects.requireNonNull(buffers[head]);
            int size = first.readableBytes();
            if (n < size) {
                first.skipBytes((int) n);
                return false;
            }
            n -= size;
            buffers[head++] = null;
            release(first);
        }
        if (head == tail) {
            startAgain();
        }
        return true;
    }

    private void startAgain() {
        head = 0;
        tail = 0;
        if (buffers.length > GATHER) {
            buffers = new @Nullable ByteBuf[FIRST_SIZE];
        }
    }

    void release() {
        while (head < tail) {
            ByteBuf first = Objects.requireNonNull(buffers[head]);
            buffers[head++] = null;
            release(first);
        }
        startAgain();
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
