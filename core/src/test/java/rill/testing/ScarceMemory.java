package rill.testing;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import rill.spi.Memory;

/** Memory that counts the bytes handed out, and refuses the pieces that a test names. */
public final class ScarceMemory implements Memory {
    private static final int NEVER = Integer.MAX_VALUE;

    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicLong out = new AtomicLong();
    private volatile int refusedFrom = NEVER;
    private volatile int refusedTo = NEVER;

    /** Refuses the n-th piece from now on, counted from 1, and no other. */
    public ScarceMemory refuse(int n) {
        return refuse(n, n);
    }

    /** Refuses the n-th piece from now on, counted from 1, and all that follow. */
    public ScarceMemory refuseFrom(int n) {
        return refuse(n, NEVER);
    }

    /** Refuses every piece from now on. */
    public ScarceMemory refuseAll() {
        return refuse(1, NEVER);
    }

    /** Stops refusing. */
    public ScarceMemory refuseNone() {
        return refuse(NEVER, NEVER);
    }

    private ScarceMemory refuse(int from, int to) {
        int before = asked.get();
        refusedFrom = from == NEVER ? NEVER : before + from;
        refusedTo = to == NEVER ? NEVER : before + to;
        return this;
    }

    /** Returns how many pieces were requested, refused ones included. */
    public int asked() {
        return asked.get();
    }

    /** Returns the bytes of the pieces that have not come back. */
    public long bytesOut() {
        return out.get();
    }

    @Override
    public Piece allocate(int bytes) {
        int n = asked.incrementAndGet();
        if (n >= refusedFrom && n <= refusedTo) {
            throw new OutOfMemoryError("piece " + n + " is refused, by the test");
        }
        Piece real = Memory.system().allocate(bytes);
        out.addAndGet(bytes);
        return new Counted(real, bytes);
    }

    private final class Counted implements Piece {
        private final Piece real;
        private final int size;

        Counted(Piece real, int size) {
            this.real = real;
            this.size = size;
        }

        @Override
        public ByteBuffer bytes() {
            return real.bytes();
        }

        @Override
        public void release() {
            out.addAndGet(-size);
            real.release();
        }
    }
}
