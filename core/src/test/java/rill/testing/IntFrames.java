package rill.testing;

import io.netty.buffer.ByteBuf;
import rill.Context;
import rill.FrameSession;
import rill.Framing;
import rill.Outgoing;
import rill.ProtocolException;

/** Frames behind a length of four bytes; reports how many bytes it still needs. */
public record IntFrames(int limit) implements Framing {
    private static final int PREFIX = 4;

    @Override
    public FrameSession open(Context context) {
        return new OneConnection();
    }

    private final class OneConnection extends FrameSession {
        @Override
        protected int find(ByteBuf in) throws ProtocolException {
            if (in.readableBytes() < PREFIX) {
                return 1;
            }
            int start = in.readerIndex();
            int length = in.getInt(start);
            if (length < 0 || length > limit) {
                throw new ProtocolException("a frame of " + length + " bytes, the limit is " + limit);
            }
            int missing = PREFIX + length - in.readableBytes();
            return missing > 0 ? missing : found(start + PREFIX, start + PREFIX + length, start + PREFIX + length);
        }

        @Override
        public void encode(ByteBuf frame, Outgoing out) {
            out.buffer(PREFIX).writeInt(frame.readableBytes());
            out.pass(frame.retainedSlice());
        }

        @Override
        public void beginFrame(ByteBuf out) {
            out.writeInt(0);
        }

        @Override
        public void endFrame(ByteBuf out, int start) {
            out.setInt(start, out.writerIndex() - start - PREFIX);
        }
    }
}
