package rill;

import io.netty.buffer.ByteBuf;

/**
 * A codec whose messages are frames: it finds where each begins and ends, and knows nothing of what is in them.
 *
 * <p><b>Ownership:</b> a frame that a session delivers is borrowed by the layer above, until the next call to its {@code decode}. On top
 * of a pipeline there is no such layer: a {@link Pipeline#of pipeline} of a mere framing gives frames that belong to the
 * receiver, who releases them.
 */
public interface Framing extends Codec<ByteBuf, ByteBuf> {
    @Override
    FrameSession open(SessionContext context);

    @Override
    default int sizeEstimate(ByteBuf frame) {
        return frame.readableBytes() + 16;
    }

    /** A codec for the messages that are in the frames. */
    default <R, W> Codec<R, W> with(FrameCodec<R, W> content) {
        return new Framed<>(this, content);
    }
}
