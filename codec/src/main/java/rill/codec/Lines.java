package rill.codec;

import io.netty.buffer.ByteBuf;
import rill.Context;
import rill.FrameSession;
import rill.Framing;

/**
 * A framing of lines. Immutable; each method returns a changed copy.
 *
 * <p>A frame is a line without its ending. By default, either ending is accepted, LF is written, and a line has at most 8 KiB.
 *
 * <p><b>Ownership:</b> see {@link Framing}; frames are slices of the received bytes.
 *
 * <p><b>Errors:</b> a line above the limit or with the wrong ending, and a stream that ends within a line, are a {@link rill.ProtocolException}. A
 * line whose content would end it can't be written: {@link IllegalArgumentException}.
 */
public final class Lines implements Framing {
    /** The default limit of a line, in bytes, without its ending: 8 KiB. */
    public static final int DEFAULT_LIMIT = 8 * 1024;

    /** What ends a line. */
    public enum Ending {
        /** LF alone. A CR is part of the line. */
        LF,
        /** CR LF and nothing else. A line that contains another CR or LF is refused. */
        CRLF,
        /** LF. A CR before it belongs to the ending; any other CR belongs to the line. For reading only. */
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

    /** Lines that end with this ending. It is also the one written; for {@link Ending#EITHER}, LF is written. */
    public static Lines of(Ending ending) {
        return new Lines(ending, ending == Ending.EITHER ? Ending.LF : ending, DEFAULT_LIMIT);
    }

    /** Writes lines with this ending. */
    public Lines writing(Ending ending) {
        if (ending == Ending.EITHER) {
            throw new IllegalArgumentException("say which ending is to be written: LF or CRLF");
        }
        return new Lines(accepted, ending, limit);
    }

    /** Limits a line to this many bytes, not counting its ending. */
    public Lines limit(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("a line has at least one byte, not " + bytes);
        }
        return new Lines(accepted, written, bytes);
    }

    /** Allows lines of up to 2 GiB: a peer can make this side hold everything it sends. */
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
