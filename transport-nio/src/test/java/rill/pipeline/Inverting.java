package rill.pipeline;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/** A byte layer that inverts every bit in place and passes the same buffers on, so that it allocates nothing itself. */
final class Inverting implements Session<ByteBuf, ByteBuf> {
    Inverting(Context context) {}

    @Override
    public @Nullable ByteBuf decode(ByteBuf in, Context context) {
        invert(in);
        return in;
    }

    @Override
    public void encode(ByteBuf message, Outgoing out) {
        invert(message);
        out.buffer(message.readableBytes()).writeBytes(message, message.readerIndex(), message.readableBytes());
    }

    private static void invert(ByteBuf bytes) {
        for (int i = bytes.readerIndex(); i < bytes.writerIndex(); i++) {
            bytes.setByte(i, ~bytes.getByte(i));
        }
    }
}
