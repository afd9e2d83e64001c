package rill.http.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import rill.Context;
import rill.Outgoing;

/**
 * Writes one message after another, requests or responses, and checks that their bodies have the declared lengths.
 *
 * <pre>
 *  HEAD ──head without a body, or with all of it──▶ HEAD
 *    │  ──▶ FIXED, CHUNKED, UNTIL_CLOSE ── the last Data, or End ──▶ HEAD
 *    │         └ too much or too little ──▶ BROKEN
 *    └ the last message has been written ──▶ OVER
 * </pre>
 */
final class MessageWriter {
    private enum State {
        HEAD,
        FIXED,
        CHUNKED,
        UNTIL_CLOSE,
        BROKEN,
        OVER
    }

    private static final byte[] LENGTH = ascii("Content-Length: ");
    private static final byte[] IN_CHUNKS = ascii("Transfer-Encoding: chunked\r\n");
    private static final byte[] CLOSE = ascii("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
    private static final byte[] VERSION = ascii(" HTTP/1.1\r\n");
    private static final byte[] LAST_CHUNK = ascii("0\r\n");
    private static final int SLACK = 64;
    private static final int CHUNK_SLACK = 24;
    private static final short CRLF = ('\r' << 8) | '\n';

    /** Smaller pieces are copied, since passing them on would cost more. */
    private static final int WORTH_PASSING = 2 * 1024;

    private static final int WORTH_WRAPPING = 16 * 1024;

    private final HeadBuffer buffer;
    private State state = State.HEAD;
    private boolean last; // nothing may follow the message that is being written
    private long remaining;

    MessageWriter(Context context) {
        buffer = context.shared(HeadBuffer.class, HeadBuffer::new);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Another protocol follows, or nothing. */
    void end() {
        state = State.OVER;
    }

    void requireHead() {
        if (state != State.HEAD) {
            throw new IllegalStateException("a head can't be written: " + explained());
        }
    }

    private String explained() {
        return switch (state) {
            case HEAD -> "a head has to come first";
            case FIXED -> "of the message before, " + remaining + " bytes and its end are missing";
            case CHUNKED, UNTIL_CLOSE -> "the message before has not been ended";
            case BROKEN -> "the message before was not as long as declared";
            case OVER -> "the last message of this connection has been written";
        };
    }

    // ---- heads

    void request(RequestHead head, Outgoing out) {
        requireHead();
        HeadBuffer to = buffer;
        to.clear();
        to.put(head.method());
        to.put(' ');
        to.put(head.target());
        to.put(VERSION);
        to.put(head.fields());
        to.endLine();
        to.copyTo(out.buffer(to.size()));
        begin(head.bodyLength(), false);
    }

    /**
     * @param kind of the request: see {@link Kinds}
     * @param length the length of the body for this request: see {@link Head#bodyLength}
     * @param closes whether the connection ends afterwards
     */
    void response(ResponseHead head, int kind, long length, boolean closes, Outgoing out) {
        HttpFields fields = head.ownFields();
        HeadBuffer to = buffer;
        to.clear();
        to.put(Reasons.line(head.status(), head.reason()));
        to.put(fields);
        to.put(head.moreFields());
        if (!head.lengthInFields()) {
            framing(head.declaredLength(), to);
        }
        if (closes && (head.closing() || (fields.facts() & FieldFacts.CLOSE) == 0)) {
            to.put(CLOSE);
        } else if (!closes && (kind & Kinds.OLD) != 0 && (fields.facts() & FieldFacts.KEEP_ALIVE) == 0) {
            to.put(KEEP_ALIVE); // an HTTP/1.0 client expects the connection to close otherwise
        }
        to.endLine();
        to.copyTo(out.buffer(to.size()));
        begin(length, closes);
    }

    private static void framing(long length, HeadBuffer to) {
        if (length == Head.CHUNKED) {
            to.put(IN_CHUNKS);
        } else {
            to.put(LENGTH);
            to.put(length);
            to.endLine();
        }
    }

    private void begin(long length, boolean lastMessage) {
        last = lastMessage;
        remaining = Math.max(0, length);
        if (length == 0) {
            ended();
        } else if (length == Head.CHUNKED) {
            state = State.CHUNKED;
        } else {
            state = length == Head.UNTIL_CLOSE ? State.UNTIL_CLOSE : State.FIXED;
        }
    }

    private void ended() {
        state = last ? State.OVER : State.HEAD;
    }

    static int estimate(RequestHead head) {
        HttpFields fields = head.fields();
        return head.method().length() + head.target().length() + fields.to() - fields.from() + SLACK;
    }

    static int estimate(ResponseHead head) {
        HttpFields fields = head.ownFields();
        HttpFields more = head.moreFields();
        return head.reason().length()
                + (fields.to() - fields.from())
                + (more.to() - more.from())
                + 2 * SLACK
                + head.content().length;
    }

    private static void put(HttpFields fields, ByteBuf to) {
        to.writeBytes(fields.bytes(), fields.from(), fields.to() - fields.from());
    }

    // ---- bodies

    void data(Data data, Outgoing out) {
        int size = data.size();
        switch (state) {
            case FIXED -> fixed(data, size, out);
            case CHUNKED -> chunk(data, size, out);
            case UNTIL_CLOSE -> append(data, size, out);
            default -> throw new IllegalStateException("no body is being written: " + explained());
        }
        if (data.isLast()) {
            finish(HttpFields.none(), out);
        }
    }

    private void fixed(Data data, int size, Outgoing out) {
        if (size > remaining) {
            state = State.BROKEN;
            throw new IllegalArgumentException(
                    "the body is longer than declared: " + size + " more bytes where " + remaining + " were to come");
        }
        append(data, size, out);
        remaining -= size;
    }

    /** An empty piece is not written: an empty chunk would end the body. */
    private static void chunk(Data data, int size, Outgoing out) {
        if (size > 0) {
            ByteBuf to = out.buffer(CHUNK_SLACK + (size < WORTH_PASSING ? size : 0));
            ChunkSize.write(size, to);
            to.writeShort(CRLF);
            append(data, size, out);
            out.buffer(CHUNK_SLACK).writeShort(CRLF);
        }
    }

    private static void append(Data data, int size, Outgoing out) {
        ByteBuf bytes = data.bytes();
        if (size < WORTH_PASSING) {
            out.buffer(size).writeBytes(bytes, bytes.readerIndex(), size);
        } else {
            out.pass(bytes.retainedSlice());
        }
    }

    /** Writes a body that is part of its head. */
    static void content(byte[] content, Outgoing out) {
        if (content.length < WORTH_WRAPPING) {
            out.buffer(content.length).writeBytes(content);
        } else {
            out.pass(Unpooled.wrappedBuffer(content));
        }
    }

    void end(End end, Outgoing out) {
        switch (state) {
            case FIXED, CHUNKED, UNTIL_CLOSE -> finish(end.trailers(), out);
            default -> throw new IllegalStateException("no message is to be ended: " + explained());
        }
    }

    private void finish(HttpFields trailers, Outgoing out) {
        if (state == State.CHUNKED) {
            ByteBuf to = out.buffer(LAST_CHUNK.length + trailers.to() - trailers.from() + 2);
            to.writeBytes(LAST_CHUNK);
            put(trailers, to);
            to.writeShort(CRLF);
        } else if (!trailers.isEmpty()) {
            throw new IllegalArgumentException("trailers need a body in chunks: " + trailers);
        }
        if (remaining > 0) {
            state = State.BROKEN;
            throw new IllegalArgumentException(
                    "the body is shorter than declared: " + remaining + " bytes are missing");
        }
        ended();
    }
}
