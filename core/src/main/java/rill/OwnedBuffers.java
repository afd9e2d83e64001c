package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;

/** Lets the buffers of a framing leave the pipeline. */
record OwnedBuffers(Codec<ByteBuf, ByteBuf> inner) implements Codec<ByteBuf, ByteBuf> {
    @Override
    public Session<ByteBuf, ByteBuf> open(SessionContext context) {
        Buffers buffers = Loop.required("opening a connection").buffers();
        Session<ByteBuf, ByteBuf> session = inner.open(context);
        return new Mapping.Translated<ByteBuf, ByteBuf, ByteBuf, ByteBuf>(session) {
            @Override
            ByteBuf translate(ByteBuf borrowed) {
                return buffers.own(borrowed);
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
