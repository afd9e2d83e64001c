package rill;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** No protocol at all: bytes as they come, in buffers that belong to the receiver. */
record Bytes() implements Codec<ByteBuf, ByteBuf> {
    @Override
    public Session<ByteBuf, ByteBuf> open(SessionContext context) {
        Buffers buffers = context.buffers();
        return buffers == null ? new BytesSession(null) : buffers.bytesSession();
    }

    @Override
    public int sizeEstimate(ByteBuf message) {
        return message.readableBytes();
    }

    /**
     * Has nothing of a connection's, so that one serves all those of a loop. Whoever writes hands the buffer over, so it may be passed
     * on instead of being encoded: see {@link Stage#passesOn}.
     */
    record BytesSession(@Nullable Buffers buffers) implements Session<ByteBuf, ByteBuf> {
        @Override
        public void decode(ByteBuf in, Actions<ByteBuf> actions) {
            if (in.isReadable()) {
                actions.message(Buffers.own(buffers, in));
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
