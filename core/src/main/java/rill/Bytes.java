package rill;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The codec without a protocol: bytes as they arrive, in buffers that belong to the receiver. It is its own session. If the writer has handed over
 * its only reference to a buffer, the buffer is passed on instead of being copied: see {@link Stage#passesOn}.
 */
enum Bytes implements Codec<ByteBuf, ByteBuf>, Session<ByteBuf, ByteBuf> {
    BYTES;

    /** A smaller payload is copied: a separate buffer would cost more than the copy. */
    static final int WORTH_PASSING = 2 * 1024;

    @Override
    public Session<ByteBuf, ByteBuf> open(Context context) {
        return this;
    }

    @Override
    public int sizeEstimate(ByteBuf message) {
        return message.readableBytes();
    }

    @Override
    public @Nullable ByteBuf decode(ByteBuf in, Context context) {
        if (!in.isReadable()) {
            return null;
        }
        ByteBuf owned = context.own(in);
        in.skipBytes(in.readableBytes());
        return owned;
    }

    @Override
    public void encode(ByteBuf message, Outgoing out) {
        int size = message.readableBytes();
        if (size < WORTH_PASSING) {
            out.buffer(size).writeBytes(message, message.readerIndex(), size);
        } else {
            out.pass(message.retainedSlice());
        }
    }
}
