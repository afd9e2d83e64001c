package rill.http.wire;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a body, as it was received or is to be sent. The boundaries between pieces have no meaning. A piece that is known to be the last, as in a
 * body with a declared length, says so; then no {@link End} follows.
 *
 * <p><b>Ownership:</b> it shares the reference count of its buffer. Its owner must release it; writing it transfers ownership.
 */
public final class Data implements BodyEvent, ReferenceCounted {
    private final ByteBuf bytes;
    private final boolean last;

    private Data(ByteBuf bytes, boolean last) {
        this.bytes = Objects.requireNonNull(bytes, "bytes");
        this.last = last;
    }

    /** Returns a piece of these bytes, whose ownership is transferred. */
    public static Data of(ByteBuf bytes) {
        return new Data(bytes, false);
    }

    /** Returns the last piece of a message, with these bytes, whose ownership is transferred. */
    public static Data last(ByteBuf bytes) {
        return new Data(bytes, true);
    }

    /** Returns whether the message ends with it. */
    public boolean isLast() {
        return last;
    }

    /** Returns the bytes: from the reader index to the writer index. */
    public ByteBuf bytes() {
        return bytes;
    }

    /** Returns the number of bytes. */
    public int size() {
        return bytes.readableBytes();
    }

    // ---- references

    @Override
    public int refCnt() {
        return bytes.refCnt();
    }

    @Override
    public Data retain() {
        bytes.retain();
        return this;
    }

    @Override
    public Data retain(int increment) {
        bytes.retain(increment);
        return this;
    }

    @Override
    public Data touch() {
        bytes.touch();
        return this;
    }

    @Override
    public Data touch(Object hint) {
        bytes.touch(hint);
        return this;
    }

    @Override
    public boolean release() {
        return bytes.release();
    }

    @Override
    public boolean release(int decrement) {
        return bytes.release(decrement);
    }

    // ---- as an object

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Data data && data.last == last && data.bytes.equals(bytes);
    }

    @Override
    public int hashCode() {
        return bytes.hashCode();
    }

    @Override
    public String toString() {
        return "Data[" + (bytes.refCnt() > 0 ? size() + " bytes" : "released") + (last ? ", the last]" : "]");
    }
}
