package rill.codec;

import io.netty.buffer.ByteBuf;

/**
 * Searches for a delimiter byte by byte and remembers how much of it the last bytes match: the Knuth-Morris-Pratt algorithm. So no byte is looked at
 * twice, even across reads.
 */
final class DelimiterScan {
    private final byte[] delimiter;
    private final int[] shorter;
    private int matched;

    /**
     * The delimiter and its failure table.
     *
     * @param shorter at index k - 1: how many bytes may still begin the delimiter after k bytes have matched and the next one has not
     */
    @SuppressWarnings("ArrayRecordComponent") // never leaves this package and never changes
    record Pattern(byte[] bytes, int[] shorter) {
        static Pattern of(byte[] bytes) {
            int[] shorter = new int[bytes.length];
            int k = 0;
            for (int i = 1; i < bytes.length; i++) {
                while (k > 0 && bytes[i] != bytes[k]) {
                    k = shorter[k - 1];
                }
                if (bytes[i] == bytes[k]) {
                    k++;
                }
                shorter[i] = k;
            }
            return new Pattern(bytes, shorter);
        }

        int length() {
            return bytes.length;
        }
    }

    DelimiterScan(Pattern pattern) {
        this.delimiter = pattern.bytes();
        this.shorter = pattern.shorter();
    }

    /** The number of last bytes that may begin a delimiter. */
    int matched() {
        return matched;
    }

    void reset() {
        matched = 0;
    }

    /** Returns the index after the first delimiter, or -1. After -1, the next call continues where this one ended. */
    int find(ByteBuf in, int from, int to) {
        int i = from;
        while (i < to) {
            if (matched == 0) {
                i = in.indexOf(i, to, delimiter[0]);
                if (i < 0) {
                    return -1;
                }
                matched = 1;
            } else {
                step(in.getByte(i));
            }
            i++;
            if (matched == delimiter.length) {
                matched = 0;
                return i;
            }
        }
        return -1;
    }

    private void step(byte b) {
        while (matched > 0 && delimiter[matched] != b) {
            matched = shorter[matched - 1];
        }
        if (delimiter[matched] == b) {
            matched++;
        }
    }

    /** Whether a delimiter appended now would be recognized at its own end and no earlier. */
    boolean completesOnlyAtEnd() {
        for (int i = 0; i < delimiter.length; i++) {
            step(delimiter[i]);
            if (matched == delimiter.length) {
                return i == delimiter.length - 1;
            }
        }
        return false;
    }
}
