package rill.codec;

import io.netty.buffer.ByteBuf;
import rill.FrameSession;
import rill.Outgoing;
import rill.ProtocolException;
import rill.codec.internal.Payloads;

/** Reads and writes {@link Lines}. Remembers how far it has scanned for the end of the current line. */
final class LinesSession extends FrameSession {
    private static final int CR_LF = 0x0D0A;

    private final Lines spec;
    private int scanned;

    LinesSession(Lines spec) {
        this.spec = spec;
    }

    // ---- reading

    @Override
    protected int find(ByteBuf in) throws ProtocolException {
        int start = in.readerIndex();
        int end = in.writerIndex();
        int lf = in.indexOf(start + scanned, end, (byte) '\n');
        boolean found = lf >= 0;
        int stop = found ? lf : end;
        boolean crBefore = spec.accepted != Lines.Ending.LF && stop > start && in.getByte(stop - 1) == '\r';
        int size = stop - start - (crBefore ? 1 : 0);
        if (size > spec.limit) {
            throw new ProtocolException(spec.limit, "expected a line of at most " + spec.limit + " bytes");
        }
        if (!found) {
            scanned = end - start;
            return 1;
        }
        if (spec.accepted == Lines.Ending.CRLF) {
            requireNoStray(in, start, size, crBefore);
        }
        scanned = 0;
        return found(start, start + size, lf + 1);
    }

    private static void requireNoStray(ByteBuf in, int start, int size, boolean crBefore) throws ProtocolException {
        int cr = in.indexOf(start, start + size, (byte) '\r');
        if (cr >= 0) {
            throw new ProtocolException(cr + 1 - start, "expected LF after CR");
        }
        if (!crBefore) {
            throw new ProtocolException(size, "expected CR before LF");
        }
    }

    // ---- writing

    @Override
    public void encode(ByteBuf frame, Outgoing out) {
        int size = frame.readableBytes();
        requireOneLine(frame, frame.readerIndex(), frame.writerIndex());
        if (size >= Payloads.WORTH_PASSING) {
            out.pass(frame.retainedSlice());
            writeEnding(out.buffer(2));
        } else {
            ByteBuf buffer = out.buffer(size + 2);
            buffer.writeBytes(frame, frame.readerIndex(), size);
            writeEnding(buffer);
        }
    }

    @Override
    public void beginFrame(ByteBuf out) {
        // nothing precedes a line
    }

    @Override
    public void endFrame(ByteBuf out, int start) {
        requireOneLine(out, start, out.writerIndex());
        writeEnding(out);
    }

    private void writeEnding(ByteBuf out) {
        if (spec.written == Lines.Ending.CRLF) {
            out.writeShort(CR_LF);
        } else {
            out.writeByte('\n');
        }
    }

    /** Refuses content that would not be read back as this one line. */
    private void requireOneLine(ByteBuf content, int from, int to) {
        if (to - from > spec.limit) {
            throw new IllegalArgumentException(
                    "a line of " + (to - from) + " bytes is above the limit of " + spec.limit);
        }
        if (content.indexOf(from, to, (byte) '\n') >= 0) {
            throw new IllegalArgumentException("a line with LF in it would be read as more than one");
        }
        boolean strict = spec.accepted == Lines.Ending.CRLF;
        if (strict && content.indexOf(from, to, (byte) '\r') >= 0) {
            throw new IllegalArgumentException("a line with CR in it would be refused");
        }
        boolean crIsLost = spec.accepted == Lines.Ending.EITHER && spec.written == Lines.Ending.LF;
        if (crIsLost && to > from && content.getByte(to - 1) == '\r') {
            throw new IllegalArgumentException("a line with CR at its end would be read without it");
        }
    }
}
