package rill.http.wire;

import io.netty.buffer.ByteBuf;

/** Numbers as text, straight into a buffer. */
final class Decimal {
    private static final byte[] HEX = "0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private Decimal() {}

    /** A number that is not negative. */
    static void write(long number, ByteBuf to) {
        long scale = 1;
        while (number / scale >= 10) {
            scale *= 10;
        }
        for (long s = scale; s > 0; s /= 10) {
            to.writeByte('0' + (int) (number / s % 10));
        }
    }

    /** A number above 0. */
    static void writeHex(int number, ByteBuf to) {
        int shift = (Integer.SIZE - 1 - Integer.numberOfLeadingZeros(number)) & ~3;
        for (int s = shift; s >= 0; s -= 4) {
            to.writeByte(HEX[(number >>> s) & 0xF]);
        }
    }
}
