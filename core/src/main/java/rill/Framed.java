package rill;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A codec for messages in the frames of a framing. The content of a frame is read and written in place, without a separate buffer. */
record Framed<R, W>(Framing framing, Codec.Decoder<? extends R> decoder, Codec.Encoder<? super W> encoder)
        implements Codec<R, W> {
    private static final int ROOM_FOR_FRAME = 16;

    @Override
    public Session<R, W> open(Context context) {
        return new FramedSession(framing.open(context));
    }

    @Override
    public int sizeEstimate(W message) {
        return (int) Math.min(Integer.MAX_VALUE, (long) encoder.sizeEstimate(message) + ROOM_FOR_FRAME);
    }

    private final class FramedSession implements Session<R, W> {
        private final FrameSession frames;

        FramedSession(FrameSession frames) {
            this.frames = frames;
        }

        @Override
        public @Nullable R decode(ByteBuf in, Context context) throws IOException {
            int missing = frames.find(in);
            if (missing == 0) {
                return decodeFrame(in, context);
            }
            if (missing > 1) {
                context.needMore(missing);
            }
            return null;
        }

        /** Shows the decoder only the frame, by moving the buffer's ends: a slice would take an object for each frame. */
        private R decodeFrame(ByteBuf in, Context context) throws IOException {
            int origin = in.readerIndex();
            int end = in.writerIndex();
            in.setIndex(frames.contentStart, frames.contentEnd);
            try {
                R message = decoder.decode(in, context);
                if (message == null) {
                    throw tooShort();
                }
                if (in.isReadable()) {
                    ReferenceCountUtil.release(message); // it may own a part of the frame
                    throw tooLong(in);
                }
                return message;
            } catch (ProtocolException e) {
                throw e.within(frames.contentStart - origin);
            } finally {
                in.setIndex(frames.frameEnd, end);
            }
        }

        private ProtocolException tooShort() {
            int size = frames.contentEnd - frames.contentStart;
            return new ProtocolException(
                    size, "expected more of a message, found the end of its frame of " + size + " bytes");
        }

        private ProtocolException tooLong(ByteBuf in) {
            return new ProtocolException(
                    in.readerIndex() - frames.contentStart,
                    "expected the end of the frame after its message, found " + in.readableBytes() + " more bytes");
        }

        @Override
        public void encode(W message, Outgoing out) throws IOException {
            ByteBuf buffer = out.buffer(SizeGuess.space(Framed.this, message));
            int start = buffer.writerIndex();
            frames.beginFrame(buffer);
            encoder.encode(message, buffer);
            frames.endFrame(buffer, start);
        }

        @Override
        public void closed() {
            frames.closed();
        }
    }
}
