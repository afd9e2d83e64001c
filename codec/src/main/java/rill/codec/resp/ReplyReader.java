package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.ProtocolException;

/**
 * Reads replies. An array's elements are taken as they come, so nothing is read twice but an unfinished scalar's
 * header, and arrays within arrays wait on a stack of its own:
 *
 * <pre>
 *   *2 ─▶ open level 1 ─▶ $3 abc ─▶ add ─▶ *1 ─▶ open level 2 ─▶ :7 ─▶ add, level 2 is full
 *                                     reply ◀─ level 1 is full ◀─ add to level 1 ◀─┘
 * </pre>
 */
final class ReplyReader extends RespReader {
    private static final int OK_CR = 0x2B4F4B0D; // +OK and CR, as an int
    private static final int PONG = 0x504F4E47;
    private static final int QUEU = 0x51554555;
    private static final int ED = 0x4544;
    private static final int FIRST_SPACE = 16;

    private @Nullable Level top; // null between messages
    private int elements; // of the present message

    private int next; // index after what was read
    private @Nullable Reply value; // what step() has read; null if an array has begun

    /** An array that is not complete. */
    private static final class Level {
        final @Nullable Level below;
        final int depth;
        final int size;
        int count;
        Reply[] elements;

        Level(@Nullable Level below, int size) {
            this.below = below;
            this.depth = below == null ? 1 : below.depth + 1;
            this.size = size;
            this.elements = new Reply[Math.min(size, FIRST_SPACE)]; // grows with what comes, not with what is announced
        }

        void add(Reply element) {
            if (count == elements.length) {
                elements = Arrays.copyOf(elements, (int) Math.min(size, 2L * count));
            }
            elements[count++] = element;
        }
    }

    ReplyReader(RespOptions options, Unfinished unfinished) {
        super(options, unfinished);
    }

    /** Whether a reply has begun whose bytes so far have been consumed. */
    boolean withinMessage() {
        return top != null || withinBulk();
    }

    /** Consumes bytes up to the end of a reply, which it returns, or as far as it gets. */
    @Nullable
    Reply read(ByteBuf in) throws IOException {
        int end = in.writerIndex();
        origin = in.readerIndex();
        next = origin;
        missing = 0;
        if (!withinMessage()) {
            beginMessage();
            elements = 0;
        }
        while (step(in, next, end)) {
            Reply reply = complete(value);
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

    /** Puts a reply where it belongs; returns the whole message if that was its last part. */
    private @Nullable Reply complete(@Nullable Reply part) {
        Reply done = part;
        while (done != null && top != null) {
            Level level = top;
            level.add(done);
            if (level.count < level.size) {
                return null;
            }
            done = new Reply.Array(List.of(level.elements));
            top = level.below;
        }
        return done;
    }

    /** Reads a scalar, or the head of an array; false if it is not complete. */
    private boolean step(ByteBuf in, int at, int end) throws ProtocolException {
        if (withinBulk()) {
            return body(in, at, end);
        }
        if (at == end) {
            return false;
        }
        byte type = in.getByte(at);
        return switch (type) {
            case '+' -> simple(in, at, end);
            case '$' -> bulk(in, at, end);
            case ':' -> integer(in, at, end);
            case '*' -> array(in, at, end);
            case '-' -> error(in, at, end);
            default -> throw violation(at, "one of + - : $ *", type);
        };
    }

    private boolean simple(ByteBuf in, int at, int end) throws ProtocolException {
        if (end - at >= 5 && options.lineBytes() >= 2 && in.getInt(at) == OK_CR && in.getByte(at + 4) == '\n') {
            lineDone();
            count(at + 1, 2);
            value = Reply.OK;
            next = at + 5;
            return true;
        }
        int cr = findLineEnd(in, at + 1, end);
        if (cr < 0) {
            return false;
        }
        count(at + 1, cr - at - 1);
        if (cr - at == 5 && in.getInt(at + 1) == PONG) {
            value = Reply.PONG;
        } else if (cr - at == 7 && in.getInt(at + 1) == QUEU && in.getShort(at + 5) == ED) {
            value = Reply.QUEUED;
        } else {
            value = new Reply.Simple(text(in, at + 1, cr));
        }
        next = cr + 2;
        return true;
    }

    private boolean error(ByteBuf in, int at, int end) throws ProtocolException {
        int cr = findLineEnd(in, at + 1, end);
        if (cr < 0) {
            return false;
        }
        count(at + 1, cr - at - 1);
        value = new Reply.Failed(text(in, at + 1, cr));
        next = cr + 2;
        return true;
    }

    private static String text(ByteBuf in, int from, int to) {
        return in.toString(from, to - from, StandardCharsets.UTF_8);
    }

    private boolean integer(ByteBuf in, int at, int end) throws ProtocolException {
        int after = readNumber(in, at + 1, end);
        if (after < 0) {
            return false;
        }
        count(at, 0);
        value = Reply.Int.of(number);
        next = after;
        return true;
    }

    private boolean bulk(ByteBuf in, int at, int end) throws ProtocolException {
        int body = readNumber(in, at + 1, end);
        if (body < 0) {
            return false;
        }
        if (number == -1) {
            count(at, 0);
            value = Reply.Null.BULK;
            next = body;
            return true;
        }
        beginBulk(at + 1, body);
        next = body;
        return body(in, body, end);
    }

    private boolean body(ByteBuf in, int body, int end) throws ProtocolException {
        int length = bulkLength();
        int after = endBulk(in, body, end);
        if (after < 0) {
            return false;
        }
        value = Reply.Bulk.of(copy(in, body, length));
        next = after;
        return true;
    }

    private boolean array(ByteBuf in, int at, int end) throws ProtocolException {
        int after = readNumber(in, at + 1, end);
        if (after < 0) {
            return false;
        }
        next = after;
        count(at, 0);
        if (number == -1) {
            value = Reply.Null.ARRAY;
            return true;
        }
        long left = (long) options.elements() - elements;
        if (number < 0 || number > left) {
            throw violation(at + 1, "expected an array of 0 to " + left + " elements, found a length of " + number);
        }
        int depth = top == null ? 1 : top.depth + 1;
        if (depth > options.depth()) {
            throw violation(at, "expected arrays nested at most " + options.depth() + " deep");
        }
        if (number == 0) {
            value = Reply.EMPTY;
            return true;
        }
        elements += (int) number;
        top = new Level(top, (int) number);
        value = null;
        return true;
    }
}
