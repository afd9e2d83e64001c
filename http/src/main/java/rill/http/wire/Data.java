package rill.http.wire;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a body, as it came or is to be sent. Where one piece ends and the next begins means nothing. The last piece says so where that is
 * known with it, as of a body with a declared length; then no {@link End} follows.
 *
 * <p><b>Ownership:</b> it is its buffer, as far as references are concerned: whoever owns it releases it, and to write it hands it over.
 */
public final class Data implements BodyEvent, ReferenceCounted {
    private final ByteBuf bytes;
    private final boolean last;

    private Data(ByteBuf bytes, boolean last) {
        this.bytes = Objects.requireNonNull(bytes, "bytes");
        this.last = last;
    }

    /** A piece of these bytes, whose reference it takes over. */
    public static Data of(ByteBuf bytes) {
        return new Data(bytes, false);
    }

    /** The last piece, whose reference it takes over: the message ends with it. */
    public static Data last(ByteBuf bytes) {
        return new Data(bytes, true);
    }

    /** Whether the message ends with it. */
    public boolean isLast() {
        return last;
    }

    /** The bytes: from the reader index to the writer index. */
    public ByteBuf bytes() {
        return bytes;
    }

    /** How many there are. */
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
