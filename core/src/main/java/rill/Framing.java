package rill;

import io.netty.buffer.ByteBuf;

/**
 * A codec whose messages are frames: it finds where each frame begins and ends, and knows nothing about its content.
 *
 * <p><b>Ownership:</b> a frame that a session delivers is borrowed by the layer above, until the next call to its {@code decode}. On top of a
 * pipeline there is no such layer: a {@link Pipeline#of pipeline} of a mere framing delivers frames that belong to the receiver, which must release
 * them. The same applies to its {@link #map mappings}.
 */
public interface Framing extends Codec<ByteBuf, ByteBuf> {
    @Override
    FrameSession open(Context context);

    @Override
    default int sizeEstimate(ByteBuf frame) {
        return frame.readableBytes() + 16;
    }

    /** A codec for the messages in the frames. They are read and written in place, in the frame's buffer. */
    default <R, W> Codec<R, W> with(Decoder<? extends R> decoder, Encoder<? super W> encoder) {
        return new Framed<>(this, decoder, encoder);
    }

    /** Like {@link #with(Decoder, Encoder)}, with one object that is both. */
    default <R, W, C extends Decoder<R> & Encoder<W>> Codec<R, W> with(C content) {
        return new Framed<>(this, content, content);
    }
}
