package rill.system;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of memory from which pieces are allocated, each 2<sup>order</sup> units long. When both halves of a piece are free, they are merged again
 * (a buddy allocator). Guarded by the {@link SystemMemory} that it belongs to.
 */
final class Slab {
    /** The smallest piece. */
    static final int UNIT = 4096;

    /** The alignment of pieces: a cache line of the processor. The kernel copies to or from an unaligned address more slowly. */
    private static final int ALIGNMENT = 64;

    /** The largest slab that is divided: 2<sup>10</sup> units. */
    static final int MOST_SHARED = 10;

    private final @Nullable Arena arena; // null if it is never returned
    private final ByteBuffer bytes;
    private final int wholly; // the order of the whole slab
    private final int smallest; // the order of the smallest piece: a slab above MOST_SHARED is one piece
    private final byte[]
            largest; // for each node of the tree: 1 + the order of the largest free piece in it; 0 if there is none

    final boolean lasting;

    /** Whether the whole slab was already free at the last check. */
    boolean idleBefore;

    // Neighbors among the slabs with the same largest free piece.
    @Nullable
    Slab previous;

    @Nullable
    Slab next;

    private Slab(@Nullable Arena arena, ByteBuffer bytes, boolean lasting) {
        this.arena = arena;
        this.bytes = bytes;
        this.lasting = lasting;
        this.wholly = orderOf(bytes.capacity());
        this.smallest = wholly > MOST_SHARED ? wholly : 0;
        this.largest = new byte[2 << (wholly - smallest)];
        for (int order = smallest, node = largest.length / 2; node > 0; node /= 2, order++) {
            Arrays.fill(largest, node, node * 2, (byte) (order + 1));
        }
    }

    /** Makes a slab in a fraction of the time that the first arena takes. It is never returned to the system. */
    static Slab forGood(int bytes) {
        ByteBuffer aligned = ByteBuffer.allocateDirect(bytes + ALIGNMENT).alignedSlice(ALIGNMENT);
        return new Slab(null, aligned.slice(0, bytes), true);
    }

    @SuppressWarnings("MustBeClosedChecker") // closed by close
    static Slab make(int bytes, boolean lasting) {
        Arena arena = Arena.ofShared(); // shared, since any thread may use a piece
        try {
            return new Slab(arena, arena.allocate(bytes, ALIGNMENT).asByteBuffer(), lasting);
        } catch (Throwable t) {
            arena.close();
            throw t;
        }
    }

    /** The order of the smallest piece with at least this many bytes. */
    static int orderOf(int bytes) {
        int units = (bytes - 1) / UNIT; // minus one
        return Integer.SIZE - Integer.numberOfLeadingZeros(units);
    }

    int size() {
        return bytes.capacity();
    }

    /** The order of the largest free piece; -1 if there is none. */
    int largest() {
        return largest[1] - 1;
    }

    /** Whether the whole slab is free. */
    boolean idle() {
        return largest() == wholly;
    }

    boolean staysForGood() {
        return arena == null;
    }

    /** Takes a piece, which must be available, and returns its number. Of two places it takes the tighter one. */
    int take(int order) {
        idleBefore = false;
        int node = 1;
        for (int o = wholly; o > Math.max(order, smallest); o--) {
            int left = largest[node * 2];
            int right = largest[node * 2 + 1];
            node = node * 2 + (left > order && (left <= right || right <= order) ? 0 : 1);
        }
        largest[node] = 0;
        for (int up = node / 2; up > 0; up /= 2) {
            largest[up] = (byte) Math.max(largest[up * 2], largest[up * 2 + 1]);
        }
        return node;
    }

    /** The bytes of a piece. */
    ByteBuffer bytes(int node, int length) {
        int depth = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(node);
        return bytes.slice((node - (1 << depth)) * (size() >> depth), length);
    }

    /** Frees the piece with this number. */
    void give(int node) {
        int order = wholly - (Integer.SIZE - 1 - Integer.numberOfLeadingZeros(node));
        largest[node] = (byte) (order + 1);
        for (int up = node / 2; up > 0; up /= 2) {
            order++;
            int left = largest[up * 2];
            int right = largest[up * 2 + 1];
            largest[up] = (byte) (left == order && right == order ? order + 1 : Math.max(left, right));
        }
    }

    /** Returns the memory to the system. Waits until every thread has been seen not to use it. */
    void close() {
        if (arena != null) {
            arena.close();
        }
    }
}
