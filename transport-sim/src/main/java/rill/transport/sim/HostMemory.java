package rill.transport.sim;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import rill.spi.Memory;

/** The memory of a host's process: that of the system, counted. Any thread may release a piece. */
final class HostMemory implements Memory {
    /** What one process holds. */
    private static final class Held {
        private final AtomicInteger pieces = new AtomicInteger();
        private final AtomicLong bytes = new AtomicLong();

        void changes(int more, long moreBytes) {
            pieces.addAndGet(more);
            bytes.addAndGet(moreBytes);
        }
    }

    private Held held = new Held();

    @Override
    public Piece allocate(int bytes) {
        return new Counted(Memory.system().allocate(bytes), bytes, held);
    }

    /** Forgets what the process holds; the next one begins. */
    void processEnds() {
        held = new Held();
    }

    int pieces() {
        return held.pieces.get();
    }

    long bytes() {
        return held.bytes.get();
    }

    private static final class Counted implements Piece {
        private final Piece piece;
        private final int size;
        private final Held holder;

        Counted(Piece piece, int size, Held holder) {
            this.piece = piece;
            this.size = size;
            this.holder = holder;
            holder.changes(1, size);
        }

        @Override
        public java.nio.ByteBuffer bytes() {
            return piece.bytes();
        }

        @Override
        public void release() {
            holder.changes(-1, -size);
            piece.release();
        }

        @Override
        public boolean lasting() {
            return piece.lasting();
        }
    }
}
