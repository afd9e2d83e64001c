package rill.transport.uring;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Memory outside of the heap for bytes that are on it and are to be sent. The kernel reads these within a call, not later, so there is one for
 * all Wires of a selector. Seldom needed: what connections encode is outside of the heap from the start.
 *
 * <p><b>Threading:</b> the selector's driver, and whoever carries a Task of its loop while that waits.
 */
final class HeapBytes {
    private static final int SIZE = 64 * 1024;

    private final MemorySegment memory;
    private final ByteBuffer bytes;

    HeapBytes(Arena arena) {
        memory = arena.allocate(SIZE);
        bytes = memory.asByteBuffer();
    }

    /** What was in it has been sent. */
    void clear() {
        bytes.clear();
    }

    /** Copies what there is room for; how much that was. It begins at {@link #end} as it was before. */
    int add(ByteBuffer part) {
        int at = bytes.position();
        int length = Math.min(part.remaining(), bytes.remaining());
        bytes.put(at, part, part.position(), length).position(at + length);
        return length;
    }

    /** The address of the next byte that is added. */
    long end() {
        return memory.address() + bytes.position();
    }
}
