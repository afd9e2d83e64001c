package rill.http.wire;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * A head that is being written. It is assembled on the heap and then copied to its destination at once, which takes less time than many small writes
 * there. One for all sessions of a loop.
 */
final class HeadBuffer {
    private static final int USUAL = 512;
    private static final int MOST_DIGITS = 19;

    private byte[] bytes = new byte[USUAL];
    private int size;

    void clear() {
        size = 0;
    }

    int size() {
        return size;
    }

    private int room(int more) {
        int at = size;
        if (at + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(at + more, 2 * bytes.length));
        }
        size = at + more;
        return at;
    }

    void put(byte[] part) {
        System.arraycopy(part, 0, bytes, room(part.length), part.length);
    }

    void put(HttpFields fields) {
        int length = fields.to() - fields.from();
        System.arraycopy(fields.bytes(), fields.from(), bytes, room(length), length);
    }

    /** Appends Latin 1 characters. */
    @SuppressWarnings("deprecation") // drops the upper halves of characters, which are 0
    void put(String text) {
        text.getBytes(0, text.length(), bytes, room(text.length()));
    }

    void put(char character) {
        bytes[room(1)] = (byte) character;
    }

    void endLine() {
        int at = room(2);
        bytes[at] = '\r';
        bytes[at + 1] = '\n';
    }

    /** Appends a number that is not negative, in decimal. */
    void put(long number) {
        int start = room(MOST_DIGITS);
        int at = start + MOST_DIGITS;
        long rest = number;
        do {
            bytes[--at] = (byte) ('0' + rest % 10);
            rest /= 10;
        } while (rest > 0);
        int digits = start + MOST_DIGITS - at;
        System.arraycopy(bytes, at, bytes, start, digits);
        size = start + digits;
    }

    void copyTo(ByteBuf to) {
        to.writeBytes(bytes, 0, size);
    }
}
