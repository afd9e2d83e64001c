package rill;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A small buffer on the heap. Nobody has to give it back. */
final class HeapBuffer extends SingleBuffer {
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
