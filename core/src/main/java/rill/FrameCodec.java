package rill;

import io.netty.buffer.ByteBuf;

/**
 * Turns whole frames into messages and back; goes on top of a {@link Framing}. Without state, any thread.
 *
 * @param <R> what is read
 * @param <W> what is written
 */
public interface FrameCodec<R, W> {
    /**
     * The message in a frame.
     *
     * @param frame borrowed; the frame is what lies between its reader and its writer index (the reader index is not 0), and has
     *     to be read to its end
     * @throws ProtocolException if it isn't one; its position counts from the frame's first byte
     */
    R decode(ByteBuf frame) throws ProtocolException;

    /** Appends a message's frame content; the message is borrowed. */
    void encode(W message, ByteBuf out);

    /** See {@link Codec#sizeEstimate}. */
    default int sizeEstimate(W message) {
        return Codec.DEFAULT_SIZE_ESTIMATE;
    }

    /** A frame codec of two functions. */
    static <R, W> FrameCodec<R, W> of(FrameDecoder<? extends R> decoder, Codec.Encoder<? super W> encoder) {
        return new FrameCodec<>() {
            @Override
            public R decode(ByteBuf frame) throws ProtocolException {
                return decoder.decode(frame);
            }

            @Override
            public void encode(W message, ByteBuf out) {
                encoder.encode(message, out);
            }
        };
    }

    /** The reading half. */
    @FunctionalInterface
    interface FrameDecoder<R> {
        /** See {@link FrameCodec#decode}. */
        R decode(ByteBuf frame) throws ProtocolException;
    }
}
