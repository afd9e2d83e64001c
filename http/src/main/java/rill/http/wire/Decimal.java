package rill.http.wire;

import io.netty.buffer.ByteBuf;

/** Numbers as text, straight into a buffer. */
final class Decimal {
    private static final byte[] HEX = "0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private Decimal() {}

    /** A number that is not negative. */
    static void write(long number, ByteBuf to) {
        int digits = 1;
        for (long rest = number / 10; rest > 0; rest /= 10) {
            digits++;
        }
        to.ensureWritable(digits);
        int start = to.writerIndex();
        long rest = number;
        for (int i = start + digits - 1; i >= start; i--) {
            to.setByte(i, '0' + (int) (rest % 10));
            rest /= 10;
        }
        to.writerIndex(start + digits);
    }

    /** A number above 0. */
    static void writeHex(int number, ByteBuf to) {
        int shift = (Integer.SIZE - 1 - Integer.numberOfLeadingZeros(number)) & ~3;
        for (int s = shift; s >= 0; s -= 4) {
            to.writeByte(HEX[(number >>> s) & 0xF]);
        }
    }
}
