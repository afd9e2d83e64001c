package rill;

import io.netty.buffer.ByteBuf;
import java.io.IOException;

/** A codec for the messages in the frames of a framing. Their content is read and written in place, without a buffer of its own. */
record Framed<R, W>(Framing framing, FrameCodec<R, W> content) implements Codec<R, W> {
    private static final int ROOM_FOR_FRAME = 16;

    @Override
    public Session<R, W> open(SessionContext context) {
        return new FramedSession(framing.open(context));
    }

    @Override
    public int sizeEstimate(W message) {
        return (int) Math.min(Integer.MAX_VALUE, (long) content.sizeEstimate(message) + ROOM_FOR_FRAME);
    }

    /** How much space a message finds; the buffer grows if that is not enough. A guess costs no more than a chunk. */
    private int space(W message) {
        return Math.clamp(Messages.guess(this, message), 0, Buffers.SIZE);
    }

    private final class FramedSession implements Session<R, W> {
        private final FrameSession frames;

        FramedSession(FrameSession frames) {
            this.frames = frames;
        }

        @Override
        public void decode(ByteBuf in, Actions<R> actions) throws IOException {
            int missing = frames.find(in);
            if (missing == 0) {
                actions.message(decodeFrame(in));
            } else if (missing > 1) {
                actions.needMore(missing);
            }
        }

        /** Shows the decoder the frame alone, by moving the buffer's ends: a slice would be an object for each. */
        private R decodeFrame(ByteBuf in) throws ProtocolException {
            int origin = in.readerIndex();
            int end = in.writerIndex();
            in.setIndex(frames.contentStart, frames.contentEnd);
            try {
                R message = content.decode(in);
                if (in.isReadable()) {
                    throw new ProtocolException(
                            in.readerIndex() - frames.contentStart,
                            "expected the end of the frame after its message, found " + in.readableBytes()
                                    + " more bytes");
                }
                return message;
            } catch (ProtocolException e) {
                throw e.within(frames.contentStart - origin);
            } finally {
                in.setIndex(frames.frameEnd, end);
            }
        }

        @Override
        public void encode(W message, Outgoing out) {
            ByteBuf buffer = out.buffer(space(message));
            int start = buffer.writerIndex();
            frames.beginFrame(buffer);
            content.encode(message, buffer);
            frames.endFrame(buffer, start);
        }

        @Override
        public void closed() {
            frames.closed();
        }
    }
}
