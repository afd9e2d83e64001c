package rill.testkit.storm;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import rill.spi.Memory;

/**
 * The memory of one program's buffers. It counts pieces in use, may refuse one, and overwrites the content of a released piece, so that a late use of
 * it shows. Any thread.
 */
final class ProgramMemory implements Memory {
    /** Pieces are reused by later programs of the same thread: allocating from the system costs more than running a program. */
    private static final ThreadLocal<Map<Integer, ArrayDeque<ByteBuffer>>> SPARE =
            ThreadLocal.withInitial(HashMap::new);

    private static final int MOST_SPARE = 32;
    private static final int LARGEST_SPARE = 256 * 1024;
    private static final int POISONED = 4096;
    private static final byte[] POISON_BYTES = "#".repeat(POISONED).getBytes(StandardCharsets.US_ASCII); // in no letter

    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger out = new AtomicInteger();
    private final boolean leaks;
    private volatile int refused = -1;

    /** Creates a memory that, with {@code leaks}, does not take pieces back. */
    ProgramMemory(boolean leaks) {
        this.leaks = leaks;
    }

    /** Refuses the n-th piece from now on, counted from 0. */
    void refuse(int nth) {
        refused = asked.get() + nth;
    }

    /** Returns how many pieces have been asked for. */
    int asked() {
        return asked.get();
    }

    /** Returns how many pieces were not given back. */
    int out() {
        return out.get();
    }

    @Override
    public Piece allocate(int bytes) {
        if (asked.getAndIncrement() == refused) {
            throw new Planned.NoMemory();
        }
        out.incrementAndGet();
        ArrayDeque<ByteBuffer> spare = SPARE.get().get(bytes);
        ByteBuffer again = spare == null ? null : spare.poll();
        return new Given(again == null ? ByteBuffer.allocateDirect(bytes) : again);
    }

    private final class Given implements Piece {
        private final ByteBuffer piece;
        private final AtomicBoolean released = new AtomicBoolean();

        Given(ByteBuffer piece) {
            this.piece = piece;
        }

        @Override
        public ByteBuffer bytes() {
            return piece;
        }

        @Override
        public void release() {
            if (!released.compareAndSet(false, true)) {
                throw new IllegalStateException("a piece of memory was given back twice");
            }
            if (leaks) {
                return;
            }
            out.decrementAndGet();
            piece.clear().put(0, POISON_BYTES, 0, Math.min(POISONED, piece.capacity()));
            if (piece.capacity() > LARGEST_SPARE) {
                return;
            }
            ArrayDeque<ByteBuffer> spare = SPARE.get().computeIfAbsent(piece.capacity(), size -> new ArrayDeque<>());
            if (spare.size() < MOST_SPARE) {
                spare.add(piece);
            }
        }
    }
}
