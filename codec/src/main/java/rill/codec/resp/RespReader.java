package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import rill.ProtocolException;
import rill.codec.internal.Violations;

/**
 * What the readers of replies and commands share: numbers, lines and bulk strings, parsed by hand without intermediate objects. Positions are
 * absolute indices into the buffer of the current call.
 */
abstract class RespReader {
    /** Stands for a length that is not known in advance. */
    static final long UNKNOWN = Long.MIN_VALUE;

    private static final int NONE = -1;

    final RespOptions options;
    private final Unfinished.Kept kept;

    /** Where the current call began; positions in exceptions are relative to it. */
    int origin;

    /** The number that {@link #readNumber} has just read. */
    long number;

    /** How many more bytes are needed before it makes sense to continue; 0 if that is not known. */
    int missing;

    private int scanned; // bytes of an unfinished line that were already scanned
    private int bulk = NONE; // length of the bulk string whose header was read, and whose bytes are not complete
    private long cost; // of the current message

    RespReader(RespOptions options, Unfinished unfinished) {
        this.options = options;
        this.kept = new Unfinished.Kept(unfinished);
    }

    final ProtocolException violation(int at, String expected, byte found) {
        return violation(at, "expected " + expected + ", found " + Violations.show(found));
    }

    final ProtocolException violation(int at, String violation) {
        return new ProtocolException(at - origin, violation);
    }

    // ---- what a message costs

    final void beginMessage() {
        cost = 0;
    }

    /** What the last message takes on the heap, approximately. */
    final long cost() {
        return cost;
    }

    /** Adds an element with this many bytes of content to the cost of the message. */
    final void count(int at, long bytes) throws ProtocolException {
        cost += bytes + RespOptions.ELEMENT_COST;
        if (cost > options.messageBytes()) {
            throw violation(
                    at,
                    "expected a message of at most " + options.messageBytes() + " bytes, counting "
                            + RespOptions.ELEMENT_COST + " more for each element");
        }
    }

    /** Counts the elements of an incomplete message, which stay on the heap. A bulk string that was only announced does not count. */
    final void keepUnfinished() throws IOException {
        long announced = bulk == NONE ? 0 : bulk + RespOptions.ELEMENT_COST;
        kept.hold(cost - announced);
    }

    /** The message is complete, or never will be. */
    final void giveBack() {
        kept.giveBack();
    }

    // ---- numbers

    /**
     * Reads a decimal number and its CR LF, in canonical form only: no plus sign, no space, no leading zeros.
     *
     * @param mayBeUnknown whether a question mark is accepted: then {@link #number} is {@link #UNKNOWN}
     * @return the index after it, or -1 if it is not complete
     */
    final int readNumber(ByteBuf in, int from, int end, boolean mayBeUnknown) throws ProtocolException {
        int i = from;
        boolean negative = i < end && in.getByte(i) == '-';
        if (negative) {
            i++;
        }
        int digits = i;
        long value = 0; // accumulated below zero, where the range is larger by one
        for (; i < end; i++) {
            byte b = in.getByte(i);
            int digit = b - '0';
            if (digit < 0 || digit > 9) {
                if (mayBeUnknown && i == from && b == '?') {
                    number = UNKNOWN;
                    return endOfLine(in, i + 1, end);
                }
                return endOfNumber(in, i, end, digits, value, negative);
            }
            if (value == 0 && i > digits) {
                throw violation(i, "CR after the number 0", b);
            }
            if (value < Long.MIN_VALUE / 10 || value * 10 < Long.MIN_VALUE + digit) {
                throw violation(i, "expected a number of 64 bits, found a larger one");
            }
            value = value * 10 - digit;
        }
        return -1;
    }

    private int endOfNumber(ByteBuf in, int cr, int end, int digits, long value, boolean negative)
            throws ProtocolException {
        byte b = in.getByte(cr);
        if (cr == digits) {
            throw violation(cr, negative ? "a digit" : "a digit or '-'", b);
        }
        if (b != '\r') {
            throw violation(cr, "a digit or CR", b);
        }
        if (negative ? value == 0 : value == Long.MIN_VALUE) {
            throw violation(
                    cr, value == 0 ? "expected 0, found -0" : "expected a number of 64 bits, found a larger one");
        }
        number = negative ? value : -value;
        return endOfLine(in, cr, end);
    }

    // ---- lines

    /** Checks that a line ends here; returns the index after its CR LF, or -1 if that is not complete. */
    final int endOfLine(ByteBuf in, int cr, int end) throws ProtocolException {
        if (cr == end) {
            return -1;
        }
        if (in.getByte(cr) != '\r') {
            throw violation(cr, "CR", in.getByte(cr));
        }
        if (cr + 1 == end) {
            return -1;
        }
        if (in.getByte(cr + 1) != '\n') {
            throw violation(cr + 1, "LF after CR", in.getByte(cr + 1));
        }
        return cr + 2;
    }

    /** Finds the CR of the line that begins at {@code from}; -1 if the CR or its LF has not arrived yet. */
    final int findLineEnd(ByteBuf in, int from, int end) throws ProtocolException {
        return findLineEnd(in, from, end, options.lineBytes());
    }

    /** Likewise, for a number of at most this many bytes. */
    final int findNumberEnd(ByteBuf in, int from, int end, int most) throws ProtocolException {
        return findLineEnd(in, from, end, Math.min(most, options.lineBytes()));
    }

    private int findLineEnd(ByteBuf in, int from, int end, int most) throws ProtocolException {
        long last = (long) from + most; // the last position where the CR may be
        int stop = (int) Math.min(end, last + 1);
        for (int i = from + scanned; i < stop; i++) {
            byte b = in.getByte(i);
            if (b == '\r') {
                if (i + 1 == end) {
                    scanned = i - from;
                    return -1;
                }
                if (in.getByte(i + 1) != '\n') {
                    throw violation(i + 1, "LF after CR", in.getByte(i + 1));
                }
                scanned = 0;
                return i;
            }
            if (b == '\n') {
                throw violation(i, "expected CR before LF");
            }
        }
        if (stop > last) {
            throw violation((int) last, "expected a line of at most " + most + " bytes");
        }
        scanned = stop - from;
        return -1;
    }

    /** Finds the LF of the line of text that begins at {@code from}, with or without a CR; -1 if it has not arrived yet. */
    final int findLf(ByteBuf in, int from, int end) throws ProtocolException {
        int lf = in.indexOf(from + scanned, end, (byte) '\n');
        int stop = lf < 0 ? end : lf;
        int nul = in.indexOf(from + scanned, longest(in, from, stop), (byte) 0);
        if (nul >= 0) {
            throw violation(nul, "text in an inline command", (byte) 0);
        }
        int size = stop - from - (stop > from && in.getByte(stop - 1) == '\r' ? 1 : 0);
        if (size > options.lineBytes()) {
            throw violation(from + options.lineBytes(), "expected a line of at most " + options.lineBytes() + " bytes");
        }
        scanned = lf < 0 ? end - from : 0;
        return lf;
    }

    /** Where a line within the limit ends at the latest, including its CR: a line that is too long is reported as that, whatever follows. */
    private int longest(ByteBuf in, int from, int stop) {
        int last = from + Math.min(stop - from, options.lineBytes());
        return last == stop ? stop : Math.min(stop, in.getByte(last) == '\r' ? last + 2 : last + 1);
    }

    /** The line that was scanned for was found by other means. */
    final void lineDone() {
        scanned = 0;
    }

    // ---- bulk strings

    /** Whether the header of a bulk string was read, and its bytes are not complete yet. */
    final boolean withinBulk() {
        return bulk != NONE;
    }

    /** Checks the length of a bulk string whose header begins at {@code header}, and counts it. */
    final void beginBulk(int header) throws ProtocolException {
        beginBulk(header, "a bulk string", 0, options.bulkBytes());
    }

    final void beginBulk(int header, String what, int least, int most) throws ProtocolException {
        if (number < least || number > most) {
            throw violation(
                    header,
                    "expected " + what + " of " + least + " to " + most + " bytes, found a length of " + number);
        }
        count(header, number);
        bulk = (int) number;
    }

    /** Likewise for a piece of a streamed string, of which only the bytes stay on the heap. */
    final void beginChunk(int header, int most) throws ProtocolException {
        beginBulk(header, "a piece of a streamed string", 1, most);
    }

    /** The length of the bulk string that has begun. */
    final int bulkLength() {
        return bulk;
    }

    /**
     * Checks whether the bulk string that has begun is complete with its CR LF, and if so, ends it.
     *
     * @return the index after it, or -1 if it is not complete
     */
    final int endBulk(ByteBuf in, int body, int end) throws ProtocolException {
        int length = bulk;
        long after = (long) body + length + 2;
        if (after > end) {
            missing = (int) Math.min(after - end, Integer.MAX_VALUE);
            return -1;
        }
        int cr = body + length;
        if (in.getByte(cr) != '\r') {
            throw violation(cr, "CR LF after the " + length + " bytes of a bulk string", in.getByte(cr));
        }
        if (in.getByte(cr + 1) != '\n') {
            throw violation(cr + 1, "LF after CR", in.getByte(cr + 1));
        }
        bulk = NONE;
        return cr + 2;
    }

    /** A copy of some bytes. Moves the reader index: reading there needs no object, reading elsewhere does. */
    static byte[] copy(ByteBuf in, int at, int length) {
        byte[] bytes = new byte[length];
        in.readerIndex(at).readBytes(bytes);
        return bytes;
    }
}
