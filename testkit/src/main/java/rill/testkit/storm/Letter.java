package rill.testkit.storm;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.util.AbstractReferenceCounted;
import io.netty.util.ReferenceCounted;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The message of a storm. It names its channel, its number in that channel, and its length, and every byte of it tells its position. In bytes it is
 * text without a line feed:
 *
 * <pre>
 *  kind 1 │ channel 4 │ number 8 │ length 8 │ first 8 │ second 8 │ pattern …      all but the kind in hexadecimal digits
 * </pre>
 */
final class Letter extends AbstractReferenceCounted {
    static final int HEADER = 1 + 4 + 8 + 8 + 8 + 8;

    /** The longest pattern. */
    static final int LONGEST = 4 * 1024 * 1024;

    private static final int PERIOD = 23;
    private static final byte[] TABLE = new byte[64 * 1024 + PERIOD];
    private static final ByteBuf TABLE_BUFFER = Unpooled.unreleasableBuffer(Unpooled.wrappedBuffer(TABLE));
    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    static {
        for (int i = 0; i < TABLE.length; i++) {
            TABLE[i] = (byte) ('a' + i % PERIOD);
        }
    }

    /** The purpose of a letter. */
    enum Kind {
        LETTER('L'),
        REQUEST('Q'),
        ANSWER('A'),
        BECOME('B'),
        BECAME('C');

        final byte mark;

        Kind(char mark) {
            this.mark = (byte) mark;
        }

        static @Nullable Kind of(byte mark) {
            for (Kind each : values()) {
                if (each.mark == mark) {
                    return each;
                }
            }
            return null;
        }
    }

    final Kind kind;
    final int channel;
    final int number;
    final int length;
    final int first;
    final int second;
    int estimate; // the size that the codec states

    Letter(Kind kind, int channel, int number, int length, int first, int second) {
        this.kind = kind;
        this.channel = channel;
        this.number = number;
        this.length = length;
        this.first = first;
        this.second = second;
        this.estimate = size();
    }

    /** Returns its size in bytes. */
    int size() {
        return HEADER + length;
    }

    Letter copy() {
        var copy = new Letter(kind, channel, number, length, first, second);
        copy.estimate = estimate;
        return copy;
    }

    private int phase() {
        return Math.floorMod(channel * 7 + number, PERIOD);
    }

    void encode(ByteBuf out) {
        out.writeByte(kind.mark);
        digits(out, channel, 4);
        digits(out, number, 8);
        digits(out, length, 8);
        digits(out, first, 8);
        digits(out, second, 8);
        int at = 0;
        while (at < length) {
            int n = Math.min(length - at, TABLE.length - PERIOD);
            out.writeBytes(TABLE, (phase() + at) % PERIOD, n);
            at += n;
        }
    }

    private static void digits(ByteBuf out, int value, int count) {
        for (int shift = 4 * (count - 1); shift >= 0; shift -= 4) {
            out.writeByte(DIGITS[(value >>> shift) & 15]);
        }
    }

    /** Returns the size in bytes of the letter that begins at {@code at}; negative if there is none. The whole header has to be available. */
    static int sizeAt(ByteBuf in, int at) {
        long length = number(in, at + 1 + 4 + 8, 8);
        return Kind.of(in.getByte(at)) == null || length < 0 || length > LONGEST ? -1 : HEADER + (int) length;
    }

    /** Reads the letter at the beginning of the readable bytes; returns null if its bytes are not what they have to be. */
    static @Nullable Letter decode(ByteBuf in) {
        if (in.readableBytes() < HEADER) {
            return null;
        }
        int at = in.readerIndex();
        Kind kind = Kind.of(in.getByte(at));
        long channel = number(in, at + 1, 4);
        long number = number(in, at + 5, 8);
        long length = number(in, at + 13, 8);
        long first = number(in, at + 21, 8);
        long second = number(in, at + 29, 8);
        if (kind == null || channel < 0 || number < 0 || length < 0 || length > in.readableBytes() - HEADER) {
            return null;
        }
        if (first < 0 || second < 0) {
            return null;
        }
        var letter = new Letter(kind, (int) channel, (int) number, (int) length, (int) first, (int) second);
        if (!letter.matches(in, at + HEADER)) {
            return null;
        }
        in.skipBytes(letter.size());
        return letter;
    }

    private boolean matches(ByteBuf in, int from) {
        int at = 0;
        while (at < length) {
            int n = Math.min(length - at, TABLE.length - PERIOD);
            if (!ByteBufUtil.equals(in, from + at, TABLE_BUFFER, (phase() + at) % PERIOD, n)) {
                return false;
            }
            at += n;
        }
        return true;
    }

    private static long number(ByteBuf in, int at, int digits) {
        long value = 0;
        for (int i = 0; i < digits; i++) {
            byte digit = in.getByte(at + i);
            int nibble =
                    digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
            if (nibble < 0) {
                return -1;
            }
            value = value << 4 | nibble;
        }
        return value;
    }

    @Override
    public ReferenceCounted touch(Object hint) {
        return this;
    }

    @Override
    protected void deallocate() {}

    @Override
    public String toString() {
        return kind + " " + number + " of channel " + channel + ", " + size() + " bytes";
    }
}
