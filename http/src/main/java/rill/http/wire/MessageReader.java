package rill.http.wire;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import rill.Context;

/**
 * Reads one message after another, requests or responses: finds heads, and takes bodies apart.
 *
 * <pre>
 *            ┌───────────────────────── the message is its head alone ──────────────────────────┐
 *            │                                                                                  │
 *  ┌─▶ HEAD ─┴─▶ FIXED ────── the last Data ────────────────────────────────────────────────────┤
 *  │        ├──▶ CHUNK_LINE ◀──▶ CHUNK ; CHUNK_LINE ── 0 ──▶ TRAILERS ── End ───────────────────┤
 *  │        └──▶ UNTIL_CLOSE ── the end of input: End ──▶ OVER                                  │
 *  └───────────────────────────── unless it was the last: then OVER ◀───────────────────────────┘
 * </pre>
 *
 * <p>Its session says when a body begins, and when nothing more is read. An exception has the same position however the bytes are split: each state
 * examines them strictly from the first to the last.
 */
final class MessageReader {
    private enum State {
        HEAD,
        FIXED,
        CHUNK_LINE,
        CHUNK,
        TRAILERS,
        UNTIL_CLOSE,
        OVER
    }

    private static final int CRLF = 2;

    /** The bytes of each chunk's line that do not count as excess. */
    private static final int LINE_ALLOWANCE = 16;

    private static final int HEX_DIGITS = 15; // so that the size of a chunk is positive

    private final HttpLimits limits;
    private State state = State.HEAD;
    private boolean skippedLine; // an empty line before the head
    private boolean afterChunk; // whose CR LF has not arrived yet
    private int scanned; // bytes of an unfinished head that were examined
    private int lines; // complete lines among these
    private long remaining; // of a fixed body, or of a chunk
    private long excess; // bytes of lines before chunks beyond the allowance

    MessageReader(HttpLimits limits) {
        this.limits = limits;
    }

    boolean inHead() {
        return state == State.HEAD;
    }

    boolean isOver() {
        return state == State.OVER;
    }

    boolean inUntilClose() {
        return state == State.UNTIL_CLOSE;
    }

    /** Nothing more is read. */
    void end() {
        state = State.OVER;
    }

    /** Begins the body after a head, if there is one. */
    void begin(long length) {
        excess = 0;
        afterChunk = false;
        remaining = Math.max(0, length);
        if (length == Head.CHUNKED) {
            state = State.CHUNK_LINE;
        } else if (length == Head.UNTIL_CLOSE) {
            state = State.UNTIL_CLOSE;
        } else {
            state = length == 0 ? State.HEAD : State.FIXED;
        }
    }

    // ---- heads

    /** Takes the bytes of a head; null if it is not complete, or if an empty line before it was skipped. */
    byte @Nullable [] head(ByteBuf in, HeadWindow window, String what, int statusOfLongLine)
            throws HttpProtocolException {
        int start = in.readerIndex();
        int end = in.writerIndex();
        if (scanned == 0 && end - start >= CRLF && in.getByte(start) == '\r' && in.getByte(start + 1) == '\n') {
            if (skippedLine) {
                throw new HttpProtocolException(0, "expected " + what + ", found a second empty line");
            }
            skippedLine = true;
            in.skipBytes(CRLF);
            return null;
        }
        return block(in, window, start, end, limits.startLine(), limits.head(), statusOfLongLine);
    }

    /**
     * Takes the lines up to an empty one; null if they are not complete. Continues where the last call stopped.
     *
     * @param first the largest size of the first line
     * @param most the largest size in total
     */
    private byte @Nullable [] block(
            ByteBuf in, HeadWindow window, int start, int end, int first, int most, int statusOfLongLine)
            throws HttpProtocolException {
        int i = start + scanned;
        int limit = start + (lines == 0 ? Math.min(first, most) : most);
        window.open(in, i, end);
        while (true) {
            i = window.control(in, i, Math.min(end, limit));
            if (i >= limit) {
                throw tooLong(limit - start, lines == 0 ? statusOfLongLine : 431);
            }
            byte found = i == end ? (byte) '\r' : window.at(in, i);
            if (i == end || (found == '\r' && i + 1 == end)) {
                scanned = i - start;
                return null;
            }
            if (found != '\t') {
                requireReturn(found, i - start);
                requireFeed(window.at(in, i + 1), i + 1 - start);
                if (i == start || window.at(in, i - 1) == '\n') {
                    return taken(in, window, start, i + CRLF - start);
                }
                window.lineEnds(i);
                limit = start + most;
                if (++lines > limits.fields() + 1) {
                    throw new HttpProtocolException(i - start, 431, "expected at most " + limits.fields() + " fields");
                }
                i += CRLF;
            } else {
                i++;
            }
        }
    }

    private byte[] taken(ByteBuf in, HeadWindow window, int start, int length) {
        scanned = 0;
        lines = 0;
        skippedLine = false;
        in.skipBytes(length);
        return window.copy(in, start, length);
    }

    private static void requireReturn(byte found, int at) throws HttpProtocolException {
        if (found != '\r') {
            throw new HttpProtocolException(
                    at, "expected " + (found == '\n' ? "CR before LF" : "text, found " + Grammar.shown(found & 0xFF)));
        }
    }

    private static void requireFeed(byte found, int at) throws HttpProtocolException {
        if (found != '\n') {
            throw new HttpProtocolException(at, "expected LF after CR, found " + Grammar.shown(found & 0xFF));
        }
    }

    private static HttpProtocolException tooLong(int limit, int status) {
        return new HttpProtocolException(
                limit,
                status,
                "expected " + (status == 431 ? "fields" : "a first line") + " within the first " + limit + " bytes");
    }

    // ---- bodies

    /** The next part of the body; null if these bytes contain no further one. */
    @Nullable
    BodyEvent body(ByteBuf in, HeadReader heads, Context context) throws HttpProtocolException {
        return switch (state) {
            case FIXED -> fixed(in, context);
            case CHUNK -> chunk(in, context);
            case CHUNK_LINE -> chunkLine(in, context);
            case TRAILERS -> trailers(in, heads);
            case UNTIL_CLOSE -> in.isReadable() ? Data.of(take(in, in.readableBytes(), context)) : null;
            default -> throw new IllegalStateException("no body is being read: " + state);
        };
    }

    /** Whether this event ends its message. */
    static boolean ends(BodyEvent event) {
        return switch (event) {
            case Data data -> data.isLast();
            case End end -> true;
        };
    }

    private @Nullable BodyEvent fixed(ByteBuf in, Context context) {
        if (!in.isReadable()) {
            return null;
        }
        int size = (int) Math.min(remaining, in.readableBytes());
        remaining -= size;
        if (remaining > 0) {
            return Data.of(take(in, size, context));
        }
        state = State.HEAD;
        return Data.last(take(in, size, context));
    }

    private static ByteBuf take(ByteBuf in, int size, Context context) {
        ByteBuf own = size == in.readableBytes() ? context.own(in) : context.own(in.slice(in.readerIndex(), size));
        in.skipBytes(size);
        return own;
    }

    private @Nullable BodyEvent chunk(ByteBuf in, Context context) {
        if (!in.isReadable()) {
            return null;
        }
        int size = (int) Math.min(remaining, in.readableBytes());
        remaining -= size;
        if (remaining == 0) {
            state = State.CHUNK_LINE;
            afterChunk = true;
        }
        return Data.of(take(in, size, context));
    }

    /** Reads the line before a chunk, and the end of the previous chunk; then the available bytes of the chunk. */
    private @Nullable BodyEvent chunkLine(ByteBuf in, Context context) throws HttpProtocolException {
        int start = in.readerIndex();
        int end = in.writerIndex();
        int line = start;
        if (afterChunk) {
            line = lineEnd(in, start, start, end, "CR LF after a chunk");
            if (line < 0) {
                return null;
            }
        }
        int i = line;
        long size = 0;
        for (; i < end; i++) {
            int digit = Character.digit(in.getByte(i), 16);
            if (digit < 0) {
                break;
            }
            if (i - line == HEX_DIGITS) {
                throw new HttpProtocolException(
                        i - start, "expected the size of a chunk with at most " + HEX_DIGITS + " digits");
            }
            size = (size << 4) | digit;
        }
        if (i == end) {
            return null;
        }
        if (i == line) {
            throw unexpected(in, i, start, "the size of a chunk");
        }
        int after = extensions(in, i, line, start, end);
        if (after < 0) {
            return null;
        }
        afterChunk = false;
        countLine(after - line, size, after - start);
        in.readerIndex(after);
        if (size == 0) {
            state = State.TRAILERS;
            return null; // the next call continues: its positions count from the trailers' beginning
        }
        remaining = size;
        state = State.CHUNK;
        return chunk(in, context);
    }

    /** Skips extensions, up to the end of the line; returns the index after it, or -1 if it is incomplete. */
    private int extensions(ByteBuf in, int from, int line, int start, int end) throws HttpProtocolException {
        int most = line + limits.chunkLine();
        byte first = in.getByte(from);
        if (first != '\r' && first != ';' && !Grammar.isBlank(first)) {
            throw unexpected(in, from, start, "CR LF or an extension after the size of a chunk");
        }
        int i = from;
        while (i < end && Grammar.isBlank(in.getByte(i)) && i < most) {
            i++;
        }
        if (i > from && i < end && i < most && in.getByte(i) != ';') {
            throw unexpected(in, i, start, "an extension after blanks");
        }
        while (i < end && i < most && Grammar.isText(in.getByte(i) & 0xFF)) {
            i++;
        }
        if (i >= most) {
            throw new HttpProtocolException(
                    most - start, "expected the line before a chunk to have at most " + limits.chunkLine() + " bytes");
        }
        return i == end ? -1 : lineEnd(in, i, start, end, "CR LF after the extensions of a chunk");
    }

    /** Lines that are much longer than their chunks only serve to waste our time. */
    private void countLine(int bytes, long size, int position) throws HttpProtocolException {
        long allowed = LINE_ALLOWANCE + 2 * Math.min(size, limits.head());
        excess = Math.max(0, excess + bytes - allowed);
        if (excess > limits.head()) {
            throw new HttpProtocolException(position, "expected the lines before chunks to be shorter than these are");
        }
    }

    /** The index after CR LF; -1 if they have not arrived yet. */
    private static int lineEnd(ByteBuf in, int at, int start, int end, String expected) throws HttpProtocolException {
        if (at < end && in.getByte(at) != '\r') {
            throw unexpected(in, at, start, expected);
        }
        if (at + 1 < end && in.getByte(at + 1) != '\n') {
            throw unexpected(in, at + 1, start, expected);
        }
        return at + 1 < end ? at + CRLF : -1;
    }

    private @Nullable BodyEvent trailers(ByteBuf in, HeadReader heads) throws HttpProtocolException {
        int start = in.readerIndex();
        int most = limits.trailers();
        byte[] bytes = block(in, heads.window, start, in.writerIndex(), most, most, 431);
        if (bytes == null) {
            return null;
        }
        End end = bytes.length == CRLF ? End.of() : heads.trailers(bytes);
        state = State.HEAD;
        return end;
    }

    private static HttpProtocolException unexpected(ByteBuf in, int at, int start, String expected) {
        return new HttpProtocolException(
                at - start, "expected " + expected + ", found " + Grammar.shown(in.getByte(at) & 0xFF));
    }

    // ---- the end

    /** The peer has ended its stream: throws if that is within a message. */
    void inputEnded(ByteBuf rest) throws HttpProtocolException {
        if (state == State.OVER || state == State.UNTIL_CLOSE) {
            return;
        }
        if (state != State.HEAD || rest.isReadable()) {
            throw new HttpProtocolException(
                    rest.readableBytes(),
                    "the stream ended within a " + (state == State.HEAD ? "head" : "body")
                            + (remaining > 0 ? ", of which " + remaining + " bytes are missing" : ""));
        }
    }
}
