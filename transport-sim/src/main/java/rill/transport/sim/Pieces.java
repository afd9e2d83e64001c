package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Objects;

/** Bytes that have arrived and wait for their reader. */
final class Pieces {
    private final ArrayDeque<byte[]> pieces = new ArrayDeque<>(1);
    private int offset; // how much of the first piece was read
    private int size;

    int size() {
        return size;
    }

    void add(byte[] piece) {
        pieces.add(piece);
        size += piece.length;
    }

    /** Reads this many bytes, which must be available and fit. */
    void read(ByteBuf target, int count) {
        int left = count;
        while (left > 0) {
            byte[] first = Objects.requireNonNull(pieces.peek());
            int part = Math.min(first.length - offset, left);
            target.writeBytes(first, offset, part);
            offset += part;
            left -= part;
            if (offset == first.length) {
                pieces.remove();
                offset = 0;
            }
        }
        size -= count;
    }

    void clear() {
        pieces.clear();
        offset = 0;
        size = 0;
    }
}
