package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;

/** Lets the buffers of a framing leave the pipeline: small ones are copied, of large ones a slice is retained. */
record OwnedBuffers(Codec<ByteBuf, ByteBuf> inner) implements Codec<ByteBuf, ByteBuf> {
    private static final int WORTH_RETAINING = 8 * 1024;

    @Override
    public Session<ByteBuf, ByteBuf> open(SessionContext context) {
        Session<ByteBuf, ByteBuf> session = inner.open(context);
        return new Mapping.Translated<ByteBuf, ByteBuf, ByteBuf, ByteBuf>(session) {
            @Override
            ByteBuf translate(ByteBuf borrowed) {
                return borrowed.readableBytes() < WORTH_RETAINING
                        ? Loop.required("a frame").buffers().copy(borrowed)
                        : borrowed.retainedSlice();
            }

            @Override
            public void encode(ByteBuf message, Outgoing out) throws IOException {
                session.encode(message, out);
            }
        };
    }

    @Override
    public int sizeEstimate(ByteBuf message) {
        return inner.sizeEstimate(message);
    }
}
