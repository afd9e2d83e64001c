package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.ProtocolException;
import rill.codec.resp.Level.Kind;

/**
 * Reads replies. Elements of an aggregate are consumed as they arrive, so nothing is read twice but the header of an unfinished scalar. Nested
 * aggregates wait on a stack:
 *
 * <pre>
 *   *2 ─▶ open level 1 ─▶ $3 abc ─▶ add ─▶ *1 ─▶ open level 2 ─▶ :7 ─▶ add, level 2 is full
 *                                     reply ◀─ level 1 is full ◀─ add to level 1 ◀─┘
 *   *? ─▶ open a level that is never full ─▶ … ─▶ . ─▶ close it
 *   $? ─▶ open a text ─▶ ;4 abcd ─▶ append ─▶ ;0 ─▶ close it
 * </pre>
 *
 * <p>Without RESP3, its types are refused.
 */
final class ReplyReader extends RespReader {
    private static final int OK_CR = 0x2B4F4B0D; // +OK and CR, as an int
    private static final int PONG = 0x504F4E47;
    private static final int QUEU = 0x51554555;
    private static final int ED = 0x4544;
    private static final String RESP2_TYPES = "one of + - : $ *";
    private static final String RESP3_TYPES = "one of + - : $ * _ # , ( ! = % ~ | >";

    private static final String NO_KIND = "expected the kind of a push, a text";

    private final boolean resp3;
    private @Nullable Level top; // null between messages
    private @Nullable Chunks chunks; // of a streamed text
    private int elements; // of the current message

    private byte bulkType; // type of the bulk that has begun
    private int next; // index after the bytes that were read
    private @Nullable Reply value; // what step() has read; null if it was the head of an aggregate or a piece of a text

    ReplyReader(RespOptions options, Unfinished unfinished, boolean resp3) {
        super(options, unfinished);
        this.resp3 = resp3;
    }

    /** Whether a reply has begun of which some bytes were already consumed. */
    boolean withinMessage() {
        return top != null || withinBulk() || chunks != null;
    }

    /** Consumes bytes up to the end of a reply and returns it; if it is not complete, consumes as many as possible and returns null. */
    @Nullable
    Reply read(ByteBuf in, Context context) throws IOException {
        int end = in.writerIndex();
        origin = in.readerIndex();
        next = origin;
        missing = 0;
        if (!withinMessage()) {
            beginMessage();
            elements = 0;
        }
        int at = origin;
        while (step(in, at, end, context)) {
            Reply reply = complete(value, at);
            at = next;
            if (reply != null) {
                in.readerIndex(next);
                giveBack();
                return reply;
            }
        }
        in.readerIndex(next);
        keepUnfinished();
        return null;
    }

    /** Adds a reply that began at {@code at} to its aggregate; returns the whole message if that was its last part. */
    private @Nullable Reply complete(@Nullable Reply part, int at) throws ProtocolException {
        Reply done = part;
        while (done != null && top != null) {
            Level level = top;
            if (level.kind == Kind.PUSH && level.count == 0 && Reply.text(done) == null) {
                throw violation(at, NO_KIND);
            }
            level.add(done);
            if (level.count < level.size) {
                return null;
            }
            done = level.finish();
            top = level.below;
        }
        return done;
    }

    /** Reads a scalar, the head of an aggregate, or a piece of a text; returns false if it is not complete. */
    private boolean step(ByteBuf in, int at, int end, Context context) throws ProtocolException {
        if (withinBulk()) {
            return body(in, at, end, context);
        }
        if (at == end) {
            return false;
        }
        byte type = in.getByte(at);
        if (resp3) {
            if (chunks != null) {
                return chunk(chunks, in, at, end);
            }
            Level level = top;
            if (level != null && level.isStreamed()) {
                if (type == '.') {
                    return endOfStream(level, in, at, end);
                }
                beginInStream(level, at);
            }
        }
        return switch (type) {
            case '+' -> simple(in, at, end);
            case '$' -> bulk(in, at, end, context);
            case ':' -> integer(in, at, end);
            case '*' -> aggregate(Kind.ARRAY, in, at, end);
            case '-' -> error(in, at, end);
            default -> {
                if (!resp3) {
                    throw violation(at, RESP2_TYPES, type);
                }
                yield ofResp3(type, in, at, end, context);
            }
        };
    }

    private boolean ofResp3(byte type, ByteBuf in, int at, int end, Context context) throws ProtocolException {
        return switch (type) {
            case '_' -> nothing(in, at, end);
            case '#' -> bool(in, at, end);
            case ',' -> real(in, at, end);
            case '(' -> bigNumber(in, at, end);
            case '!', '=' -> otherBulk(type, in, at, end, context);
            case '%' -> aggregate(Kind.MAP, in, at, end);
            case '~' -> aggregate(Kind.SET, in, at, end);
            case '|' -> aggregate(Kind.ATTRIBUTE, in, at, end);
            case '>' -> aggregate(Kind.PUSH, in, at, end);
            default -> throw violation(at, RESP3_TYPES, type);
        };
    }

    private boolean read(Reply reply, int after) {
        value = reply;
        next = after;
        return true;
    }

    // ---- on one line

    private boolean simple(ByteBuf in, int at, int end) throws ProtocolException {
        if (end - at >= 5 && options.lineBytes() >= 2 && in.getInt(at) == OK_CR && in.getByte(at + 4) == '\n') {
            lineDone();
            count(at + 1, 2);
            return read(Reply.OK, at + 5);
        }
        int cr = findLineEnd(in, at + 1, end);
        if (cr < 0) {
            return false;
        }
        count(at + 1, cr - at - 1);
        if (cr - at == 5 && in.getInt(at + 1) == PONG) {
            return read(Reply.PONG, cr + 2);
        } else if (cr - at == 7 && in.getInt(at + 1) == QUEU && in.getShort(at + 5) == ED) {
            return read(Reply.QUEUED, cr + 2);
        }
        return read(new Reply.Simple(text(in, at + 1, cr)), cr + 2);
    }

    private boolean error(ByteBuf in, int at, int end) throws ProtocolException {
        int cr = findLineEnd(in, at + 1, end);
        if (cr < 0) {
            return false;
        }
        count(at + 1, cr - at - 1);
        return read(new Reply.Failed(text(in, at + 1, cr)), cr + 2);
    }

    private static String text(ByteBuf in, int from, int to) {
        return in.toString(from, to - from, StandardCharsets.UTF_8);
    }

    private boolean integer(ByteBuf in, int at, int end) throws ProtocolException {
        int after = readNumber(in, at + 1, end, false);
        if (after < 0) {
            return false;
        }
        count(at, 0);
        return read(Reply.Int.of(number), after);
    }

    private boolean nothing(ByteBuf in, int at, int end) throws ProtocolException {
        int after = endOfLine(in, at + 1, end);
        if (after < 0) {
            return false;
        }
        count(at, 0);
        return read(Reply.Null.RESP3, after);
    }

    private boolean bool(ByteBuf in, int at, int end) throws ProtocolException {
        if (at + 1 == end) {
            return false;
        }
        byte truth = in.getByte(at + 1);
        if (truth != 't' && truth != 'f') {
            throw violation(at + 1, "'t' or 'f'", truth);
        }
        int after = endOfLine(in, at + 2, end);
        if (after < 0) {
            return false;
        }
        count(at, 0);
        return read(Reply.of(truth == 't'), after);
    }

    private boolean real(ByteBuf in, int at, int end) throws ProtocolException {
        int cr = findNumberEnd(in, at + 1, end, NumberText.LONGEST_REAL);
        if (cr < 0) {
            return false;
        }
        count(at, 0);
        return read(new Reply.Real(new NumberText(this, in, at + 1, cr).real()), cr + 2);
    }

    private boolean bigNumber(ByteBuf in, int at, int end) throws ProtocolException {
        int cr = findNumberEnd(in, at + 1, end, NumberText.LONGEST_BIG);
        if (cr < 0) {
            return false;
        }
        count(at + 1, cr - at - 1);
        return read(new Reply.BigNumber(new NumberText(this, in, at + 1, cr).big()), cr + 2);
    }

    // ---- bulk strings and types written like them

    private boolean bulk(ByteBuf in, int at, int end, Context context) throws ProtocolException {
        int body = readNumber(in, at + 1, end, resp3);
        if (body < 0) {
            return false;
        }
        if (number < 0) {
            if (number == -1) {
                count(at, 0);
                return read(Reply.Null.BULK, body);
            } else if (resp3 && number == UNKNOWN && in.getByte(at + 1) == '?') {
                count(at, 0);
                chunks = new Chunks();
                next = body;
                return body != end && chunk(chunks, in, body, end);
            }
        }
        beginBulk(at + 1);
        bulkType = '$';
        next = body;
        return body(in, body, end, context);
    }

    private boolean otherBulk(byte type, ByteBuf in, int at, int end, Context context) throws ProtocolException {
        int body = readNumber(in, at + 1, end, false);
        if (body < 0) {
            return false;
        }
        if (type == '!') {
            requireNoKindDue(at);
            beginBulk(at + 1, "an error", 0, options.bulkBytes());
        } else {
            beginBulk(at + 1, "a verbatim string", 4, Math.max(4, options.bulkBytes()));
        }
        bulkType = type;
        next = body;
        return body(in, body, end, context);
    }

    private boolean body(ByteBuf in, int body, int end, Context context) throws ProtocolException {
        int length = bulkLength();
        int after = endBulk(in, body, end);
        if (after < 0) {
            return false;
        }
        switch (bulkType) {
            case '$' ->
                value = top == null && length >= options.handOut()
                        ? new Reply.BulkBuffer(context.own(in.slice(body, length)))
                        : Reply.Bulk.of(copy(in, body, length));
            case '!' -> value = new Reply.Failed(text(in, body, body + length), true);
            case '=' -> value = verbatim(in, body, length);
            default -> {
                if (chunks != null) {
                    chunks.append(in, body, length);
                }
                value = null;
            }
        }
        next = after;
        return true;
    }

    private Reply verbatim(ByteBuf in, int body, int length) throws ProtocolException {
        for (int i = body; i < body + 3; i++) {
            byte b = in.getByte(i);
            if (b < '!' || b > '~') {
                throw violation(i, "a visible character, of the format of a verbatim string", b);
            }
        }
        if (in.getByte(body + 3) != ':') {
            throw violation(body + 3, "':' after the format of a verbatim string", in.getByte(body + 3));
        }
        return new Reply.Verbatim(text(in, body, body + 3), Reply.Bulk.of(copy(in, body + 4, length - 4)));
    }

    /** A piece of a streamed text, or its end. */
    private boolean chunk(Chunks text, ByteBuf in, int at, int end) throws ProtocolException {
        if (in.getByte(at) != ';') {
            throw violation(at, "';', a piece of a streamed string", in.getByte(at));
        }
        int body = readNumber(in, at + 1, end, false);
        if (body < 0) {
            return false;
        }
        if (number == 0) {
            chunks = null;
            return read(text.whole(), body);
        }
        beginChunk(at + 1, options.bulkBytes() - text.size());
        bulkType = ';';
        next = body;
        int length = bulkLength();
        int after = endBulk(in, body, end);
        if (after < 0) {
            return false;
        }
        text.append(in, body, length);
        value = null;
        next = after;
        return true;
    }

    // ---- aggregates

    private boolean aggregate(Kind kind, ByteBuf in, int at, int end) throws ProtocolException {
        int after = readNumber(in, at + 1, end, resp3 && kind.streams);
        if (after < 0) {
            return false;
        }
        next = after;
        count(at, 0);
        boolean streamed = number == UNKNOWN && in.getByte(at + 1) == '?';
        if (number == -1 && kind == Kind.ARRAY) {
            value = Reply.Null.ARRAY;
            return true;
        }
        long left = ((long) options.elements() - elements) / kind.each;
        if (!streamed && (number < kind.least || number > left)) {
            throw violation(
                    at + 1,
                    "expected " + kind.words + " of " + kind.least + " to " + left + " " + kind.parts
                            + ", found a length of " + number);
        }
        int depth = top == null ? 1 : top.depth + 1;
        if (depth > options.depth()) {
            throw violation(at, "expected arrays nested at most " + options.depth() + " deep");
        }
        if (top != null) {
            requirePlace(kind, top, at);
        }
        if (number == 0 && kind != Kind.ATTRIBUTE) {
            value = kind.empty();
            return true;
        }
        int size = streamed ? Level.STREAMED : (int) number * kind.each;
        if (!streamed) {
            elements += size;
        }
        top = new Level(top, kind, size);
        value = null;
        return true;
    }

    /** The element that begins here is not a text, and so can't be the kind of a push. */
    private void requireNoKindDue(int at) throws ProtocolException {
        if (top != null && top.kind == Kind.PUSH && top.count == 0) {
            throw violation(at, NO_KIND);
        }
    }

    /** A push is never within another reply, except after attributes that belong to it. Its first element is a text. */
    private void requirePlace(Kind kind, Level within, int at) throws ProtocolException {
        requireNoKindDue(at);
        if (kind == Kind.PUSH) {
            for (Level each = within; each != null; each = each.below) {
                if (each.kind != Kind.ATTRIBUTE || each.count < each.size - 1) {
                    throw violation(at, "expected no push within another reply");
                }
            }
        }
    }

    /** An element of a streamed aggregate begins. Since the size was not announced, each element is counted at its first byte. */
    private void beginInStream(Level level, int at) throws ProtocolException {
        if (level.begun == level.count) {
            if (elements >= options.elements()) {
                throw violation(at, "expected a message of at most " + options.elements() + " elements");
            }
            elements++;
            level.begun++;
        }
    }

    private boolean endOfStream(Level level, ByteBuf in, int at, int end) throws ProtocolException {
        if (level.count % level.kind.each != 0) {
            throw violation(at, "a value for the last key of a map", (byte) '.');
        }
        int after = endOfLine(in, at + 1, end);
        if (after < 0) {
            return false;
        }
        top = level.below;
        return read(level.finish(), after);
    }
}
