package rill.testkit.storm;

import io.netty.buffer.ByteBuf;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.FrameSession;
import rill.Framing;
import rill.ProtocolException;

/** The framings of storms: {@code length} puts a number of four bytes before each frame, and {@code line} a line feed after it. */
record Frames(String name, Supplier<Hooks> hooks) implements Framing {
    private static final int LONGEST = Letter.LONGEST + 1024;

    Frames {
        if (!name.equals("length") && !name.equals("line")) {
            throw new IllegalArgumentException("no such framing: " + name);
        }
    }

    private static boolean byLength(String name) {
        return name.equals("length");
    }

    static void begin(String name, ByteBuf out) {
        if (byLength(name)) {
            out.writeInt(0);
        }
    }

    static void end(String name, ByteBuf out, int start) {
        if (byLength(name)) {
            out.setInt(start, out.writerIndex() - start - 4);
        } else {
            out.writeByte('\n');
        }
    }

    /** Reads the next frame, as a slice; null if it is incomplete. */
    static @Nullable ByteBuf next(String name, ByteBuf in) {
        int at = in.readerIndex();
        if (byLength(name)) {
            if (in.readableBytes() < 4 || in.readableBytes() - 4 < in.getUnsignedInt(at)) {
                return null;
            }
            in.skipBytes(4);
            return in.readSlice((int) in.getUnsignedInt(at));
        }
        int feed = in.indexOf(at + promised(in), in.writerIndex(), (byte) '\n');
        if (feed < 0) {
            return null;
        }
        ByteBuf frame = in.readSlice(feed - at);
        in.skipBytes(1);
        return frame;
    }

    /** Returns the least number of bytes of the letter that begins here, none of which ends the line; 0 if that is not known. */
    private static int promised(ByteBuf in) {
        int at = in.readerIndex();
        int size = in.readableBytes() < Letter.HEADER ? 0 : Letter.sizeAt(in, at);
        return Math.max(0, Math.min(size, in.readableBytes()));
    }

    @Override
    public FrameSession open(Context context) {
        Hooks mine = hooks.get();
        return byLength(name) ? new ByLength(mine) : new ByLine(mine);
    }

    private static final class ByLength extends FrameSession {
        private final Hooks hooks;

        ByLength(Hooks hooks) {
            this.hooks = hooks;
        }

        @Override
        protected int find(ByteBuf in) throws ProtocolException {
            if (in.readableBytes() < 4) {
                return 4 - in.readableBytes();
            }
            int at = in.readerIndex();
            long length = in.getUnsignedInt(at);
            if (length > LONGEST) {
                throw new ProtocolException(0, "a frame of " + length + " bytes");
            }
            long missing = 4 + length - in.readableBytes();
            return missing > 0 ? (int) missing : found(at + 4, at + 4 + (int) length, at + 4 + (int) length);
        }

        @Override
        public void beginFrame(ByteBuf out) {
            begin("length", out);
        }

        @Override
        public void encode(ByteBuf frame, rill.Outgoing out) {
            writeFrame(this, frame, out);
        }

        @Override
        public void endFrame(ByteBuf out, int start) {
            end("length", out, start);
        }

        @Override
        public void closed() {
            hooks.at(Step.Place.GOODBYE);
        }
    }

    private static final class ByLine extends FrameSession {
        private final Hooks hooks;
        private int looked;

        ByLine(Hooks hooks) {
            this.hooks = hooks;
        }

        @Override
        protected int find(ByteBuf in) throws ProtocolException {
            int at = in.readerIndex();
            int feed = in.indexOf(at + looked, in.writerIndex(), (byte) '\n');
            if (feed >= 0) {
                looked = 0;
                return found(at, feed, feed + 1);
            }
            looked = in.readableBytes();
            if (looked > LONGEST) {
                throw new ProtocolException(0, "a line of more than " + looked + " bytes");
            }
            return 1;
        }

        @Override
        public void beginFrame(ByteBuf out) {}

        @Override
        public void encode(ByteBuf frame, rill.Outgoing out) {
            writeFrame(this, frame, out);
        }

        @Override
        public void endFrame(ByteBuf out, int start) {
            end("line", out, start);
        }

        @Override
        public void closed() {
            hooks.at(Step.Place.GOODBYE);
        }
    }

    private static void writeFrame(FrameSession session, ByteBuf frame, rill.Outgoing out) {
        ByteBuf buffer = out.buffer(frame.readableBytes() + 8);
        int start = buffer.writerIndex();
        session.beginFrame(buffer);
        buffer.writeBytes(frame, frame.readerIndex(), frame.readableBytes());
        session.endFrame(buffer, start);
    }
}
