package rill.pipeline;

import io.netty.buffer.ByteBuf;
import rill.Actions;
import rill.Outgoing;
import rill.Session;
import rill.SessionContext;

/** A byte layer that inverts every bit in place and passes the same buffers on, so that it allocates nothing itself. */
final class Inverting implements Session<ByteBuf, ByteBuf> {
    Inverting(SessionContext context) {}

    @Override
    public void decode(ByteBuf in, Actions<ByteBuf> actions) {
        invert(in);
        actions.message(in);
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
