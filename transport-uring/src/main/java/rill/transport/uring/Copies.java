package rill.transport.uring;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Memory outside of the heap for bytes that are on it and are to be sent, for as long as the kernel may read them. Seldom needed: what
 * connections encode is outside of it from the start.
 *
 * <p><b>Threading:</b> the selector's driver.
 */
final class Copies {
    private static final int SIZE = 64 * 1024;
    private static final int KEPT = 4;

    private final ArrayDeque<Block> spare = new ArrayDeque<>();

    /** Some memory: its owner gives it back with {@link Copies#giveBack}. */
    static final class Block {
        private final Arena arena = Arena.ofShared();
        private final MemorySegment memory = arena.allocate(SIZE);
        private final ByteBuffer bytes = memory.asByteBuffer();

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

    Block take() {
        Block block = spare.poll();
        if (block == null) {
            return new Block();
        }
        block.bytes.clear();
        return block;
    }

    void giveBack(@Nullable Block block) {
        if (block == null) {
            return;
        }
        if (spare.size() < KEPT) {
            spare.push(block);
        } else {
            block.arena.close();
        }
    }

    void close() {
        spare.forEach(each -> each.arena.close());
        spare.clear();
    }
}
