package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import rill.ProtocolException;
import rill.codec.internal.Violations;

/**
 * What reading replies and reading commands have in common: numbers, lines and bulk strings, all of them by hand and
 * without an object of their own. Positions are absolute indices into the buffer of the present call.
 */
abstract class RespReader {
    /** The length that is not known in advance. */
    static final long UNKNOWN = Long.MIN_VALUE;

    private static final int NONE = -1;

    final RespOptions options;
    private final Unfinished.Kept kept;

    /** Where the present call began; what the positions in exceptions are relative to. */
    int origin;

    /** The number that {@link #readNumber} has just read. */
    long number;

    /** How many bytes have to come before going on makes sense; 0 if that is not known. */
    int missing;

    private int scanned; // bytes of an unfinished line that were looked at
    private int bulk = NONE; // length of the bulk string whose header has been read, but not all of its bytes
    private long cost; // of the present message

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

    /** What the message that was read last takes on the heap, about. */
    final long cost() {
        return cost;
    }

    /** Counts an element to the message, and its content of so many bytes. */
    final void count(int at, long bytes) throws ProtocolException {
        cost += bytes + RespOptions.ELEMENT_COST;
        if (cost > options.messageBytes()) {
            throw violation(
                    at,
                    "expected a message of at most " + options.messageBytes() + " bytes, counting "
                            + RespOptions.ELEMENT_COST + " more for each element");
        }
    }

    /** The message is not complete, so its elements stay on the heap. A bulk string that was only announced does not. */
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
     * Reads a decimal number and its CR LF, as it is written canonically: no plus, no space, no superfluous zero.
     *
     * @param mayBeUnknown whether a question mark is as good: then {@link #number} is {@link #UNKNOWN}
     * @return the index after it, or -1 if it is not complete
     */
    final int readNumber(ByteBuf in, int from, int end, boolean mayBeUnknown) throws ProtocolException {
        int i = from;
        boolean negative = i < end && in.getByte(i) == '-';
        if (negative) {
            i++;
        }
        int digits = i;
        long value = 0; // below zero, where there is one more number than above
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

    /** Checks that a line ends here; gives the index after its end, or -1 if that is not complete. */
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

    /** Finds the CR of the line that begins at {@code from}; -1 if it or its LF has not come yet. */
    final int findLineEnd(ByteBuf in, int from, int end) throws ProtocolException {
        return findLineEnd(in, from, end, options.lineBytes());
    }

    /** Likewise, of a number that has at most so many bytes. */
    final int findNumberEnd(ByteBuf in, int from, int end, int most) throws ProtocolException {
        return findLineEnd(in, from, end, Math.min(most, options.lineBytes()));
    }

    private int findLineEnd(ByteBuf in, int from, int end, int most) throws ProtocolException {
        long last = (long) from + most; // the CR is here at the latest
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

    /**
     * Finds the LF of the line of text that begins at {@code from}, whether or not it has a CR; -1 if it has not come yet.
     */
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

    /** Where a line that may not be longer ends at the latest, its CR included: a line that is too long is just that, whatever follows. */
    private int longest(ByteBuf in, int from, int stop) {
        int last = from + Math.min(stop - from, options.lineBytes());
        return last == stop ? stop : Math.min(stop, in.getByte(last) == '\r' ? last + 2 : last + 1);
    }

    /** The line that was looked for has been found by other means. */
    final void lineDone() {
        scanned = 0;
    }

    // ---- bulk strings

    /** Whether the header of a bulk string has been read, and not all of its bytes have come yet. */
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

    /** Likewise of a piece of a streamed string, whose bytes alone stay on the heap. */
    final void beginChunk(int header, int most) throws ProtocolException {
        beginBulk(header, "a piece of a streamed string", 1, most);
    }

    /** How many bytes the bulk string has that has begun. */
    final int bulkLength() {
        return bulk;
    }

    /**
     * Checks that the bulk string which has begun is there with its CR LF, and if so, ends it.
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

    /**
     * A copy of some bytes; moves the reader index, since reading at it needs no object where reading elsewhere does.
     */
    static byte[] copy(ByteBuf in, int at, int length) {
        byte[] bytes = new byte[length];
        in.readerIndex(at).readBytes(bytes);
        return bytes;
    }
}
