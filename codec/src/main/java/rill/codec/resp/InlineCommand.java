package rill.codec.resp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import rill.ProtocolException;
import rill.codec.internal.Violations;

/**
 * A command as people type it: words separated by spaces, with quotes as in Redis. Words may have any bytes. Double quotes allow the escapes
 * {@code \n \r \t \b \a}, {@code \xHH}, and a backslash before any other byte; single quotes only {@code \'}.
 *
 * <p><b>Source:</b> Redis documentation, "Redis serialization protocol specification", Inline commands.
 */
final class InlineCommand {
    private final byte[] line;
    private final byte[] word;
    private int at;
    private int size;

    InlineCommand(byte[] line) {
        this.line = line;
        this.word = new byte[line.length]; // no word is longer than its written form
    }

    Object[] words() throws ProtocolException {
        List<byte[]> words = new ArrayList<>();
        skipSpace();
        while (at < line.length) {
            size = 0;
            readWord();
            words.add(Arrays.copyOf(word, size));
            skipSpace();
        }
        return words.toArray();
    }

    private void skipSpace() {
        while (at < line.length && isSpace(line[at])) {
            at++;
        }
    }

    /** The characters that C considers space. */
    private static boolean isSpace(byte b) {
        return b == ' ' || (b >= '\t' && b <= '\r');
    }

    /** As in Redis, a vertical tab or a form feed separates words but does not end one. */
    private static boolean endsWord(byte b) {
        return b == ' ' || b == '\t' || b == '\r';
    }

    private void readWord() throws ProtocolException {
        while (at < line.length && !endsWord(line[at])) {
            byte b = line[at];
            if (b == '"' || b == '\'') {
                readQuoted(b);
                return;
            }
            add(b);
            at++;
        }
    }

    /** Reads up to the closing quote, which a space or the end must follow. */
    private void readQuoted(byte quote) throws ProtocolException {
        int start = at++;
        while (at < line.length && line[at] != quote) {
            if (!isEscape(quote)) {
                add(line[at++]);
            } else if (quote == '"') {
                escaped();
            } else {
                at++;
                add(line[at++]);
            }
        }
        if (at == line.length) {
            throw new ProtocolException(start, "expected a closing quote in an inline command");
        }
        at++;
        if (at < line.length && !isSpace(line[at])) {
            throw new ProtocolException(
                    at, "expected a space after a closing quote, found " + Violations.show(line[at]));
        }
    }

    /** Within single quotes, a backslash is an ordinary byte unless a quote follows it. */
    private boolean isEscape(byte quote) {
        return line[at] == '\\' && at + 1 < line.length && (quote == '"' || line[at + 1] == quote);
    }

    private void escaped() {
        at++;
        byte b = line[at++];
        if (b == 'x' && at + 1 < line.length && hex(line[at]) >= 0 && hex(line[at + 1]) >= 0) {
            add((byte) ((hex(line[at]) << 4) | hex(line[at + 1])));
            at += 2;
            return;
        }
        add(
                switch (b) {
                    case 'n' -> (byte) '\n';
                    case 'r' -> (byte) '\r';
                    case 't' -> (byte) '\t';
                    case 'b' -> (byte) '\b';
                    case 'a' -> (byte) 7;
                    default -> b;
                });
    }

    private static int hex(byte b) {
        return Character.digit(b, 16);
    }

    private void add(byte b) {
        word[size++] = b;
    }
}
