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

    /** A framing's session: also able to put a frame around content that is written in place. */
    interface FrameSession extends Session<ByteBuf, ByteBuf> {
        /**
         * How many bytes of what the last {@code decode} was given came before the content of the frame that it delivered: what a
         * violation within the content adds to its position.
         */
        default int contentOffset() {
            return 0;
        }

        /** Appends what precedes a frame's content, or leaves room for it. */
        void beginFrame(ByteBuf out);

        /**
         * Completes the frame whose {@link #beginFrame} was called at writer index {@code start} and whose content has been
         * appended since.
         *
         * @throws IllegalArgumentException if the content can't be a frame, for example because it is above the limit
         */
        void endFrame(ByteBuf out, int start);
    }
}
