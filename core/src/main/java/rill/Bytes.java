package rill;

import io.netty.buffer.ByteBuf;

/** No protocol at all: bytes as they come, in buffers that belong to the receiver. */
record Bytes() implements Codec<ByteBuf, ByteBuf> {
    @Override
    public Session<ByteBuf, ByteBuf> open(SessionContext context) {
        return Loop.required("opening a connection").buffers().bytesSession();
    }

    @Override
    public int sizeEstimate(ByteBuf message) {
        return message.readableBytes();
    }

    /** Has nothing of a connection's, so that one serves all those of a loop. */
    record BytesSession(Buffers buffers) implements Session<ByteBuf, ByteBuf> {
        @Override
        public void decode(ByteBuf in, Actions<ByteBuf> actions) {
            if (in.isReadable()) {
                actions.message(buffers.own(in));
                in.skipBytes(in.readableBytes());
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
}
