package rill;

import io.netty.buffer.AbstractByteBuf;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.IllegalReferenceCountException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ByteBuf} over one {@link ByteBuffer}, with a reference count.
 *
 * <p>Netty's own buffers would do. But the first of them looks for {@code Unsafe}, for ways to free memory, for the arguments of the JVM and more,
 * and that takes longer than all the rest of a loop's start. This class needs none of that. It is long because {@link AbstractByteBuf} leaves many
 * methods open; each has a line or two.
 *
 * <p><b>Threading:</b> any thread may retain, release and read. {@link #internalNioBuffer} is for one thread at a time.
 */
@SuppressWarnings("UngroupedOverloads") // grouped by purpose
abstract class SingleBuffer extends AbstractByteBuf {
    private static final VarHandle REFERENCES;

    static {
        try {
            REFERENCES = MethodHandles.lookup().findVarHandle(SingleBuffer.class, "references", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int references = 1;
    private ByteBuffer bytes;
    private @Nullable ByteBuffer window; // the buffer that internalNioBuffer returns

    SingleBuffer(ByteBuffer bytes) {
        super(Integer.MAX_VALUE);
        this.bytes = bytes;
    }

    /** Moves the buffer to another place; the caller is responsible for the content. */
    final void replace(ByteBuffer other) {
        bytes = other;
        window = null;
    }

    final ByteBuffer bytes() {
        return bytes;
    }

    // ---- references

    @Override
    public final int refCnt() {
        return references;
    }

    @Override
    public final ByteBuf retain() {
        return retain(1);
    }

    @Override
    public final ByteBuf retain(int more) {
        int now;
        do {
            now = references;
            if (now <= 0 || more <= 0 || now + more < 0) {
                throw new IllegalReferenceCountException(now, more);
            }
        } while (!REFERENCES.compareAndSet(this, now, now + more));
        return this;
    }

    @Override
    public final boolean release() {
        return release(1);
    }

    @Override
    public final boolean release(int fewer) {
        int now;
        do {
            now = references;
            if (fewer <= 0 || now < fewer) {
                throw new IllegalReferenceCountException(now, -fewer);
            }
        } while (!REFERENCES.compareAndSet(this, now, now - fewer));
        if (now > fewer) {
            return false;
        }
        released();
        return true;
    }

    /** The last reference is gone. */
    abstract void released();

    /** Goes from no reference to one; for the owner that kept the buffer without a reference. */
    final void reborn() {
        REFERENCES.setOpaque(this, 1);
    }

    @Override
    public ByteBuf touch() {
        return this;
    }

    @Override
    public ByteBuf touch(Object hint) {
        return this;
    }

    // ---- what it is

    @Override
    public final int capacity() {
        return bytes.capacity();
    }

    @Override
    public final ByteBufAllocator alloc() {
        return UnpooledByteBufAllocator.DEFAULT;
    }

    @Override
    @Deprecated
    public final ByteOrder order() {
        return ByteOrder.BIG_ENDIAN;
    }

    @Override
    public final @Nullable ByteBuf unwrap() {
        return null;
    }

    @Override
    public final boolean isDirect() {
        return bytes.isDirect();
    }

    @Override
    public final boolean isContiguous() {
        return true;
    }

    @Override
    public final boolean hasArray() {
        return bytes.hasArray();
    }

    @Override
    public final byte[] array() {
        ensureAccessible();
        return bytes.array();
    }

    @Override
    public final int arrayOffset() {
        return bytes.arrayOffset();
    }

    @Override
    public boolean hasMemoryAddress() {
        return false;
    }

    @Override
    public long memoryAddress() {
        throw new UnsupportedOperationException("the memory address of a buffer on the heap");
    }

    @Override
    public final int nioBufferCount() {
        return 1;
    }

    @Override
    public final ByteBuffer internalNioBuffer(int index, int length) {
        checkIndex(index, length);
        ByteBuffer present = window;
        if (present == null) {
            present = bytes.duplicate();
            window = present;
        }
        return present.limit(index + length).position(index);
    }

    @Override
    public final ByteBuffer nioBuffer(int index, int length) {
        checkIndex(index, length);
        return bytes.slice(index, length);
    }

    @Override
    public final ByteBuffer[] nioBuffers(int index, int length) {
        return new ByteBuffer[] {nioBuffer(index, length)};
    }

    @Override
    public final ByteBuf copy(int index, int length) {
        checkIndex(index, length);
        return alloc().directBuffer(length, maxCapacity()).writeBytes(this, index, length);
    }

    // ---- numbers

    @Override
    protected final byte _getByte(int index) {
        return bytes.get(index);
    }

    @Override
    protected final short _getShort(int index) {
        return bytes.getShort(index);
    }

    @Override
    protected final short _getShortLE(int index) {
        return Short.reverseBytes(bytes.getShort(index));
    }

    @Override
    protected final int _getUnsignedMedium(int index) {
        return (bytes.get(index) & 0xff) << 16 | (bytes.getShort(index + 1) & 0xffff);
    }

    @Override
    protected final int _getUnsignedMediumLE(int index) {
        return (_getShortLE(index) & 0xffff) | (bytes.get(index + 2) & 0xff) << 16;
    }

    @Override
    protected final int _getInt(int index) {
        return bytes.getInt(index);
    }

    @Override
    protected final int _getIntLE(int index) {
        return Integer.reverseBytes(bytes.getInt(index));
    }

    @Override
    protected final long _getLong(int index) {
        return bytes.getLong(index);
    }

    @Override
    protected final long _getLongLE(int index) {
        return Long.reverseBytes(bytes.getLong(index));
    }

    @Override
    protected final void _setByte(int index, int value) {
        bytes.put(index, (byte) value);
    }

    @Override
    protected final void _setShort(int index, int value) {
        bytes.putShort(index, (short) value);
    }

    @Override
    protected final void _setShortLE(int index, int value) {
        bytes.putShort(index, Short.reverseBytes((short) value));
    }

    @Override
    protected final void _setMedium(int index, int value) {
        bytes.put(index, (byte) (value >>> 16));
        bytes.putShort(index + 1, (short) value);
    }

    @Override
    protected final void _setMediumLE(int index, int value) {
        _setShortLE(index, value);
        bytes.put(index + 2, (byte) (value >>> 16));
    }

    @Override
    protected final void _setInt(int index, int value) {
        bytes.putInt(index, value);
    }

    @Override
    protected final void _setIntLE(int index, int value) {
        bytes.putInt(index, Integer.reverseBytes(value));
    }

    @Override
    protected final void _setLong(int index, long value) {
        bytes.putLong(index, value);
    }

    @Override
    protected final void _setLongLE(int index, long value) {
        bytes.putLong(index, Long.reverseBytes(value));
    }

    // ---- bytes out: at absolute positions, so that many threads may read

    @Override
    public final ByteBuf getBytes(int index, ByteBuf to, int toIndex, int length) {
        checkDstIndex(index, length, toIndex, to.capacity());
        if (to instanceof SingleBuffer single) {
            single.checkIndex(toIndex, length);
            single.bytes.put(toIndex, bytes, index, length);
        } else if (to.hasArray()) {
            bytes.get(index, to.array(), to.arrayOffset() + toIndex, length);
        } else {
            to.setBytes(toIndex, bytes.slice(index, length));
        }
        return this;
    }

    @Override
    public final ByteBuf getBytes(int index, byte[] to, int toIndex, int length) {
        checkDstIndex(index, length, toIndex, to.length);
        bytes.get(index, to, toIndex, length);
        return this;
    }

    @Override
    public final ByteBuf getBytes(int index, ByteBuffer to) {
        int length = to.remaining();
        checkIndex(index, length);
        to.put(to.position(), bytes, index, length);
        to.position(to.limit());
        return this;
    }

    @Override
    public final ByteBuf getBytes(int index, OutputStream to, int length) throws IOException {
        checkIndex(index, length);
        byte[] copy = new byte[length];
        bytes.get(index, copy);
        to.write(copy);
        return this;
    }

    @Override
    public final int getBytes(int index, GatheringByteChannel to, int length) throws IOException {
        return to.write(nioBuffer(index, length));
    }

    @Override
    public final int getBytes(int index, FileChannel to, long position, int length) throws IOException {
        return to.write(nioBuffer(index, length), position);
    }

    // ---- bytes in

    @Override
    public final ByteBuf setBytes(int index, ByteBuf from, int fromIndex, int length) {
        checkSrcIndex(index, length, fromIndex, from.capacity());
        if (from instanceof SingleBuffer single) {
            single.checkIndex(fromIndex, length);
            bytes.put(index, single.bytes, fromIndex, length);
        } else if (from.hasArray()) {
            bytes.put(index, from.array(), from.arrayOffset() + fromIndex, length);
        } else {
            setFrom(from, fromIndex, index, length);
        }
        return this;
    }

    /** Copies from another kind of buffer. */
    void setFrom(ByteBuf from, int fromIndex, int index, int length) {
        from.getBytes(fromIndex, bytes.slice(index, length));
    }

    @Override
    public final ByteBuf setBytes(int index, byte[] from, int fromIndex, int length) {
        checkSrcIndex(index, length, fromIndex, from.length);
        bytes.put(index, from, fromIndex, length);
        return this;
    }

    @Override
    public final ByteBuf setBytes(int index, ByteBuffer from) {
        int length = from.remaining();
        checkIndex(index, length);
        bytes.put(index, from, from.position(), length);
        from.position(from.limit());
        return this;
    }

    @Override
    public final int setBytes(int index, InputStream from, int length) throws IOException {
        checkIndex(index, length);
        byte[] copy = new byte[length];
        int n = from.read(copy);
        if (n > 0) {
            bytes.put(index, copy, 0, n);
        }
        return n;
    }

    @Override
    public final int setBytes(int index, ScatteringByteChannel from, int length) throws IOException {
        try {
            return from.read(nioBuffer(index, length));
        } catch (ClosedChannelException e) {
            return -1; // as ByteBuf promises
        }
    }

    @Override
    public final int setBytes(int index, FileChannel from, long position, int length) throws IOException {
        try {
            return from.read(nioBuffer(index, length), position);
        } catch (ClosedChannelException e) {
            return -1;
        }
    }
}
