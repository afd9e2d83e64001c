package rill.codec;

import io.netty.buffer.ByteBuf;
import rill.Context;
import rill.FrameSession;
import rill.Framing;
import rill.Outgoing;
import rill.codec.internal.Payloads;

/**
 * A framing whose frames all have the same length and follow each other directly. Immutable.
 *
 * <p><b>Errors:</b> a frame of another length can't be written: {@link IllegalArgumentException}.
 */
public final class FixedLength implements Framing {
    private final int length;

    private FixedLength(int length) {
        this.length = length;
    }

    /** Frames of this many bytes each. */
    public static FixedLength of(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("a frame has at least one byte, not " + bytes);
        }
        return new FixedLength(bytes);
    }

    @Override
    public FrameSession open(Context context) {
        return new FixedLengthSession();
    }

    @Override
    public String toString() {
        return "fixed length " + length;
    }

    /** Keeps no state. */
    private final class FixedLengthSession extends FrameSession {
        @Override
        protected int find(ByteBuf in) {
            int missing = length - in.readableBytes();
            if (missing > 0) {
                return missing;
            }
            int start = in.readerIndex();
            return found(start, start + length, start + length);
        }

        @Override
        public void encode(ByteBuf frame, Outgoing out) {
            requireLength(frame.readableBytes());
            if (length >= Payloads.WORTH_PASSING) {
                out.pass(frame.retainedSlice());
            } else {
                out.buffer(length).writeBytes(frame, frame.readerIndex(), length);
            }
        }

        @Override
        public void beginFrame(ByteBuf out) {
            // nothing precedes a frame
        }

        @Override
        public void endFrame(ByteBuf out, int start) {
            requireLength(out.writerIndex() - start);
        }

        private void requireLength(int found) {
            if (found != length) {
                throw new IllegalArgumentException("a frame has " + length + " bytes, not " + found);
            }
        }
    }
}
