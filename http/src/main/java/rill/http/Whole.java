package rill.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Arrays;
import rill.Promise;

/** Collects a whole body. */
final class Whole {
    private static final byte[] NONE = {};
    private static final int FIRST_ROOM = 1024;

    final Promise<byte[]> promise;
    private final int most;
    private byte[] bytes = NONE;
    private int size;

    Whole(Promise<byte[]> promise, int most) {
        this.promise = promise;
        this.most = most;
    }

    /** @param own whether the array of the piece is not shared */
    void add(ByteBuf piece, boolean own) throws IOException {
        int count = piece.readableBytes();
        try {
            if (count > most - size) {
                throw new BodyTooLargeException("the body has more than " + most + " bytes", true);
            }
            if (own && size == 0) {
                bytes = piece.array();
            } else {
                if (size + count > bytes.length) {
                    bytes = Arrays.copyOf(bytes, (int)
                            Math.min(most, Math.max(size + (long) count, Math.max(FIRST_ROOM, 2L * size))));
                }
                piece.readBytes(bytes, size, count);
            }
            size += count;
        } finally {
            piece.release();
        }
    }

    byte[] bytes() {
        return size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
    }
}
