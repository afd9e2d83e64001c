package rill;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A small buffer on the heap. It need not be released. */
final class HeapBuffer extends SingleBuffer {
    /**
     * Makes the JVM load this class early. Otherwise code compiled while there is only one kind of buffer would be discarded when the second is first
     * used: in the middle of a busy loop, for half a second.
     */
    static void load() {}

    HeapBuffer(int capacity) {
        super(ByteBuffer.allocate(capacity));
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
        checkNewCapacity(newCapacity);
        trimIndicesToCapacity(newCapacity);
        replace(ByteBuffer.wrap(Arrays.copyOf(bytes().array(), newCapacity)));
        return this;
    }

    @Override
    void released() {}
}
