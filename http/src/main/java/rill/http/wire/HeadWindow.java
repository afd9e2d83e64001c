package rill.http.wire;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * A copy of received bytes of a head, on the heap, for searching: an array is searched several times as fast as the buffer, and the head is copied out
 * of it in any case. It holds as many bytes as the last head had, and is extended if that is not enough.
 *
 * <p>One for all sessions of a loop. Its contents mean nothing between two searches.
 */
final class HeadWindow {
    private static final int SMALLEST = 256;
    private static final int EMPTY_LINE = 2;

    private byte[] bytes = new byte[2 * SMALLEST];
    private int[] ends = new int[32];
    private int lines;
    private int from; // index in the buffer of the first byte
    private int to;
    private int usual = SMALLEST;

    /** Copies the bytes from {@code start} on, as many as are usual. */
    void open(ByteBuf in, int start, int end) {
        from = start;
        to = start;
        lines = 0;
        extend(in, end, usual);
    }

    private void extend(ByteBuf in, int end, int by) {
        int have = to - from;
        int more = Math.min(by, end - to);
        if (have + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(have + more, 2 * bytes.length));
        }
        read(in, to, bytes, have, more);
        to += more;
    }

    /** Does not use the accessors by index, for which some buffers allocate. */
    private static void read(ByteBuf in, int index, byte[] into, int at, int length) {
        int reader = in.readerIndex();
        in.readerIndex(index).readBytes(into, at, length).readerIndex(reader);
    }

    /** The index of the next control character from {@code at} on, or {@code stop}. */
    int control(ByteBuf in, int at, int stop) {
        int i = at;
        while (true) {
            int last = Math.min(stop, to);
            i = from + Swar.control(bytes, i - from, last - from);
            if (i < last || last == stop) {
                return i;
            }
            extend(in, stop, to - from);
        }
    }

    /** The byte at {@code index}, which is in the buffer but may be outside the window. */
    byte at(ByteBuf in, int index) {
        return index >= from && index < to ? bytes[index - from] : in.getByte(index);
    }

    /** Notes that a line ends at {@code index} of the buffer. */
    void lineEnds(int index) {
        if (lines == ends.length) {
            ends = Arrays.copyOf(ends, 2 * lines);
        }
        ends[lines++] = index - from;
    }

    /** A copy of the complete head that begins at {@code start}; {@link #end} then returns where its lines end. */
    byte[] copy(ByteBuf in, int start, int length) {
        usual = Math.max(SMALLEST, length);
        if (start == from && length <= to - from) {
            return Arrays.copyOf(bytes, length);
        }
        byte[] copy = new byte[length];
        read(in, start, copy, 0, length);
        findEnds(copy, start);
        return copy;
    }

    /** For a head that arrived in parts: the ends of earlier lines were not noted. Also for one whose last byte was looked at beyond the window. */
    private void findEnds(byte[] head, int start) {
        from = start;
        lines = 0;
        for (int i = 0; i < head.length - EMPTY_LINE; i++) {
            if (head[i] == '\r') {
                lineEnds(start + i);
            }
        }
    }

    /** The number of lines of the head, without the empty one. */
    int lines() {
        return lines;
    }

    /** The index in the head of the CR LF of a line. */
    int end(int line) {
        return ends[line];
    }
}
