package rill.http;

import io.netty.buffer.ByteBuf;
import rill.ByteLayer;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/** Counts the bytes received, right beneath HTTP: whether a server has begun to answer decides whether a request may be retried. */
enum Heard implements ByteLayer {
    LAYER;

    @Override
    public Session<ByteBuf, ByteBuf> open(Context context) {
        return new Counter();
    }

    /** The number of bytes received. */
    static final class Counter implements Session<ByteBuf, ByteBuf> {
        private long bytes;

        long bytes() {
            return bytes;
        }

        @Override
        public ByteBuf decode(ByteBuf in, Context context) {
            bytes += in.readableBytes();
            return in;
        }

        @Override
        public void encode(ByteBuf message, Outgoing out) {
            out.pass(message.retainedSlice());
        }

        @Override
        public Object info() {
            return this;
        }
    }
}
