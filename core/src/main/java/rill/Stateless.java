package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
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
    public Session<R, W> open(Context context) {
        return this;
    }

    @Override
    public @Nullable R decode(ByteBuf in, Context context) throws IOException {
        int start = in.readerIndex();
        R message = decoder.decode(in, context);
        if (message == null) {
            in.readerIndex(start);
            if (in.readableBytes() > longest) {
                throw new ProtocolException("no message within " + longest + " bytes, the limit of this codec");
            }
        }
        return message;
    }

    @Override
    public void encode(W message, Outgoing out) throws IOException {
        encoder.encode(message, out.buffer(SizeGuess.space(this, message)));
    }

    @Override
    public int sizeEstimate(W message) {
        return encoder.sizeEstimate(message);
    }
}
