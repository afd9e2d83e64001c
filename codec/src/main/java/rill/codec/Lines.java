package rill.codec;

import io.netty.buffer.ByteBuf;
import rill.Context;
import rill.FrameSession;
import rill.Framing;

/**
 * A framing of lines. Immutable, each method gives a changed copy.
 *
 * <p>A frame is a line without its ending. Unless said otherwise either ending is accepted, LF is written, and a line
 * has at most 8 KiB.
 *
 * <p><b>Ownership:</b> see {@link Framing}; frames are slices of what was received.
 *
 * <p><b>Errors:</b> a line above the limit or with the wrong ending, and a stream that ends within a line, are a
 * {@link rill.ProtocolException}. A line whose content would end it can't be written: {@link IllegalArgumentException}.
 */
public final class Lines implements Framing {
    /** How long a line may be unless said otherwise, in bytes, without its ending. */
    public static final int DEFAULT_LIMIT = 8 * 1024;

    /** What ends a line. */
    public enum Ending {
        /** LF alone; a CR is part of the line. */
        LF,
        /** CR LF, and nothing else: a line with another CR or LF in it is refused. */
        CRLF,
        /** LF; a CR before it belongs to the ending, every other one to the line. Can be read, not written. */
        EITHER
    }

    final Ending accepted;
    final Ending written;
    final int limit;

    private Lines(Ending accepted, Ending written, int limit) {
        this.accepted = accepted;
        this.written = written;
        this.limit = limit;
    }

    /** Lines that end with LF or CR LF; LF is written. */
    public static Lines of() {
        return of(Ending.EITHER);
    }

    /** Lines that end with this. It is also written; for either, LF is. */
    public static Lines of(Ending ending) {
        return new Lines(ending, ending == Ending.EITHER ? Ending.LF : ending, DEFAULT_LIMIT);
    }

    /** With this ending for the lines that are written. */
    public Lines writing(Ending ending) {
        if (ending == Ending.EITHER) {
            throw new IllegalArgumentException("say which ending is to be written: LF or CRLF");
        }
        return new Lines(accepted, ending, limit);
    }

    /** With lines of at most so many bytes, not counting their ending. */
    public Lines limit(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("a line has at least one byte, not " + bytes);
        }
        return new Lines(accepted, written, bytes);
    }

    /** With lines of up to 2 GiB: a peer can make this side hold as much as it sends. */
    public Lines unlimited() {
        return limit(Integer.MAX_VALUE);
    }

    @Override
    public int sizeEstimate(ByteBuf frame) {
        return frame.readableBytes() + 2;
    }

    @Override
    public FrameSession open(Context context) {
        return new LinesSession(this);
    }

    @Override
    public String toString() {
        return "lines (" + accepted + ", limit " + limit + ")";
    }
}
