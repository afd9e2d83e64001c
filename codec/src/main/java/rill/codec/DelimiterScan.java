package rill.codec;

import io.netty.buffer.ByteBuf;

/**
 * Looks for a delimiter, byte by byte, and remembers how much of it the last bytes were: the algorithm of Knuth, Morris
 * and Pratt. So nothing is looked at twice, across reads, too.
 */
final class DelimiterScan {
    private final byte[] delimiter;
    private final int[] shorter;
    private int matched;

    /**
     * What to look for.
     *
     * @param shorter after so many matching bytes and one that doesn't, how many may still be the delimiter's beginning
     */
    @SuppressWarnings("ArrayRecordComponent") // never leaves this package, nor changes
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

    /** How many of the last bytes may be the beginning of a delimiter. */
    int matched() {
        return matched;
    }

    void reset() {
        matched = 0;
    }

    /** The index after the first delimiter, or -1; in the latter case a later call continues where this one ended. */
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

    /** Whether a delimiter that follows now is seen at its own end, and not earlier. */
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
