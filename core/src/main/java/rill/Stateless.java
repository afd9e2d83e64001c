package rill;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A codec of two functions; it is its own session. */
record Stateless<R, W>(int longest, Codec.Decoder<? extends R> decoder, Codec.Encoder<? super W> encoder)
        implements Codec<R, W>, Session<R, W> {
    Stateless {
        if (longest < 1) {
            throw new IllegalArgumentException("a limit has to be positive, not " + longest);
        }
    }

    @Override
    public Session<R, W> open(SessionContext context) {
        return this;
    }

    @Override
    public void decode(ByteBuf in, Actions<R> actions) throws ProtocolException {
        int start = in.readerIndex();
        @Nullable R message = decoder.decode(in);
        if (message == null) {
            in.readerIndex(start);
            if (in.readableBytes() > longest) {
                throw new ProtocolException("no message within " + longest + " bytes, the limit of this codec");
            }
        } else {
            actions.message(message);
        }
    }

    @Override
    public void encode(W message, Outgoing out) {
        encoder.encode(message, out.buffer(DEFAULT_SIZE_ESTIMATE));
    }
}
