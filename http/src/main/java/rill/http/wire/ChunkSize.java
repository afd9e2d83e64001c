package rill.http.wire;

import io.netty.buffer.ByteBuf;

/** Writes the sizes of chunks as text, directly to a buffer. */
final class ChunkSize {
    private static final byte[] HEX = "0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private ChunkSize() {}

    /** Writes a number above 0. */
    static void write(int number, ByteBuf to) {
        int shift = (Integer.SIZE - 1 - Integer.numberOfLeadingZeros(number)) & ~3;
        for (int s = shift; s >= 0; s -= 4) {
            to.writeByte(HEX[(number >>> s) & 0xF]);
        }
    }
}
