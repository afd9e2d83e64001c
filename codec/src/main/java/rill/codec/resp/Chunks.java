package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** The pieces of a streamed text so far, in one array, which grows as they arrive. */
final class Chunks {
    private static final int FIRST_SPACE = 64;

    private byte[] bytes = {};
    private int size;

    int size() {
        return size;
    }

    void append(ByteBuf in, int at, int length) {
        int needed = size + length;
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, (int)
                    Math.min(Integer.MAX_VALUE - 8, Math.max(FIRST_SPACE, 2L * size))));
        }
        in.getBytes(at, bytes, size, length);
        size = needed;
    }

    Reply.Bulk whole() {
        return Reply.bulk(size == bytes.length ? bytes : Arrays.copyOf(bytes, size));
    }
}
