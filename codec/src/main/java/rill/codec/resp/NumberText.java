package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import rill.ProtocolException;

/**
 * A number on a RESP3 line whose end was found. It is checked byte by byte, then parsed by the JDK. Only the canonical form is accepted: no plus
 * sign, no leading zeros, digits on both sides of the point.
 */
final class NumberText {
    /** Every 64-bit floating-point number has a shorter text, even without an exponent. */
    static final int LONGEST_REAL = 400;

    /** The cost of parsing grows with the square of this. */
    static final int LONGEST_BIG = 4096;

    private final RespReader reader;
    private final ByteBuf in;
    private final int from;
    private final int end;
    private int at;

    NumberText(RespReader reader, ByteBuf in, int from, int end) {
        this.reader = reader;
        this.in = in;
        this.from = from;
        this.end = end;
        this.at = from;
    }

    private byte here() {
        return at == end ? (byte) '\r' : in.getByte(at);
    }

    private boolean skip(char expected) {
        if (here() == expected && at < end) {
            at++;
            return true;
        }
        return false;
    }

    private String text() {
        return in.toString(from, end - from, StandardCharsets.ISO_8859_1);
    }

    private void digits() throws ProtocolException {
        int first = at;
        while (at < end && here() >= '0' && here() <= '9') {
            at++;
        }
        if (at == first) {
            throw reader.violation(at, "a digit", here());
        }
    }

    /** Digits; the first may be 0 only if it is the only one. */
    private void whole() throws ProtocolException {
        int first = at;
        digits();
        if (at > first + 1 && in.getByte(first) == '0') {
            throw reader.violation(first + 1, "no digit after a leading 0", in.getByte(first + 1));
        }
    }

    BigInteger big() throws ProtocolException {
        boolean negative = skip('-');
        whole();
        requireEnd("a digit or CR");
        if (negative && in.getByte(from + 1) == '0') {
            throw reader.violation(end, "expected 0, found -0");
        }
        return new BigInteger(text());
    }

    double real() throws ProtocolException {
        boolean negative = skip('-');
        if (here() == 'i') {
            word("inf");
            return negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        if (here() == 'n') {
            word("nan"); // also with a minus: Redis 7.0 writes what its C library prints
            return Double.NaN;
        }
        whole();
        if (skip('.')) {
            digits();
        }
        if (skip('e') || skip('E')) {
            if (!skip('+')) {
                skip('-');
            }
            digits();
        }
        requireEnd("a digit or CR");
        double number = Double.parseDouble(text());
        if (Double.isInfinite(number)) {
            throw reader.violation(from, "expected a floating-point number of 64 bits, found a larger one");
        }
        return number;
    }

    private void word(String expected) throws ProtocolException {
        for (int i = 0; i < expected.length(); i++) {
            if (!skip(expected.charAt(i))) {
                throw reader.violation(at, "'" + expected.charAt(i) + "' of " + expected, here());
            }
        }
        requireEnd("CR after " + expected);
    }

    private void requireEnd(String expected) throws ProtocolException {
        if (at != end) {
            throw reader.violation(at, expected, here());
        }
    }
}
