package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import rill.ProtocolException;

/** Reads commands: arrays of bulk strings, whose parts are consumed as they arrive, and inline commands, which are lines of text. */
final class CommandReader extends RespReader {
    private static final int FIRST_SPACE = 16;
    private static final Object[] NOTHING = {};

    private Object[] parts = NOTHING;
    private int count;
    private int size; // 0 between commands

    CommandReader(RespOptions options, Unfinished unfinished) {
        super(options, unfinished);
    }

    /** Whether a command has begun of which some bytes were already consumed. */
    boolean withinMessage() {
        return size > 0;
    }

    /** Consumes bytes up to the end of a command and returns it; if it is not complete, consumes as many as possible and returns null. */
    @Nullable
    Command read(ByteBuf in) throws IOException {
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
            if (size == 0) {
                in.readerIndex(at);
                return null;
            }
        }
        while (count < size) {
            int after = part(in, at, end);
            if (withinBulk() || after == at) {
                in.readerIndex(after);
                keepUnfinished();
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
        giveBack();
        return Command.ofParts(complete);
    }

    /**
     * Reads the head of a command, if it is complete; returns the index after the bytes read. As in Redis, a command of zero or fewer parts is
     * skipped.
     */
    private int begin(ByteBuf in, int at, int end) throws ProtocolException {
        int after = readNumber(in, at + 1, end, false);
        if (after < 0) {
            return at;
        }
        if (number > options.elements()) {
            throw violation(
                    at + 1,
                    "expected a command of at most " + options.elements() + " parts, found a length of " + number);
        }
        if (number > 0) {
            size = (int) number;
            parts = new Object[Math.min(size, FIRST_SPACE)]; // grows with arriving parts, not with the announced size
        }
        return after;
    }

    /** Reads one part, or its head, or nothing; returns the index after the bytes read. */
    private int part(ByteBuf in, int at, int end) throws ProtocolException {
        int body = at;
        if (!withinBulk()) {
            if (at == end) {
                return at;
            }
            if (in.getByte(at) != '$') {
                throw violation(at, "'$', a bulk string in a command", in.getByte(at));
            }
            body = readNumber(in, at + 1, end, false);
            if (body < 0) {
                return at;
            }
            beginBulk(at + 1);
        }
        int length = bulkLength();
        int after = endBulk(in, body, end);
        if (after < 0) {
            return body;
        }
        if (count == parts.length) {
            parts = Arrays.copyOf(parts, (int) Math.min(size, 2L * count));
        }
        String name = count == 0 ? KnownNames.find(in, body, length) : null;
        parts[count++] = name == null ? copy(in, body, length) : name;
        return after;
    }

    // ---- inline commands

    /** Reads a line; skips an empty one. */
    private @Nullable Command inline(ByteBuf in, int at, int end) throws ProtocolException {
        if (!options.inlineCommands()) {
            throw violation(at, "'*', the beginning of a command", in.getByte(at));
        }
        int lf = findLf(in, at, end);
        if (lf < 0) {
            return null;
        }
        int stop = lf > at && in.getByte(lf - 1) == '\r' ? lf - 1 : lf;
        Object[] words = new InlineCommand(copy(in, at, stop - at)).words();
        in.readerIndex(lf + 1);
        if (words.length == 0) {
            return null;
        }
        if (words.length > options.elements()) {
            throw violation(
                    at, "expected a command of at most " + options.elements() + " parts, found " + words.length);
        }
        for (Object word : words) {
            count(at, ((byte[]) word).length);
        }
        if (isOfHttp((byte[]) words[0])) {
            throw violation(at, "expected a command, found a line of HTTP, which a browser may have been made to send");
        }
        return Command.ofParts(words);
    }

    /**
     * Whether this begins a line of HTTP that is no command: in a form that a browser is tricked into sending, the attacker chooses the other lines.
     */
    private static boolean isOfHttp(byte[] word) {
        return Ascii.equalsIgnoreCase(word, "POST") || Ascii.equalsIgnoreCase(word, "HOST:");
    }
}
