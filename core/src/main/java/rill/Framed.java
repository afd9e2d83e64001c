package rill;

import io.netty.buffer.ByteBuf;

/** A codec for the messages in the frames of a framing. Their content is written in place, without a buffer of its own. */
record Framed<R, W>(Framing framing, FrameCodec<R, W> content) implements Codec<R, W> {
    private static final int ROOM_FOR_FRAME = 16;

    @Override
    public Session<R, W> open(SessionContext context) {
        Framing.FrameSession frames = framing.open(context);
        return new Mapping.Translated<ByteBuf, ByteBuf, R, W>(frames) {
            @Override
            R translate(ByteBuf frame) throws ProtocolException {
                int start = frame.readerIndex();
                try {
                    R message = content.decode(frame);
                    if (frame.isReadable()) {
                        throw new ProtocolException(
                                frame.readerIndex() - start,
                                "expected the end of the frame after its message, found " + frame.readableBytes()
                                        + " more bytes");
                    }
                    return message;
                } catch (ProtocolException e) {
                    throw e.within(frames.contentOffset());
                }
            }

            @Override
            public void encode(W message, Outgoing out) {
                ByteBuf buffer = out.buffer(sizeEstimate(message));
                int start = buffer.writerIndex();
                frames.beginFrame(buffer);
                content.encode(message, buffer);
                frames.endFrame(buffer, start);
            }
        };
    }

    @Override
    public int sizeEstimate(W message) {
        return content.sizeEstimate(message) + ROOM_FOR_FRAME;
    }
}
