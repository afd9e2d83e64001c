package rill.codec;

import io.netty.buffer.ByteBuf;
import rill.ProtocolException;

/** The format of a length. */
sealed interface LengthFormat {
    /** The smallest number of bytes that a length takes. */
    int smallest();

    /** The number of bytes that this length takes. */
    int sizeOf(long length);

    /** The largest length that can be written. */
    long largest();

    /**
     * The number of bytes that the length at {@code at} takes, or 0 if it is not complete before {@code end}.
     *
     * @param origin the index that positions in exceptions are relative to
     */
    int sizeAt(ByteBuf in, int at, int end, int origin) throws ProtocolException;

    /** The length, as an unsigned number: negative if it needs more than 63 bits. */
    long get(ByteBuf in, int at, int size);

    /** Writes a length in place; there is room for it. */
    void set(ByteBuf out, int at, long length);

    /** An unsigned number of 1, 2, 3, 4 or 8 bytes. */
    record Fixed(int size, boolean littleEndian) implements LengthFormat {
        @Override
        public int smallest() {
            return size;
        }

        @Override
        public int sizeOf(long length) {
            return size;
        }

        @Override
        public long largest() {
            return size == 8 ? Long.MAX_VALUE : (1L << (8 * size)) - 1;
        }

        @Override
        public int sizeAt(ByteBuf in, int at, int end, int origin) {
            return end - at < size ? 0 : size;
        }

        @Override
        public long get(ByteBuf in, int at, int ignored) {
            return switch (size) {
                case 1 -> in.getUnsignedByte(at);
                case 2 -> littleEndian ? in.getUnsignedShortLE(at) : in.getUnsignedShort(at);
                case 3 -> littleEndian ? in.getUnsignedMediumLE(at) : in.getUnsignedMedium(at);
                case 4 -> littleEndian ? in.getUnsignedIntLE(at) : in.getUnsignedInt(at);
                default -> littleEndian ? in.getLongLE(at) : in.getLong(at);
            };
        }

        @Override
        public void set(ByteBuf out, int at, long length) {
            for (int i = 0; i < size; i++) {
                int shift = 8 * (littleEndian ? i : size - 1 - i);
                out.setByte(at + i, (int) (length >>> shift));
            }
        }
    }

    /** A number in groups of seven bits, the lowest first; each byte but the last has its top bit set. */
    record Varint() implements LengthFormat {
        private static final int LONGEST = 10;

        @Override
        public int smallest() {
            return 1;
        }

        @Override
        public int sizeOf(long length) {
            return length == 0 ? 1 : (70 - Long.numberOfLeadingZeros(length)) / 7;
        }

        @Override
        public long largest() {
            return Long.MAX_VALUE;
        }

        @Override
        public int sizeAt(ByteBuf in, int at, int end, int origin) throws ProtocolException {
            int size = 0;
            while (at + size < end) {
                byte b = in.getByte(at + size);
                size++;
                if (size == LONGEST && (b & 0xFF) > 1) {
                    throw new ProtocolException(
                            at + size - 1 - origin, "expected a varint of at most 64 bits, found a longer one");
                }
                if (b >= 0) {
                    if (b == 0 && size > 1) {
                        throw new ProtocolException(
                                at + size - 1 - origin,
                                "expected the shortest form of a varint, found a superfluous 0x00");
                    }
                    return size;
                }
            }
            return 0;
        }

        @Override
        public long get(ByteBuf in, int at, int size) {
            long length = 0;
            for (int i = 0; i < size; i++) {
                length |= (in.getByte(at + i) & 0x7FL) << (7 * i);
            }
            return length;
        }

        @Override
        public void set(ByteBuf out, int at, long length) {
            long left = length;
            int i = at;
            while ((left & ~0x7FL) != 0) {
                out.setByte(i++, (int) (left & 0x7F) | 0x80);
                left >>>= 7;
            }
            out.setByte(i, (int) left);
        }
    }
}
