package rill;

import io.netty.buffer.ByteBuf;

/** No protocol at all: bytes as they come. */
record Bytes() implements Codec<ByteBuf, ByteBuf>, Session<ByteBuf, ByteBuf> {
    @Override
    public Session<ByteBuf, ByteBuf> open(SessionContext context) {
        return this;
    }

    @Override
    public int sizeEstimate(ByteBuf message) {
        return message.readableBytes();
    }

    @Override
    public void decode(ByteBuf in, Actions<ByteBuf> actions) {
        if (in.isReadable()) {
            actions.message(in.readSlice(in.readableBytes()));
        }
    }

    @Override
    public void encode(ByteBuf message, Outgoing out) {
        int size = message.readableBytes();
        if (size < OutputQueue.WORTH_PASSING) {
            out.buffer(size).writeBytes(message, message.readerIndex(), size);
        } else {
            out.pass(message.retainedSlice());
        }
    }
}
