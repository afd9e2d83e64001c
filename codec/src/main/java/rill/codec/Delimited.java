package rill.codec;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import rill.Context;
import rill.FrameSession;
import rill.Framing;
import rill.Outgoing;
import rill.ProtocolException;
import rill.codec.internal.Payloads;

/**
 * A framing whose frames end with a delimiter, a fixed sequence of bytes. Immutable; each method returns a changed copy.
 *
 * <p>A frame is delivered without its delimiter. By default it has at most 8 KiB. The first delimiter in the stream ends the frame. It is found in
 * one pass, even if it is split over reads or overlaps with itself.
 *
 * <p><b>Ownership:</b> see {@link Framing}; frames are slices of the received bytes.
 *
 * <p><b>Errors:</b> a frame above the limit, and a stream that ends within a frame, are a {@link ProtocolException}. A frame whose content would end
 * it early can't be written: {@link IllegalArgumentException}.
 */
public final class Delimited implements Framing {
    /** The default limit of a frame, in bytes, without its delimiter: 8 KiB. */
    public static final int DEFAULT_LIMIT = 8 * 1024;

    private final DelimiterScan.Pattern pattern;
    private final int limit;

    private Delimited(DelimiterScan.Pattern pattern, int limit) {
        this.pattern = pattern;
        this.limit = limit;
    }

    /** Frames that end with these bytes. */
    public static Delimited by(byte... delimiter) {
        if (delimiter.length == 0) {
            throw new IllegalArgumentException("a delimiter has at least one byte");
        }
        return new Delimited(DelimiterScan.Pattern.of(delimiter.clone()), DEFAULT_LIMIT);
    }

    /** Frames that end with the bytes of this text in UTF-8. */
    public static Delimited by(String delimiter) {
        return by(delimiter.getBytes(StandardCharsets.UTF_8));
    }

    /** Limits a frame to this many bytes, not counting the delimiter. */
    public Delimited limit(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("a frame has at least one byte, not " + bytes);
        }
        return new Delimited(pattern, bytes);
    }

    /** Allows frames of up to 2 GiB: a peer can make this side hold everything it sends. */
    public Delimited unlimited() {
        return limit(Integer.MAX_VALUE);
    }

    @Override
    public int sizeEstimate(ByteBuf frame) {
        return frame.readableBytes() + pattern.length();
    }

    @Override
    public FrameSession open(Context context) {
        return new DelimitedSession();
    }

    @Override
    public String toString() {
        return "delimited by " + Arrays.toString(pattern.bytes()) + ", limit " + limit;
    }

    /** Remembers how far it has scanned, and how much of a delimiter it has seen there. */
    private final class DelimitedSession extends FrameSession {
        private final DelimiterScan incoming = new DelimiterScan(pattern);
        private final DelimiterScan outgoing = new DelimiterScan(pattern);
        private int scanned;

        @Override
        protected int find(ByteBuf in) throws ProtocolException {
            int start = in.readerIndex();
            int end = in.writerIndex();
            int after = incoming.find(in, start + scanned, end);
            int size = after < 0 ? end - start - incoming.matched() : after - start - pattern.length();
            if (size > limit) {
                throw new ProtocolException(limit, "expected a frame of at most " + limit + " bytes");
            }
            if (after < 0) {
                scanned = end - start;
                return 1;
            }
            scanned = 0;
            return found(start, start + size, after);
        }

        @Override
        public void encode(ByteBuf frame, Outgoing out) {
            int size = frame.readableBytes();
            requireOneFrame(frame, frame.readerIndex(), frame.writerIndex());
            if (size >= Payloads.WORTH_PASSING) {
                out.pass(frame.retainedSlice());
                out.buffer(pattern.length()).writeBytes(pattern.bytes());
            } else {
                out.buffer(size + pattern.length())
                        .writeBytes(frame, frame.readerIndex(), size)
                        .writeBytes(pattern.bytes());
            }
        }

        @Override
        public void beginFrame(ByteBuf out) {
            // nothing precedes a frame
        }

        @Override
        public void endFrame(ByteBuf out, int start) {
            requireOneFrame(out, start, out.writerIndex());
            out.writeBytes(pattern.bytes());
        }

        private void requireOneFrame(ByteBuf content, int from, int to) {
            if (to - from > limit) {
                throw new IllegalArgumentException(
                        "a frame of " + (to - from) + " bytes is above the limit of " + limit);
            }
            outgoing.reset();
            if (outgoing.find(content, from, to) >= 0 || !outgoing.completesOnlyAtEnd()) {
                throw new IllegalArgumentException(
                        "a frame with the delimiter in it, or with its beginning at the end, would be cut there");
            }
        }
    }
}
