package rill;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A small buffer on the heap. Nobody has to give it back. */
final class HeapBuffer extends SingleBuffer {
    /**
     * Sees to it that the JVM knows of this class. What it compiles while there is one kind of buffer alone has to be thrown away when the
     * second is met: in the middle of a busy loop, for half a second.
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
