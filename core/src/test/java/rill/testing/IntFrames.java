package rill.testing;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import rill.Actions;
import rill.Framing;
import rill.Outgoing;
import rill.ProtocolException;
import rill.SessionContext;

/** Frames behind a length of four bytes; says how much it still needs. */
public record IntFrames(int limit) implements Framing {
    private static final int PREFIX = 4;

    @Override
    public FrameSession open(SessionContext context) {
        return new OneConnection();
    }

    private final class OneConnection implements FrameSession {
        @Override
        public void decode(ByteBuf in, Actions<ByteBuf> actions) throws IOException {
            if (in.readableBytes() < PREFIX) {
                return;
            }
            int length = in.getInt(in.readerIndex());
            if (length < 0 || length > limit) {
                throw new ProtocolException("a frame of " + length + " bytes, the limit is " + limit);
            }
            int missing = PREFIX + length - in.readableBytes();
            if (missing > 0) {
                actions.needMore(missing);
                return;
            }
            in.skipBytes(PREFIX);
            actions.message(in.readSlice(length));
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
