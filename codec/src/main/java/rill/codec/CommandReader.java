package rill.codec;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import rill.ProtocolException;

/** Reads commands: arrays of bulk strings, whose parts are taken as they come, and lines as people type them. */
final class CommandReader extends RespReader {
    private static final int FIRST_SPACE = 16;
    private static final Object[] NOTHING = {};

    private Object[] parts = NOTHING;
    private int count;
    private int size; // 0 between commands

    CommandReader(RespLimits limits) {
        super(limits);
    }

    /** Whether a command has begun whose bytes so far have been consumed. */
    boolean withinMessage() {
        return size > 0;
    }

    /** Consumes bytes up to the end of a command, which it returns, or as far as it gets. */
    @Nullable
    Command read(ByteBuf in) throws ProtocolException {
        int at = in.readerIndex();
        int end = in.writerIndex();
        origin = at;
        missing = 0;
        if (size == 0) {
            if (at == end) {
                return null;
            }
            beginMessage();
            if (in.getByte(at) != '*') {
                return inline(in, at, end);
            }
            at = begin(in, at, end);
            if (at < 0) {
                return null;
            }
        }
        while (count < size) {
            int after = part(in, at, end);
            if (after < 0) {
                in.readerIndex(at);
                return null;
            }
            at = after;
        }
        in.readerIndex(at);
        return finish();
    }

    private Command finish() {
        Object[] complete = parts;
        parts = NOTHING;
        count = 0;
        size = 0;
        return Command.ofParts(complete);
    }

    /** Reads the head of a command; -1 if it is not complete. */
    private int begin(ByteBuf in, int at, int end) throws ProtocolException {
        int after = readNumber(in, at + 1, end);
        if (after < 0) {
            return -1;
        }
        if (number < 1 || number > limits.elements()) {
            throw violation(
                    at + 1, "expected a command of 1 to " + limits.elements() + " parts, found a length of " + number);
        }
        size = (int) number;
        parts = new Object[Math.min(size, FIRST_SPACE)]; // grows with what comes, not with what is announced
        return after;
    }

    /** Reads one part; -1 if it is not complete. */
    private int part(ByteBuf in, int at, int end) throws ProtocolException {
        if (at == end) {
            return -1;
        }
        if (in.getByte(at) != '$') {
            throw violation(at, "'$', a bulk string in a command", in.getByte(at));
        }
        int body = readNumber(in, at + 1, end);
        if (body < 0) {
            return -1;
        }
        int length = bulkLength(at + 1, body);
        int after = bulkEnd(in, body, length, end);
        if (after < 0) {
            return -1;
        }
        if (count == parts.length) {
            parts = Arrays.copyOf(parts, (int) Math.min(size, 2L * count));
        }
        String name = count == 0 ? KnownNames.find(in, body, length) : null;
        parts[count++] = name == null ? copy(in, body, length) : name;
        return after;
    }

    /** Reads a line; an empty one is skipped. */
    private @Nullable Command inline(ByteBuf in, int at, int end) throws ProtocolException {
        byte first = in.getByte(at);
        if (first < ' ' && first != '\r' && first != '\n' && first != '\t') {
            throw violation(at, "'*', or the text of an inline command", first);
        }
        int lf = findLf(in, at, end);
        if (lf < 0) {
            return null;
        }
        int stop = lf > at && in.getByte(lf - 1) == '\r' ? lf - 1 : lf;
        count(at, stop - at);
        Object[] words = new InlineCommand(copy(in, at, stop - at)).words();
        in.readerIndex(lf + 1);
        return words.length == 0 ? null : Command.ofParts(words);
    }
}
