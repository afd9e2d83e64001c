package rill.transport.uring;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Off-heap memory for bytes on the heap that are to be sent. The kernel reads it within a call, not later, so there is one for all Wires of a
 * Selector. Rarely needed: what connections encode is off the heap from the start.
 *
 * <p><b>Threading:</b> the selector's driver, and the thread that carries a Task of its loop while the driver waits.
 */
final class HeapBytes {
    private static final int SIZE = 64 * 1024;

    private final MemorySegment memory;
    private final ByteBuffer bytes;

    HeapBytes(Arena arena) {
        memory = arena.allocate(SIZE);
        bytes = memory.asByteBuffer();
    }

    /** Empties it, because its contents were sent. */
    void clear() {
        bytes.clear();
    }

    /** Copies what there is room for, to {@link #end}, and returns how much that was. */
    int add(ByteBuffer part) {
        int at = bytes.position();
        int length = Math.min(part.remaining(), bytes.remaining());
        bytes.put(at, part, part.position(), length).position(at + length);
        return length;
    }

    /** Returns the address of the next byte to be added. */
    long end() {
        return memory.address() + bytes.position();
    }
}
